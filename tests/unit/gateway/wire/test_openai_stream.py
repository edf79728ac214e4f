"""Streams of an OpenAI-like provider: passed on, watched, never made up."""

import json
from functools import partial

import pytest

from heliograph.gateway.types import Blame, Usage
from heliograph.gateway.wire.openai_chat import stream
from wire_cases import Told, chat_of, chunks, tell

DONE = b"data: [DONE]\n\n"
STREAM = partial(stream, chat_of(stream=True))
WITH_USAGE = partial(
    stream, chat_of(stream=True, stream_options={"include_usage": True})
)
COUNTED = {
    "prompt_tokens": 9,
    "completion_tokens": 4,
    "prompt_tokens_details": {"cached_tokens": 2},
}


def chunk(
    delta: object = None, finish: str | None = None, index: int = 0, **more: object
) -> bytes:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    body = {"id": "c", "choices": [choice], "usage": None, **more}
    return b"data: " + json.dumps(body, ensure_ascii=False).encode() + b"\n\n"


ROLE = chunk({"role": "assistant", "content": ""})
TEXT = chunk({"content": "zür"})
STOP = chunk(finish="stop")
USAGE = chunk(choices=[], usage=COUNTED)
WHOLE = ROLE + TEXT + STOP + DONE


def failed(told: Told, kind: str) -> None:
    assert told.failure is not None
    assert (told.failure.blame, told.failure.kind) == (Blame.PROVIDER, kind)
    assert not told.complete
    assert b"[DONE]" not in told.out


def test_chunks_go_on_as_they_came() -> None:
    told = tell(STREAM, WHOLE)
    assert told == Told(WHOLE, "stop", None, None, complete=True, started=True)


def test_the_usage_chunk_is_swallowed_unless_asked_for() -> None:
    text = ROLE + TEXT + STOP + USAGE + DONE
    used = Usage(9, 4, cached_tokens=2)
    assert tell(STREAM, text).out == WHOLE
    assert tell(STREAM, text).usage == used
    assert tell(WITH_USAGE, text).out == text
    assert tell(WITH_USAGE, text).usage == used


def test_usage_beside_a_finish_is_read_and_goes_on() -> None:
    last = chunk(finish="length", usage=COUNTED)
    told = tell(STREAM, TEXT + last + DONE)
    assert told.out == TEXT + last + DONE
    assert (told.finish, told.usage) == ("length", Usage(9, 4, cached_tokens=2))


def test_a_chunk_of_neither_choices_nor_usage_goes_on() -> None:
    azure = chunk(choices=[], prompt_filter_results=[])
    assert tell(STREAM, azure + WHOLE).out == azure + WHOLE


@pytest.mark.parametrize(
    "noise",
    [
        b": ping\n\n",
        b"retry: 3000\n\n",
        b"id: 3\n\n",
        b"data: null\n\n",
        b"data: \n\n",
        b"data:  \n\n",
        b'data: {"type":"ping"}\n\n',
        b'event: ping\ndata: {"type":"ping"}\n\n',
        b"event: ping\ndata: x\n\n",
        b"\n\n\r\n",
    ],
)
def test_what_clients_cannot_bear_is_left_out(noise: bytes) -> None:
    text = b"\xef\xbb\xbf" + noise + ROLE + noise + TEXT + noise + STOP + noise + DONE
    assert tell(STREAM, text).out == WHOLE


def test_other_spellings_are_written_plainly() -> None:
    text = (
        b'event: message\r\nid: 1\r\ndata:{"choices":\r\ndata:  [{"delta":'
        b'{"content":"a"},"finish_reason":"stop"}]}\r\n\r\ndata:[DONE]'
    )
    told = tell(STREAM, text)
    assert told.out == (
        b'data: {"choices":  [{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n'
        b"data: [DONE]\n\n"
    )
    assert told.complete


@pytest.mark.parametrize(
    ("delta", "begun"),
    [
        ({"role": "assistant", "content": ""}, False),
        ({"role": "assistant", "content": None, "refusal": None}, False),
        ({"role": "assistant", "tool_calls": []}, False),
        ({}, False),
        ({"content": "a"}, True),
        ({"content": [{"type": "thinking"}]}, True),
        ({"refusal": "no"}, True),
        ({"tool_calls": [{"index": 0}]}, True),
        ({"reasoning_content": "hm"}, True),
    ],
)
def test_a_stream_has_started_with_its_first_content(
    delta: object,
    begun: bool,  # noqa: FBT001 - pytest passes by name
) -> None:
    reader = STREAM()
    assert reader.feed(chunk(delta))
    assert reader.started is begun


def test_a_finish_without_content_is_a_start() -> None:
    reader = STREAM()
    reader.feed(STOP)
    assert reader.started


def test_a_clean_end_after_the_finish_is_complete_without_done() -> None:
    told = tell(STREAM, ROLE + TEXT + STOP)
    assert told.complete
    assert told.out == WHOLE


