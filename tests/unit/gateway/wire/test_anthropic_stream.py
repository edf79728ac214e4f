"""Anthropic's events as OpenAI's chunks: nothing made up, nothing lost."""

import json
from functools import partial
from typing import Any

import pytest

from heliograph.gateway.types import Blame, Usage
from heliograph.gateway.wire.anthropic_messages import stream
from wire_cases import Told, chat_of, chunks, tell

STREAM = partial(stream, chat_of(stream=True))
WITH_USAGE = partial(
    stream, chat_of(stream=True, stream_options={"include_usage": True})
)


def event(type_: str, **members: object) -> bytes:
    body = json.dumps({"type": type_, **members}, ensure_ascii=False)
    return f"event: {type_}\ndata: {body}\n\n".encode()


def start(id_: str = "msg_1", **more: object) -> bytes:
    tokens = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1}
    message = {"id": id_, "model": "claude", "content": [], "usage": tokens, **more}
    return event("message_start", message=message)


def block(index: int, **members: object) -> bytes:
    return event("content_block_start", index=index, content_block=members)


def delta(index: int, **members: object) -> bytes:
    return event("content_block_delta", index=index, delta=members)


def say(words: str) -> bytes:
    return delta(0, type="text_delta", text=words)


def argue(index: int, text: str) -> bytes:
    return delta(index, type="input_json_delta", partial_json=text)


def stop_block(index: int) -> bytes:
    return event("content_block_stop", index=index)


def end(reason: str | None = "end_turn", **usage: object) -> bytes:
    told = {"stop_reason": reason, "stop_sequence": None}
    return event("message_delta", delta=told, usage={"output_tokens": 20, **usage})


START = start()
TEXT = block(0, type="text", text="")
STOP = event("message_stop")
PING = event("ping")
SAID = START + TEXT + PING + say("zür ") + say('"ich" 😀\n') + stop_block(0)
WHOLE = SAID + end() + STOP


def deltas(told: Told) -> list[dict[str, Any]]:
    return [c["choices"][0]["delta"] for c in chunks(told.out) if c["choices"]]


def failed(told: Told, kind: str) -> None:
    assert told.failure is not None
    assert (told.failure.blame, told.failure.kind) == (Blame.PROVIDER, kind)
    assert not told.complete
    assert b"[DONE]" not in told.out
    assert all(c["choices"][0]["finish_reason"] is None for c in chunks(told.out))


def test_a_text_becomes_role_texts_and_one_finish() -> None:
    told = tell(STREAM, WHOLE)
    assert (told.failure, told.complete, told.finish) == (None, True, "stop")
    assert told.usage == Usage(15, 20, cached_tokens=5)
    assert told.out.endswith(b"}\n\ndata: [DONE]\n\n")
    assert deltas(told) == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "zür "},
        {"content": '"ich" 😀\n'},
        {},
    ]
    finishes = [c["choices"][0]["finish_reason"] for c in chunks(told.out)]
    assert finishes == [None, None, None, "stop"]
    for chunk in chunks(told.out):
        assert chunk["id"] == "chatcmpl-msg_1"
        assert chunk["object"] == "chat.completion.chunk"
        assert (chunk["created"], chunk["model"]) == (0, "claude")
        assert "usage" not in chunk


def test_usage_is_written_last_and_only_when_asked_for() -> None:
    *before, last = chunks(tell(WITH_USAGE, WHOLE).out)
    assert last["choices"] == []
    assert last["usage"] == {
        "prompt_tokens": 15,
        "completion_tokens": 20,
        "total_tokens": 35,
        "prompt_tokens_details": {"cached_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    assert [chunk["usage"] for chunk in before] == [None] * 4


@pytest.mark.parametrize("count", [-1, 2**70, "4"])
def test_a_count_that_cannot_be_leaves_the_last_that_could(count: object) -> None:
    last = event("message_delta", delta={"stop_reason": "end_turn"},
                 usage={"output_tokens": count})  # fmt: skip
    told = tell(WITH_USAGE, SAID + last + STOP)
    assert told.complete
    assert told.usage == tell(WITH_USAGE, SAID).usage
    assert chunks(told.out)[-1]["usage"]["completion_tokens"] == 1


def test_created_is_what_the_caller_sets() -> None:
    reader = STREAM()
    reader.created = 1_700_000_000
    assert chunks(reader.feed(START))[0]["created"] == 1_700_000_000


def test_calls_of_tools_carry_their_name_once_then_arguments() -> None:
    told = tell(
        STREAM,
        START
        + TEXT
        + say("I call")
        + stop_block(0)
        + block(1, type="tool_use", id="toolu_1", name="f", input={})
        + argue(1, "")
        + argue(1, '{"a":')
        + PING
        + argue(1, ' "ü"}')
        + stop_block(1)
        + block(2, type="tool_use", id="toolu_2", name="now", input={})
        + argue(2, "")
        + stop_block(2)
        + block(3, type="tool_use", id="toolu_3", name="g", input={"x": 1.0})
        + stop_block(3)
        + end("tool_use")
        + STOP,
    )
    assert (told.finish, told.complete) == ("tool_calls", True)
    calls = [d["tool_calls"][0] for d in deltas(told) if "tool_calls" in d]

    def first(index: int, name: str) -> dict[str, object]:
        function = {"name": name, "arguments": ""}
        id_ = f"toolu_{index + 1}"
        return {"index": index, "id": id_, "type": "function", "function": function}

    def later(index: int, arguments: str) -> dict[str, object]:
        return {"index": index, "function": {"arguments": arguments}}

    assert calls == [
        first(0, "f"),
        later(0, '{"a":'),
        later(0, ' "ü"}'),
        first(1, "now"),
        later(1, "{}"),
        first(2, "g"),
        later(2, '{"x": 1.0}'),
    ]


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
    ],
)
def test_stop_reasons(reason: str, finish: str) -> None:
    told = tell(STREAM, START + end(reason) + STOP)
    assert (told.finish, told.complete, told.started) == (finish, True, True)
    assert chunks(told.out)[-1]["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize("reason", ["pause_turn", "bored"])
def test_an_unknown_stop_reason_is_a_failure(reason: str) -> None:
    failed(tell(STREAM, SAID + end(reason) + STOP), "unknown_finish")


@pytest.mark.parametrize(
    "text",
    [
        START,
        SAID,
        SAID + end(),
        SAID + STOP,
        SAID + end(None) + STOP,
        SAID + end() + STOP[:-5],
        end() + STOP,
        PING,
        START + say("x")[:-9],
    ],
)
def test_an_end_before_the_end_is_a_failure(text: bytes) -> None:
    failed(tell(STREAM, text), "truncated")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"", "empty"),
        (b"<html></html>", "not_sse"),
        (b'{"type":"message","content":[]}', "not_sse"),
        (b"hello", "not_sse"),
    ],
)
def test_what_is_no_stream_is_a_failure(text: bytes, kind: str) -> None:
    failed(tell(STREAM, text), kind)


