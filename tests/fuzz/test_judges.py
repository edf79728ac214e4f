"""The judges can condemn: a decoder broken on purpose is found by the corpus."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from case import written
from http_reading import understand
from targets import anthropic, lane, openai, sse

from heliograph.gateway.server.cycle import LaneCycle
from heliograph.gateway.server.edge import BETWEEN
from heliograph.gateway.server.lane import Lane
from heliograph.gateway.types import Chat, Failure, HttpReply, Reply
from heliograph.gateway.wire import anthropic_messages, openai_chat
from heliograph.gateway.wire.anthropic_stream import MessageInterpreter
from heliograph.gateway.wire.dialect import Dialect
from heliograph.gateway.wire.openai_stream import ChunkInterpreter
from heliograph.gateway.wire.reading import DONE, EventReader, Interpreter
from heliograph.gateway.wire.sse import Event, SseDecoder

TARGETS = {"sse": sse, "openai": openai, "anthropic": anthropic, "lane": lane}
CORPUS = Path(__file__).resolve().parents[2] / "fuzz" / "corpus"


def condemned(name: str, judge: Callable[[bytes], None]) -> int:
    """Count the inputs that *judge* does not let pass."""
    inputs = [path.read_bytes() for path in (CORPUS / name).iterdir()]
    inputs += [written(*case) for case in TARGETS[name].seeds()]
    count = 0
    for data in inputs:
        try:
            judge(data)
        except (AssertionError, KeyError):
            count += 1
    return count


class ForgetsTheCut(SseDecoder):
    """Takes the second half of a CRLF for another line's end."""

    def feed(self, data: bytes) -> list[Event]:
        self._after_cr = False
        return super().feed(data)


class Hoards(SseDecoder):
    """Keeps a line without an end for ever."""

    def __init__(self, event_bytes_max: int) -> None:
        super().__init__(event_bytes_max * 1000)


class ReadsAMarkAnywhere(SseDecoder):
    """Takes a byte order mark for white space wherever a piece begins with it."""

    def feed(self, data: bytes) -> list[Event]:
        return super().feed(data.removeprefix(b"\xef\xbb\xbf"))


@pytest.mark.parametrize("broken", [ForgetsTheCut, Hoards, ReadsAMarkAnywhere])
def test_a_broken_framing_is_condemned(broken: type[SseDecoder]) -> None:
    assert condemned("sse", partial(sse.judge, decoder=broken))


class MakesUpAnEnd(EventReader):
    """Ends a stream that broke as if it had been whole: what LiteLLM did."""

    def close(self) -> bytes:
        out = super().close()
        if self.failure is None or not self.started:
            return out
        self.failure = None
        self.complete = True
        self.finish = "stop"
        return out + DONE


class SaysDoneAfterAFailure(EventReader):
    """Fails, and ends the stream like a good one."""

    def close(self) -> bytes:
        out = super().close()
        return out if self.complete else out + DONE


class GoesOn(EventReader):
    """Reads on after a failure."""

    def feed(self, data: bytes) -> bytes:
        self.failure = None
        return super().feed(data)


class Drops(EventReader):
    """Loses what comes in a small piece."""

    def feed(self, data: bytes) -> bytes:
        return b"" if len(data) == 1 else super().feed(data)


def raises(http: HttpReply, chat: Chat) -> Reply | Failure:
    del chat
    raise KeyError(http.status)


READERS = [MakesUpAnEnd, SaysDoneAfterAFailure, GoesOn, Drops]
JUDGES = {"openai": openai.judge, "anthropic": anthropic.judge}
WHOLE: dict[str, tuple[object, Callable[[Chat], Interpreter]]] = {
    "openai": (openai_chat, ChunkInterpreter),
    "anthropic": (anthropic_messages, MessageInterpreter),
}


def broken_dialect(name: str, **changed: object) -> Dialect:
    """Make a dialect like the one of that *name* but for what is *changed*."""
    whole = vars(WHOLE[name][0])
    names = ("encode", "decode", "decode_error", "stream")
    return cast("Dialect", SimpleNamespace(**{n: whole[n] for n in names} | changed))


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("reader", READERS)
def test_a_broken_stream_is_condemned(name: str, reader: type[EventReader]) -> None:
    interpreter = WHOLE[name][1]
    broken = broken_dialect(name, stream=lambda chat: reader(interpreter(chat)))
    assert condemned(name, partial(JUDGES[name], dialect=broken))


@pytest.mark.parametrize("name", WHOLE)
def test_a_decoder_that_raises_is_condemned(name: str) -> None:
    broken = broken_dialect(name, decode=raises)
    assert condemned(name, partial(JUDGES[name], dialect=broken))


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_dialect_is_not(name: str) -> None:
    assert condemned(name, partial(JUDGES[name], dialect=broken_dialect(name))) == 0


class TakesAnyHead(Lane):
    """Looks at no head: takes what the parser takes."""

    def examine(self, *, hot: bool) -> None:
        """See nothing."""


class LosesABody(Lane):
    """Keeps only what came last of a body."""

    def on_body(self, body: bytes) -> None:
        if self.lane_cycle is not None:
            self.lane_cycle.pieces.clear()
        super().on_body(body)


class AnswersOutOfTurn(Lane):
    """Takes up a request while the one before is answered."""

    def line_up(self, cycle: LaneCycle) -> None:
        self.lane_cycle = cycle
        self.cycle = cast("Any", cycle)


class ForgetsWhatWaits(Lane):
    """Goes on to nothing when an answer is complete."""

    def on_response_complete(self) -> None:
        self.pipeline.clear()
        super().on_response_complete()


class KeepsABadConnection(Lane):
    """Says nothing to what is no HTTP, and waits."""

    def refuse(self, failure: Failure) -> None:
        """Say nothing."""
        del failure
        self.stage = BETWEEN


@pytest.mark.parametrize(
    "broken",
    [TakesAnyHead, LosesABody, AnswersOutOfTurn, ForgetsWhatWaits, KeepsABadConnection],
)
def test_a_broken_lane_is_condemned(broken: type[Lane]) -> None:
    assert condemned("lane", partial(lane.judge, lane=broken))


@pytest.mark.parametrize(
    ("lines", "served"),
    [
        (b"", 2),
        (b"upgrade: h2c\r\n", 2),  # for the next hop, as nobody names it
        (b"connection: upgrade\r\n", 2),
        (b"upgrade: h2c\r\nconnection: upgrade\r\n", 1),
        (b"upgrade: h2c\r\nconnection: x, Upgrade\r\n", 1),
        (b"connection: upgrade\r\nupgrade: h2c\r\nconnection: x\r\n", 1),
        (b"connection: close\r\nconnection: x\r\n", 1),
        (b"connection: x ,\tClose\r\n", 1),
        (b"connection: closed\r\n", 2),
    ],
)
def test_a_reader_goes_on_unless_the_connection_is_to_end(
    lines: bytes, served: int
) -> None:
    wire = b"GET / HTTP/1.1\r\nhost: a\r\n" + lines + b"\r\n"
    understood = understand(wire * 2)
    assert (len(understood.asked), understood.ending) == (served, "clean")