@pytest.mark.parametrize(
    "text",
    [ROLE, ROLE + TEXT, ROLE + TEXT + DONE, DONE, TEXT + b'data: {"choi', TEXT[:-3]],
)
def test_an_end_without_a_finish_is_a_failure(text: bytes) -> None:
    failed(tell(STREAM, text), "truncated")


def test_an_event_cut_by_the_end_does_not_spoil_a_finished_answer() -> None:
    assert tell(STREAM, ROLE + TEXT + STOP + USAGE[:40]).out == WHOLE
    assert tell(STREAM, ROLE + TEXT + STOP + DONE[:-5]).out == WHOLE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"<html>portal</html>", "not_sse"),
        (b'\n{"choices":[]}', "not_sse"),
        (b'{"error":{"message":"no"}}', "not_sse"),
        (b"hello world", "not_sse"),
        (b": only\n\n: comments\n\n", "not_sse"),
        (b"\x1f\x8b\x08\x00rest", "not_sse"),
    ],
)
def test_what_is_no_stream_is_a_failure(text: bytes, kind: str) -> None:
    for pieces in ([text], [text[i : i + 1] for i in range(len(text))]):
        told = tell(STREAM, *pieces)
        failed(told, kind)
        assert told.out == b""


@pytest.mark.parametrize(
    "event",
    [
        b"data: {nope}\n\n",
        b'data: {"choices":\n\n',
        b"data: 5\n\n",
        b'data: "text"\n\n',
        b'data: {"choices":[{"index":"0"}]}\n\n',
        b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n',
        b"data: " + b"[" * 5000 + b"\n\n",
    ],
)
def test_a_malformed_event_ends_the_stream(event: bytes) -> None:
    told = tell(STREAM, ROLE + TEXT + event + STOP + DONE)
    failed(told, "malformed_event")
    assert told.out == ROLE + TEXT


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error":{"message":"sk-key","code":"server_error"}}\n\n',
        b'data: {"error":"sk-key"}\n\n',
        b'event: error\ndata: {"error":{"message":"sk-key"}}\n\n',
        b'event: error\ndata: {"message":"sk-key"}\n\n',
        b"event: error\ndata: sk-key\n\n",
        chunk({"content": "x"}, error={"message": "sk-key"}),
    ],
)
def test_an_error_in_the_stream_is_a_failure(event: bytes) -> None:
    told = tell(STREAM, ROLE + TEXT + event + STOP + DONE)
    failed(told, "error_event")
    assert told.out == ROLE + TEXT
    assert "sk-key" not in repr(told.failure)


def test_an_event_too_large_is_a_failure() -> None:
    told = tell(STREAM, TEXT + b"data: ", *([b"x" * 1_000_000] * 9))
    failed(told, "event_too_large")
    assert told.out == TEXT


def test_every_choice_must_finish() -> None:
    first, second = chunk(finish="stop"), chunk(finish="length", index=1)
    begun = TEXT + chunk({"content": "b"}, index=1)
    assert tell(STREAM, begun + first + second + DONE).complete
    assert tell(STREAM, begun + second + first).finish == "stop"
    failed(tell(STREAM, begun + first + DONE), "truncated")
    failed(tell(STREAM, begun + first), "truncated")


def test_a_choice_that_was_asked_for_and_never_began_is_missed() -> None:
    two = partial(stream, chat_of(stream=True, n=2))
    failed(tell(two, TEXT + STOP), "truncated")
    # A provider that says it is done has answered as many as it answers.
    assert tell(two, TEXT + STOP + DONE).complete


def test_nothing_is_read_after_the_end() -> None:
    reader = STREAM()
    assert reader.feed(WHOLE) == WHOLE
    assert (reader.feed(TEXT), reader.close()) == (b"", b"")
    assert reader.failure is None


def test_a_cut_at_any_byte_changes_nothing() -> None:
    text = b": hi\r\n\r\n" + ROLE + TEXT + STOP + USAGE + DONE
    broken = ROLE + TEXT + b"data: {nope}\n\n" + STOP
    for wire in (text, broken):
        whole = tell(WITH_USAGE, wire)
        for cut in range(len(wire) + 1):
            assert tell(WITH_USAGE, wire[:cut], wire[cut:]) == whole


def test_what_goes_on_is_readable_chunk_by_chunk() -> None:
    reader = STREAM()
    told = [chunks(reader.feed(event)) for event in (ROLE, TEXT, STOP, DONE)]
    assert [len(part) for part in told] == [1, 1, 1, 0]


@pytest.mark.parametrize("at_once", [True, False])
def test_events_are_counted_however_they_come(*, at_once: bool) -> None:
    reader = STREAM()
    text = ROLE + TEXT + TEXT + STOP
    pieces = [text] if at_once else [p + b"\n\n" for p in text.split(b"\n\n")[:-1]]
    for piece in pieces:
        reader.feed(piece)
    assert reader.events == 4
