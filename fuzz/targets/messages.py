"""Anthropic's Messages at the door: requests in, and answers of OpenAI's shape out.

The two lowest bits of the choice say whether the wire is a provider's stream, a whole
answer, an error's body or a request. Answers come through the OpenAI dialect, as they
do in the gateway; the upper four choose an error's status.
"""

import json
from collections.abc import Iterable

import plain_json
from answers import STATUSES
from case import Case, case_of, cuts_of
from dialect_cases import ANSWER, ERROR, REQUEST, STREAM, Sent, chat_of
from door import FACTS, MODEL, judge_refusal
from plain_json import inner, lenient, objects
from streams import DONE, events_of

from heliograph.gateway.types import Blame, Endpoint, Failure, HttpReply
from heliograph.gateway.wire import inbound_anthropic, openai_chat
from heliograph.gateway.wire.chat import DEPTH_MAX
from heliograph.gateway.wire.dialects import DIALECTS
from heliograph.gateway.wire.inbound import Inbound
from heliograph.gateway.wire.openai_error import error_event
from targets import anthropic, openai

CONTENT_BLOCK = "content_block_"


def judge(data: bytes, inbound: Inbound = inbound_anthropic) -> None:
    """Judge the dialect at the door by *data*."""
    case = case_of(data)
    if case is None:
        return
    kind = case.choice & 3
    if kind == STREAM:
        judge_stream(inbound, case)
    elif kind == ANSWER:
        judge_answer(inbound, case.wire)
    elif kind == ERROR:
        judge_error(inbound, STATUSES[case.choice >> 4], case.wire)
    else:
        judge_request(inbound, case.wire)


def judge_stream(inbound: Inbound, case: Case) -> None:
    """Rewrite a stream: the same whatever the cuts, well-formed, with one end."""
    (came, went), *others = [rewritten(inbound, cut) for cut in cuts_of(case)]
    for other in others:
        assert other == (came, went)
    events = [read_event(event) for event in went.split(b"\n\n")[:-1]]
    assert went.endswith(b"\n\n")
    kinds = [event["type"] for event in events]
    assert kinds[-1] in ("message_stop", "error")
    assert not {"message_stop", "error"} & {*kinds[:-1]}
    assert kinds[-1] == "error" or came.endswith(DONE), "a made-up end"
    judge_blocks(events)
    said = "".join(texts_of(came))
    heard = "".join(
        str(inner(event, "delta").get("text", ""))
        for event in events
        if event["type"] == "content_block_delta"
    )
    assert heard == (said if kinds[-1] == "message_stop" else said[: len(heard)])


def rewritten(inbound: Inbound, pieces: Iterable[bytes]) -> tuple[bytes, bytes]:
    """Read a stream and rewrite it; return what came to the door, and what went."""
    stream, translator = openai_chat.stream(chat_of(0)), inbound.stream()
    came = went = b""
    for piece in [*pieces, b""]:
        out = stream.feed(piece) if piece else stream.close()
        if stream.failure is not None:
            out += error_event(stream.failure)
        came += out
        went += translator.feed(out)
        if stream.failure is not None:
            break
    went += translator.close()
    assert translator.feed(DONE) == translator.close() == b""
    return came, went


def read_event(event: bytes) -> Sent:
    """Read one event: a name, and JSON that says the same name."""
    name, _, data = event.partition(b"\n")
    assert name.startswith(b"event: ")
    assert data.startswith(b"data: ")
    assert b"\n" not in data
    found = plain_json.members(data.removeprefix(b"data: "))
    assert found is not None
    assert found["type"] == name.removeprefix(b"event: ").decode()
    return found


def judge_blocks(events: list[Sent]) -> None:
    """Demand that the message begins first, and blocks one after the other."""
    blocks, is_open = -1, False
    for place, event in enumerate(events):
        kind = str(event["type"])
        assert (kind == "message_start") == (place == 0) or kind == "error"
        if kind == "content_block_start":
            assert not is_open
            is_open = True
            blocks += 1
        if kind.startswith(CONTENT_BLOCK):
            assert is_open
            assert event["index"] == str(blocks)
        if kind == "content_block_stop":
            is_open = False
    assert not is_open or events[-1]["type"] == "error"


