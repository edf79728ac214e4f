"""Every dialect at the door: requests and streams as files, cuts at every byte."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.types import Blame, Failure
from inbound_cases import (
    DONE,
    INBOUNDS,
    STREAMS,
    chunk,
    completion,
    events_of,
    read,
    requests,
    shown,
    told,
)

ENDS = {"anthropic": b"message_stop", "gemini": b"finishReason"}
"""What only a whole answer holds."""
ERRORS = {
    "anthropic": b'\n\nevent: error\ndata: {"type":"error","error":{"type":"',
    "gemini": b'\n\ndata: {"error":{"code":',
}
FAILED = (
    b'data: {"error":{"message":"it broke","type":"upstream_error","code":"x"}}\n\n'
)
HELLO = chunk({"role": "assistant", "content": "hello"})
DIALECTS = pytest.mark.parametrize("dialect", INBOUNDS)


@pytest.mark.parametrize(("dialect", "path"), requests(), ids=str)
def test_the_request_of_a_case_is_the_golden_one(dialect: str, path: Path) -> None:
    golden = json.loads(path.with_suffix(".chat.json").read_bytes())
    assert shown(read(dialect, path.read_bytes())) == golden


def test_there_are_cases() -> None:
    assert len(requests()) == 2 * len(INBOUNDS)
    assert len(STREAMS) == 4


@DIALECTS
@pytest.mark.parametrize("path", STREAMS, ids=lambda path: f"{path.parent.name}")
def test_the_stream_of_a_case_is_the_golden_one(dialect: str, path: Path) -> None:
    out = told(dialect, path.read_bytes())
    assert out == events_of(path, dialect).read_bytes()
    assert ENDS[dialect] in out
    assert ERRORS[dialect] not in out


@DIALECTS
@pytest.mark.parametrize("path", STREAMS, ids=lambda path: f"{path.parent.name}")
def test_a_stream_cut_at_any_byte_ends_in_an_error(dialect: str, path: Path) -> None:
    whole = path.read_bytes()
    # The very last byte is the end of the line after `[DONE]`.
    for cut in range(len(whole) - 1):
        out = told(dialect, whole[:cut])
        assert ENDS[dialect] not in out, cut
        assert ERRORS[dialect] in b"\n\n" + out, cut


@DIALECTS
@given(data=st.data())
def test_wherever_the_pieces_begin_the_stream_is_the_same(
    dialect: str, data: st.DataObject
) -> None:
    path = data.draw(st.sampled_from(STREAMS))
    whole = path.read_bytes()
    places = st.lists(st.integers(0, len(whole)), max_size=6)
    cuts = [0, *sorted(data.draw(places)), len(whole)]
    pieces = [whole[a:b] for a, b in pairwise(cuts)]
    assert told(dialect, *pieces) == events_of(path, dialect).read_bytes()


@DIALECTS
@pytest.mark.parametrize(
    "rest",
    [
        FAILED,
        FAILED + DONE,
        b"data: {broken\n\n" + DONE,
        b'data: "text"\n\n' + DONE,
        DONE,
    ],
)
def test_what_breaks_a_stream_is_told_once_and_nothing_follows(
    dialect: str, rest: bytes
) -> None:
    out = told(dialect, HELLO, rest, HELLO, chunk({}, "stop"), DONE)
    assert out.count(b"hello") == 1
    assert out.count(ERRORS[dialect].removeprefix(b"\n\n")) == 1
    assert ENDS[dialect] not in out


@DIALECTS
def test_an_endless_event_is_an_error(dialect: str) -> None:
    out = told(dialect, HELLO, b"data: " + b"x" * 9_000_000)
    assert ERRORS[dialect] in out


@DIALECTS
def test_comments_are_left_out(dialect: str) -> None:
    rest = chunk({}, "stop") + DONE
    plain = told(dialect, HELLO, rest)
    assert told(dialect, b": ping\n\n", HELLO, b": ping\n\n", rest) == plain


@DIALECTS
@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "is empty"),
        (b"[]", "must be a JSON object"),
        (b"{", "ends too early"),
        (b'{"a":"\xff"}', "not UTF-8"),
        (b'{"a":' + b"[" * 70 + b"]" * 70 + b"}", "nests deeper than 64"),
        (b'{"a":' + b"[" * 90_000 + b"]" * 90_000 + b"}", "nests deeper than 64"),
        (b"{}", "is missing"),
        (b'{"unheardof":1}', "`unheardof`"),
        (b'{"apikey":"k"}', "`apikey`"),
    ],
)
def test_what_is_no_request_is_the_callers_fault(
    dialect: str, body: bytes, says: str
) -> None:
    failure = read(dialect, body)
    assert isinstance(failure, Failure)
    assert (failure.blame, failure.status) == (Blame.CALLER, 400)
    assert says in failure.message


@DIALECTS
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"choices":[]}',
        b'{"choices":[{"index":0}]}',
        completion(
            {"tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}, "x"
        ),
        completion({"tool_calls": [{"function": {"arguments": "{}"}}]}, "tool_calls"),
    ],
)
def test_an_answer_that_cannot_be_told_is_the_providers_fault(
    dialect: str, body: bytes
) -> None:
    failure = INBOUNDS[dialect].answer(body)
    assert isinstance(failure, Failure)
    assert failure.blame is Blame.PROVIDER


@DIALECTS
@given(body=st.binary(max_size=200))
def test_no_bytes_raise(dialect: str, body: bytes) -> None:
    assert isinstance(read(dialect, body), Failure)
    assert isinstance(INBOUNDS[dialect].answer(body), Failure)
    assert INBOUNDS[dialect].error(400, body, "")
    assert ENDS[dialect] not in told(dialect, body)