@pytest.mark.parametrize(
    "broken",
    [
        b"data: {nope}\n\n",
        b"data: {}\n\n",
        b"data: null\n\n",
        b"event: ping\ndata: [1]\n\n",
        b"data: [DONE]\n\n",
        delta(0, type="text_delta", text=5),
        delta(0, type="text_delta", text=None),
        say("X").replace(b"X", b"\xff"),
        event("content_block_delta", index="0", delta={}),
        start("msg_2"),
    ],
)
def test_a_malformed_event_ends_the_stream(broken: bytes) -> None:
    told = tell(STREAM, SAID + broken + end() + STOP)
    failed(told, "malformed_event")
    assert told.out == tell(STREAM, SAID).out


def test_content_before_the_message_is_malformed() -> None:
    for early in (say("x"), block(0, type="text", text="x"), block(0, type="tool_use")):
        failed(tell(STREAM, early + WHOLE), "malformed_event")


@pytest.mark.parametrize(
    "broken",
    [
        event("error", error={"type": "overloaded_error", "message": "sk-key"}),
        b'event: error\ndata: {"type":"error"}\n\n',
        b"event: error\ndata: sk-key\n\n",
        b'data: {"type":"error","error":{"type":"api_error"}}\n\n',
        b'data: {"error":{"message":"sk-key","type":"server_error"}}\n\n',
    ],
)
def test_an_error_in_the_stream_is_a_failure(broken: bytes) -> None:
    told = tell(STREAM, SAID + broken + end() + STOP)
    failed(told, "error_event")
    assert "sk-key" not in repr(told.failure)
    assert told.usage == Usage(15, 1, cached_tokens=5)


def test_a_start_sent_twice_is_one_start() -> None:
    assert tell(STREAM, START + WHOLE).out == tell(STREAM, WHOLE).out


def test_what_is_not_known_is_passed_over() -> None:
    noise = (
        event("something_new", delta={"text": "x"})
        + block(5, type="thinking", thinking="")
        + delta(5, type="thinking_delta", thinking="hm")
        + delta(5, type="signature_delta", signature="s")
        + stop_block(5)
        + block(6, type="server_tool_use", id="s", name="web", input={})
        + argue(6, '{"q":')
        + stop_block(6)
        + delta(0, type="citations_delta", citation={})
    )
    told = tell(STREAM, SAID + noise + end() + STOP)
    assert told == tell(STREAM, WHOLE)


def test_text_in_the_start_of_a_block_is_not_lost() -> None:
    told = tell(STREAM, START + block(0, type="text", text="early") + end() + STOP)
    assert deltas(told)[1] == {"content": "early"}


@pytest.mark.parametrize(
    ("piece", "begun"),
    [
        (TEXT, False),
        (PING, False),
        (say(""), False),
        (block(0, type="thinking", thinking="hm"), False),
        (say("a"), True),
        (block(0, type="tool_use", id="t", name="f", input={}), True),
        (end() + STOP, True),
    ],
)
def test_a_stream_has_started_with_its_first_content(
    piece: bytes,
    begun: bool,  # noqa: FBT001 - pytest passes by name
) -> None:
    reader = STREAM()
    assert reader.feed(START)
    assert not reader.started
    reader.feed(piece)
    assert reader.started is begun


def test_the_newest_count_stands() -> None:
    told = tell(STREAM, SAID + end(input_tokens=30) + STOP)
    assert told.usage == Usage(35, 20, cached_tokens=5)


def test_a_cut_at_any_byte_changes_nothing() -> None:
    for wire in (WHOLE, SAID + b"data: {nope}\n\n" + STOP):
        for text in (wire, wire.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf: x\n\n" + wire):
            whole = tell(WITH_USAGE, text)
            for cut in range(len(text) + 1):
                assert tell(WITH_USAGE, text[:cut], text[cut:]) == whole
