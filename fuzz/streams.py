"""What must be true of every stream a dialect reads, whatever the provider sent."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import plain_json
from case import Case, cuts_of

from heliograph.gateway.types import Blame, Failure, Usage
from heliograph.gateway.wire.dialect import Stream
from heliograph.gateway.wire.openai_error import error_event

DONE = b"data: [DONE]\n\n"
TOKENS_MAX = 2**53
SERVICE_CHARS_MAX = 40
"""The largest count that a JSON reader, a metric and a log line all keep exactly."""


class Told(NamedTuple):
    """All that a stream told its reader."""

    out: bytes
    finish: str | None
    usage: Usage | None
    failure: Failure | None
    complete: bool
    started: bool


def judge_stream(begin: Callable[[], Stream], case: Case) -> Told:
    """Read a case as a stream, in several pieces, and judge what it tells."""
    whole, *others = [tell(begin(), cut) for cut in cuts_of(case)]
    for other in others:
        assert other == whole, (other, whole)
    judge_end(whole)
    judge_events(whole)
    return whole


def tell(stream: Stream, pieces: Iterable[bytes]) -> Told:
    """Feed *pieces*, close, and judge each step: an end is final."""
    out = [feed(stream, piece) for piece in pieces]
    before = over(stream)
    last = stream.close()
    assert over(stream), "closed, and neither whole nor failed"
    assert not before or last == b""
    out.append(last)
    assert stream.feed(DONE) == stream.close() == b""
    return Told(
        b"".join(out),
        stream.finish,
        stream.usage,
        stream.failure,
        stream.complete,
        stream.started,
    )


def feed(stream: Stream, piece: bytes) -> bytes:
    """Feed one piece; what was decided before must still stand."""
    before = (stream.failure, stream.complete, stream.started)
    was_over = over(stream)
    out = stream.feed(piece)
    assert not was_over or out == b"", "something was said after the end"
    assert not was_over or (stream.failure, stream.complete) == before[:2]
    assert stream.started >= before[2]
    assert out == b"" or out.endswith(b"\n\n"), "an event was handed on in part"
    return out


def over(stream: Stream) -> bool:
    """Say whether a stream has ended, well or not."""
    return stream.failure is not None or stream.complete


def judge_end(told: Told) -> None:
    """`[DONE]` comes last, once, after a finish, and never after a failure."""
    assert told.complete == (told.failure is None)
    if told.complete:
        assert told.finish
        assert told.started
        assert told.out.endswith(DONE)
    assert told.out.count(DONE) == told.complete
    if told.failure is not None:
        assert told.failure.blame is Blame.PROVIDER
        [error] = events_of(error_event(told.failure))
        assert plain_json.members(error)
    judge_usage(told.usage)


def judge_usage(usage: Usage | None) -> None:
    """Demand that a count is none, or a number of tokens that there can be."""
    if usage is None:
        return
    assert len(usage.service) <= SERVICE_CHARS_MAX, usage
    for name in usage.__struct_fields__:
        if name == "service":
            continue
        assert 0 <= getattr(usage, name) <= TOKENS_MAX, usage


def judge_events(told: Told) -> None:
    """Every event is one line of JSON that an SDK takes for a chunk."""
    for event in events_of(told.out.removesuffix(DONE)):
        chunk = plain_json.members(event)
        if chunk is None:
            continue
        assert chunk.get("error") is None, "an error was handed on as an answer"
        for choice in plain_json.objects(chunk["choices"]):
            assert told.started or not choice.get("finish_reason")


def events_of(out: bytes) -> list[bytes]:
    """Cut what the caller gets into the data of its events."""
    *events, rest = out.split(b"\n\n")
    assert rest == b"", rest[:200]
    for event in events:
        assert event.startswith(b"data: "), event[:200]
        assert b"\n" not in event
        assert b"\r" not in event
    return [event.removeprefix(b"data: ") for event in events]
