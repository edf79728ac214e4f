"""The Anthropic dialect: streams, whole answers, errors, and requests at the door."""

import json
from collections.abc import Iterator
from itertools import pairwise

from case import Case, case_of
from dialect_cases import (
    ANSWER,
    REQUEST,
    STREAM,
    WITH_USAGE,
    Sent,
    Subject,
    errors,
    judge_dialect,
)
from framing import plainly
from plain_json import inner, lenient, objects
from streams import DONE, Told, events_of

from heliograph.gateway.types import Endpoint
from heliograph.gateway.wire import anthropic_messages
from heliograph.gateway.wire.dialect import Dialect

PLAIN = Endpoint("plain", "anthropic", "http://p/v1")
ODD = Endpoint(
    "odd",
    "anthropic",
    "http://o/v1",
    drop=frozenset({"image_url.detail", "messages.name", "seed"}),
)


def judge(data: bytes, dialect: Dialect = anthropic_messages) -> None:
    """Judge the dialect by *data*."""
    case = case_of(data)
    if case is not None:
        judge_dialect(Subject(dialect, PLAIN, ODD, judge_turns, judge_text), case)


def judge_turns(sent: Sent, asked: Sent) -> None:
    """Anthropic takes turns: each of another side, none of them empty."""
    turns = objects(sent["messages"], at_least=1)
    roles = [turn["role"] for turn in turns]
    assert {*roles} <= {"user", "assistant"}
    assert all(one != next_one for one, next_one in pairwise(roles))
    for turn in turns:
        objects(turn["content"], at_least=1)
    assert int(str(sent["max_tokens"])) > 0
    assert len(turns) <= len(objects(asked["messages"]))


def judge_text(told: Told, wire: bytes) -> None:
    """Demand that the caller gets the text that was sent, up to the end."""
    said = "".join(texts_of(wire))
    heard = ""
    for data in events_of(told.out.removesuffix(DONE)):
        for choice in objects(lenient(data)["choices"]):
            heard += str(inner(choice, "delta").get("content") or "")
    assert heard == (said if told.complete else said[: len(heard)])
    kinds = [lenient(data).get("type") for _, data in plainly(wire).events]
    assert not told.complete or "message_stop" in kinds, "a made-up end"


def texts_of(wire: bytes) -> Iterator[str]:
    """Yield the texts of the blocks before `message_stop`."""
    for _, data in plainly(wire).events:
        said = lenient(data)
        block, delta = inner(said, "content_block"), inner(said, "delta")
        if said.get("type") == "message_stop":
            return
        if said.get("type") == "content_block_start" and block.get("type") == "text":
            yield str(block.get("text", ""))
        if (
            said.get("type") == "content_block_delta"
            and delta.get("type") == "text_delta"
        ):
            yield str(delta.get("text", ""))


def event(name: str, **more: object) -> bytes:
    """Write an event as Anthropic does."""
    data = json.dumps({"type": name, **more}).encode()
    return b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def block(index: int, kind: str, **more: object) -> bytes:
    """Begin a block of content."""
    begun = {"type": kind, **more}
    return event("content_block_start", index=index, content_block=begun)


def delta(index: int, kind: str, **more: object) -> bytes:
    """Go on with a block."""
    return event("content_block_delta", index=index, delta={"type": kind, **more})


def end(reason: str | None, **usage: object) -> bytes:
    """Say why the message ends."""
    return event("message_delta", delta={"stop_reason": reason}, usage=usage)


COUNTED = {"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": 2}
START = event("message_start", message={"id": "m", "model": "c", "usage": COUNTED})
TEXT = block(0, "text", text="") + delta(0, "text_delta", text="z\u00fcrich \\u00e9")
CLOSE = event("content_block_stop", index=0)
END = end("end_turn", output_tokens=9)
STOP = event("message_stop")
TOOL = block(1, "tool_use", id="t", name="f", input={})
ARGUMENTS = delta(1, "input_json_delta", partial_json='{"a":')


def seeds() -> list[Case]:
    """Write what providers send, whole and broken, and what callers ask."""
    return [*streams(), *answers(), *errors(), *requests()]


