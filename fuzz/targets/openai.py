"""The OpenAI dialect: streams, whole answers, errors, and requests at the door."""

import json
from collections.abc import Iterator

from case import Case, case_of
from dialect_cases import (
    ANSWER,
    REQUEST,
    STREAM,
    TWO_CHOICES,
    WITH_USAGE,
    Sent,
    Subject,
    errors,
    judge_dialect,
)
from framing import plainly
from plain_json import lenient, objects
from streams import DONE, Told, events_of

from heliograph.gateway.types import Endpoint
from heliograph.gateway.wire import openai_chat
from heliograph.gateway.wire.dialect import Dialect

PLAIN = Endpoint("plain", "openai", "http://p/v1")
ODD = Endpoint(
    "odd",
    "openai",
    "http://o/v1",
    drop=frozenset({"user", "seed"}),
    rename={"max_tokens": "max_completion_tokens"},
    stream_usage=False,
)
WRITTEN_BY_US = frozenset({"model", "stream_options", "fallbacks"})


def judge(data: bytes, dialect: Dialect = openai_chat) -> None:
    """Judge the dialect by *data*."""
    case = case_of(data)
    if case is not None:
        judge_dialect(
            Subject(dialect, PLAIN, ODD, judge_as_it_came, judge_passed), case
        )


def judge_as_it_came(sent: Sent, asked: Sent) -> None:
    """Where an endpoint has no wishes, every member goes on as it came."""
    for name in WRITTEN_BY_US:
        sent.pop(name, None)
        asked.pop(name, None)
    assert sent == asked


def judge_passed(told: Told, wire: bytes) -> None:
    """Every chunk with choices goes on, in order and unchanged, up to the end."""
    came = [lenient(data) for data in until_done(wire)]
    came = [chunk for chunk in came if chunk.get("choices")]
    went = [lenient(data) for data in events_of(told.out.removesuffix(DONE))]
    went = [chunk for chunk in went if chunk["choices"]]
    assert went == (came if told.complete else came[: len(went)])
    choices = [choice for chunk in went for choice in objects(chunk["choices"])]
    finishes = [choice.get("finish_reason") for choice in choices]
    assert not told.complete or told.finish in finishes, "a made-up finish"


def until_done(wire: bytes) -> Iterator[bytes]:
    """Yield the data of the events before `[DONE]`; pings hold none."""
    for name, data in plainly(wire).events:
        if data.strip() == b"[DONE]":
            return
        if name != b"ping":
            yield data


def chunk(delta: object, finish: str | None = None, **more: object) -> bytes:
    """Write an event as OpenAI does."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return b"data: %b\n\n" % json.dumps({"choices": [choice], **more}).encode()


ROLE = chunk({"role": "assistant", "content": ""})
TEXT = chunk({"content": "z\u00fcrich"})
STOP = chunk({}, "stop")
USED = {"prompt_tokens": 9, "completion_tokens": 4}
USAGE = chunk({}, choices=[], usage=USED)


def seeds() -> list[Case]:
    """Write what providers send, whole and broken, and what callers ask."""
    return [*streams(), *answers(), *errors(), *requests()]


def streams() -> list[Case]:
    """Write streams: one that is whole, and the ways in which others are not."""
    call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": "{"}}
    wires = (
        ROLE + TEXT + STOP + USAGE + DONE,
        ROLE + chunk({"tool_calls": [call]}) + chunk({}, "tool_calls") + DONE,
        ROLE + TEXT + STOP, ROLE + TEXT + DONE, ROLE + TEXT, DONE,
        ROLE + TEXT + b"data: {nope}\n\n" + STOP + DONE,
        ROLE + b'data: {"error":{"message":"no"}}\n\n' + DONE,
        ROLE + b"event: error\ndata: no\n\n" + DONE,
        TEXT + STOP.replace(b'"index": 0', b'"index": 1') + STOP + DONE,
        b"data: null\n\n: ping\n\nevent: ping\ndata: x\n\n" + TEXT + STOP + DONE,
        b'data: {"choices":\ndata: [{"finish_reason":"stop"}]}\n\ndata: [DONE]',
        b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n' + STOP,
        b'data: {"choices":[{"index":1e9,"finish_reason":""}],"usage":{}}\n\n' + STOP,
        STOP + chunk({}, usage={"prompt_tokens": -1, "completion_tokens": 10**30}),
        b'{"choices":[]}', b"<html>", b"",
    )  # fmt: skip
    choices = (STREAM, STREAM | WITH_USAGE, STREAM | WITH_USAGE | TWO_CHOICES)
    return [
        Case(choices[place % len(choices)], place, wire)
        for place, wire in enumerate(wires)
    ]


def answers() -> list[Case]:
    """Write whole answers with status 200."""
    said = {"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    bodies: tuple[object, ...] = (
        {"choices": [said], "usage": USED},
        {"choices": [said, said], "usage": {"prompt_tokens": 2**70}},
        {"choices": [{**said, "finish_reason": None}]},
        {"choices": []}, {"error": {"code": "x"}}, {"error": "no", "choices": [said]},
        [], {"choices": [{"message": "text", "finish_reason": "stop"}]},
    )  # fmt: skip
    texts = [json.dumps(body).encode() for body in bodies]
    return [Case(ANSWER, 0, text) for text in (*texts, b"", b"<html>", texts[0][:-9])]


def requests() -> list[Case]:
    """Write requests at the door."""
    user = {"role": "user", "content": "hello"}
    members: tuple[dict[str, object], ...] = (
        {"stream": True, "stream_options": {"include_usage": True, "x": [1]}},
        {"max_tokens": 5, "user": "u", "fallbacks": ["a/b"], "seed": 10**30},
        {"max_tokens": 5, "max_completion_tokens": 5},
        {"stream_options": None, "stream": None, "n": 2, "temperature": 1e3},
        {"api_base": "http://evil"}, {"fallbacks": ["a"]}, {"messages": []},
        {"messages": [{"role": "user", "content": "x" * 5000}], "tools": [{}]},
    )  # fmt: skip
    texts = [
        json.dumps({"model": "p/m", "messages": [user], **more}).encode()
        for more in members
    ]
    deep = b'{"model":"p/m","messages":[%b]}' % (b"[" * 70 + b"]" * 70)
    return [
        Case(REQUEST | choice, 0, text)
        for text in (*texts, deep, b"[]", b"", texts[0][:30])
        for choice in (0, WITH_USAGE)
    ]