def texts_of(came: bytes) -> Iterable[str]:
    """Yield the texts of the first choice."""
    for data in events_of(came):
        for choice in lenient(data).get("choices") or []:  # type: ignore[attr-defined] # a list: the stream's judge saw to it
            if choice.get("index", "0") == "0":
                delta = inner(choice, "delta")
                content, refusal = delta.get("content"), delta.get("refusal")
                yield content if isinstance(content, str) else text_of(content)
                yield str(refusal or "")


def text_of(parts: object) -> str:
    """Join the texts of a content in parts."""
    if not isinstance(parts, list):
        return ""
    texts = (
        part.get("text")
        for part in parts
        if isinstance(part, dict) and part.get("type") == "text"
    )
    return "".join(str(text or "") for text in texts)


def judge_answer(inbound: Inbound, body: bytes) -> None:
    """Rewrite a whole answer: a message, or the provider's failure."""
    reply = openai_chat.decode(HttpReply(200, {}, body), chat_of(0))
    if isinstance(reply, Failure):
        return
    told = inbound.answer(reply.body)
    if isinstance(told, Failure):
        assert told.blame is Blame.PROVIDER
        return
    message = plain_json.members(told)
    if message is None:
        return
    assert message["stop_reason"]
    objects(message["content"])
    usage = inner(message, "usage")
    assert all(int(str(count)) >= 0 for count in usage.values())


def judge_error(inbound: Inbound, status: int, body: bytes) -> None:
    """Rewrite an error: it is told in the dialect, whatever it was."""
    told = plain_json.members(inbound.error(status, body, "hg-1"))
    assert told is not None
    assert told["type"] == "error"
    assert isinstance(inner(told, "error")["type"], str)


def judge_request(inbound: Inbound, body: bytes) -> None:
    """Read a request: refused with the fix, or fit for every dialect."""
    chat = inbound.read(body, b"/v1/messages", DEPTH_MAX)
    if isinstance(chat, Failure):
        judge_refusal(chat)
        return
    assert chat.model
    for name, dialect in DIALECTS.items():
        endpoint = Endpoint(name, name, "http://p/v1")
        request = dialect.encode(chat, MODEL, endpoint, FACTS)
        if isinstance(request, Failure):
            judge_refusal(request)
            continue
        sent = plain_json.members(b"".join(bytes(piece) for piece in request.body))
        assert sent is not None
        assert sent["model"] == MODEL
        objects(sent["messages"], at_least=1)


def seeds() -> list[Case]:
    """Take the dialects' own: OpenAI's answers, Anthropic's requests and answers."""
    streams = [Case(STREAM, case.seed, case.wire) for case in openai.streams()]
    user = {"role": "user", "content": "hello"}
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": [1]}}
    result = {"type": "tool_result", "tool_use_id": "t", "content": "9"}
    png = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    said = [{"type": "text", "text": "a"}, call]
    talk = [user, {"role": "assistant", "content": said}]
    talk += [{"role": "user", "content": [result]}]
    members: tuple[dict[str, object], ...] = (
        {"messages": talk}, {"stream": True, "system": "brief"}, {"messages": []},
        {"messages": [{**user, "content": [{"type": "image", "source": png}]}]},
        {"tools": [{"name": "f", "input_schema": {}}], "tool_choice": {"type": "any"}},
        {"temperature": 1, "stop_sequences": ["a"], "metadata": {"user_id": "u"}},
        {"thinking": {"type": "enabled", "budget_tokens": 2000}}, {"max_tokens": 0},
    )  # fmt: skip
    asked = {"model": "p/m", "max_tokens": 9, "messages": [user]}
    bodies = [json.dumps({**asked, **more}).encode() for more in members]
    bodies += [b"", b"[]", b"{}", bodies[0][:-9]]
    requests = [Case(REQUEST, 0, body) for body in bodies]
    errors = [
        Case(ERROR | status << 4, 0, b'{"error":{"message":"no","type":"t"}}')
        for status in range(16)
    ]
    return [*streams, *openai.answers(), *errors, *requests, *anthropic.requests()]