def streams() -> list[Case]:
    """Write streams: some that are whole, and the ways in which others are not."""
    call_end = event("content_block_stop", index=1)
    wires = (
        START + event("ping") + TEXT + CLOSE + END + STOP,
        START + TOOL + ARGUMENTS + call_end + end("tool_use") + STOP,
        START + TOOL + call_end + end("tool_use") + STOP,
        START + START + TEXT + CLOSE + END + STOP,
        START + TEXT + START + CLOSE + END + STOP,
        START + TEXT + CLOSE + END, START + TEXT + STOP, TEXT + END + STOP, STOP,
        START + TEXT + event("error", error={"type": "overloaded_error"}) + STOP,
        START + TEXT + b'data: {"error":"proxy"}\n\n' + END + STOP,
        START + TEXT + b"event: error\ndata: no\n\n",
        START + block(0, "text", text=5) + END + STOP,
        START + b'data: {"type":"content_block_delta","delta":{"type":"text_delta",'
        b'"text":\ndata: "a"}}\n\n' + END + STOP,
        START + delta(0, "thinking_delta", thinking="hm") + end("pause_turn") + STOP,
        START + end("end_turn", output_tokens=-3, input_tokens=10**40) + STOP,
        START.replace(b'"id": "m"', b'"id": "\xff"') + TEXT + END + STOP,
        b'{"type":"message"}', b"",
    )  # fmt: skip
    return [
        Case(STREAM | WITH_USAGE * (place % 2), place, wire)
        for place, wire in enumerate(wires)
    ]


def answers() -> list[Case]:
    """Write whole answers with status 200."""
    said = [{"type": "text", "text": "hi"}]
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": [1]}}
    whole = {"type": "message", "id": "m", "model": "c", "content": said}
    bodies: tuple[object, ...] = (
        {**whole, "stop_reason": "end_turn", "usage": COUNTED},
        {**whole, "stop_reason": "tool_use", "content": [*said, call, call]},
        {**whole, "stop_reason": "max_tokens", "usage": {"input_tokens": 2**70}},
        {**whole, "stop_reason": "end_turn", "usage": {"output_tokens": -1}},
        {**whole, "stop_reason": "pause_turn"}, {**whole, "stop_reason": None}, [],
        {"type": "error", "error": {"type": "t"}}, {**whole, "content": None},
    )  # fmt: skip
    texts = [json.dumps(body).encode() for body in bodies]
    date = b"date: Sun, 06 Nov 1994 08:49:37 GMT\n\n"
    odd = (b"", b"<html>", texts[0][:-9], date + texts[0])
    return [Case(ANSWER, 0, text) for text in (*texts, *odd)]


def requests() -> list[Case]:
    """Write requests at the door."""
    user = {"role": "user", "content": "hello"}
    png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAE="
    picture = {"type": "image_url", "image_url": {"url": png, "detail": "low"}}
    arguments = {"name": "f", "arguments": '{"a": 1.50}'}
    call = {"id": "t", "type": "function", "function": arguments}
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    talk = [
        {"role": "system", "content": [{"type": "text", "text": "be brief"}]},
        {**user, "name": "a"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t", "content": "9"},
        {"role": "user", "content": [{"type": "text", "text": "see"}, picture]},
    ]
    members: tuple[dict[str, object], ...] = (
        {"stream": True, "stream_options": {"include_usage": True}},
        {"messages": talk, "tools": [tool], "tool_choice": "required"},
        {"messages": talk[2:4], "tools": [tool], "parallel_tool_calls": False},
        {"stop": ["a"], "temperature": 0.5, "top_p": 1, "user": "u", "n": 1},
        {"temperature": 1.5}, {"seed": 1}, {"response_format": {"type": "json"}},
        {"messages": [{"role": "user", "content": [picture, picture]}]},
        {"messages": [{**user, "content": ""}]}, {"messages": [{"role": "x"}]},
        {"tool_choice": tool, "max_tokens": 7}, {"metadata": {}, "logit_bias": {}},
    )  # fmt: skip
    texts = [
        json.dumps({"model": "p/m", "messages": [user], **more}).encode()
        for more in members
    ]
    escaped = texts[7].replace(b"/png", rb"\/png")
    return [
        Case(REQUEST | choice, 0, text)
        for text in (*texts, escaped, texts[1][:-30])
        for choice in (0, WITH_USAGE)
    ]
