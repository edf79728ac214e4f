"""What a provider's stream may be like, row by row, in each provider's dialect.

The streams are the simulated providers' own. A row says how one is spoilt, whether
a caller should notice at all, and whether it strikes before the first word.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeAlias

from heliograph.simulation.providers.faults import PORTAL
from heliograph.simulation.providers.routes import WIRES
from heliograph.simulation.providers.types import (
    Answer,
    Ask,
    DialectName,
    EventRole,
    Refusal,
    Step,
)
from replaying import Cut, page, streamed

PIECES = ("Zwölf ", "Mäuse ", "ran ", "up ", "the ", "clock: ", "🐭 ", "and ", "off.")
TEXT = "".join(PIECES)
SAID = Answer("1", 1, "m", pieces=PIECES, input_tokens=9, output_tokens=len(PIECES))
OVERLOADED = Refusal(503, "The simulated provider is overloaded.")
GAP_S = 0.01
BOM = b"\xef\xbb\xbf"
RETRY = b"retry: 3000\n\n"
NAMED_PING = b'event: ping\ndata: {"type":"ping"}\n\n'
BARE_ERROR = b'event: error\ndata: {"message":"overloaded"}\n\n'
OTHERS_ERROR = b'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n'
DONE = b"data: [DONE]\n\n"

Pieces: TypeAlias = Sequence[bytes | float]
ALL: tuple[DialectName, ...] = ("openai", "anthropic", "gemini")


class Stream:
    """A whole stream of one dialect, and ways to take it apart."""

    def __init__(self, dialect: DialectName, *, usage: bool = False) -> None:
        self.dialect = dialect
        self.wire = WIRES[dialect]
        ask = Ask("m", stream=True, include_usage=usage)
        self.roles = self.wire.events(SAID, ask)
        self.events = [event.data for event in self.roles]
        self.middle = len(self.events) // 2

    def without(self, *gone: EventRole) -> list[bytes]:
        """Leave out the events with these roles."""
        return [event.data for event in self.roles if event.role not in gone]

    def amid(self, *pieces: bytes | float) -> Pieces:
        """Put *pieces* between two events, after the first words."""
        return [*self.events[: self.middle], *pieces, *self.events[self.middle :]]

    def then(self, *pieces: bytes | float) -> Pieces:
        """Say the first half, and *pieces* in the place of the rest."""
        return [*self.events[: self.middle], GAP_S, *pieces]

    @property
    def endless(self) -> list[bytes]:
        """All but what says that it is whole; Gemini says both in one event."""
        return self.without("finish", "terminal")


Play: TypeAlias = Callable[[Stream], Iterable[Step]]


class Row(NamedTuple):
    """One kind of stream: how it is played, and what it must come to."""

    name: str
    play: Play
    harmless: bool = False
    early: bool = False
    dialects: tuple[DialectName, ...] = ALL
    stalls: bool = False

    @property
    def slug(self) -> str:
        """Its name, as a provider's name may be."""
        letters = (c if c.isalnum() else "_" for c in self.name.lower())
        return "_".join(part for part in "".join(letters).split("_") if part)


def plain(spoil: Callable[[Stream], Pieces], cut: Cut = "end") -> Play:
    """Play what *spoil* makes of a stream, with the end that *cut* names."""
    return lambda stream: streamed(spoil(stream), cut)


def as_usual(stream: Stream) -> Pieces:
    """Spoil nothing."""
    return stream.events


def with_usage(stream: Stream) -> Pieces:
    """Send the usage in an event of its own, after the finish."""
    return Stream(stream.dialect, usage=True).events


def crlf(stream: Stream) -> Pieces:
    """End lines as Windows does; Gemini does so anyway."""
    return [e.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for e in stream.events]


def letters(stream: Stream) -> Pieces:
    """Cut everything, umlauts too, into single bytes."""
    return [bytes([byte]) for byte in b"".join(stream.events)]


def marked(stream: Stream) -> Pieces:
    """Begin with a byte order mark, right before the first words."""
    opening = ("open",) if stream.dialect == "openai" else ()
    first, *rest = stream.without(*opening)
    return [BOM + first, *rest]


def nameless(stream: Stream) -> Pieces:
    """Leave out the names of events."""
    return [b"data: " + event.partition(b"data: ")[2] for event in stream.events]


def numbered(stream: Stream) -> Pieces:
    """Number an event, and send a comment further on."""
    return [b"id: 7\n" + stream.events[0], *stream.events[1:3], b": so far\n\n",
            *stream.events[3:]]  # fmt: skip


def halved(stream: Stream) -> Pieces:
    """Break off in the middle of an event."""
    event = stream.events[stream.middle]
    return stream.then(event[: len(event) // 2])


def garbled(stream: Stream) -> Pieces:
    """Lose the end of one event's JSON, and go on."""
    rest = stream.events[stream.middle + 1 :]
    return stream.then(stream.wire.malformed(), *rest)


def told(stream: Stream) -> Pieces:
    """Say an error as the dialect does."""
    return stream.then(stream.wire.error_event(OVERLOADED))


def told_with_key(stream: Stream) -> Pieces:
    """Say an error in a named event, as proxies do."""
    return stream.then(b"event: error\n" + OTHERS_ERROR)


def document(stream: Stream) -> Iterable[Step]:
    """Answer with one JSON document."""
    return page("application/json", stream.wire.whole(SAID))


def error_document(stream: Stream) -> Iterable[Step]:
    """Answer with an error, but with status 200."""
    return page("application/json", stream.wire.error(OVERLOADED, "req_1"))


def amid(*pieces: bytes) -> Play:
    """Play a whole stream with *pieces* in its middle."""
    return plain(lambda stream: stream.amid(*pieces))


def then(*pieces: bytes | float, cut: Cut = "end") -> Play:
    """Play half a stream, then *pieces*, then the end that *cut* names."""
    return plain(lambda stream: stream.then(*pieces), cut)


ROWS = (
    Row("as it should be", plain(as_usual), harmless=True),
    Row("usage last", plain(with_usage), harmless=True),
    Row("comments", amid(b": ping\n\n"), harmless=True),
    Row("CRLF", plain(crlf), harmless=True),
    Row("single bytes", plain(letters), harmless=True),
    Row("`event: ping`", amid(NAMED_PING), harmless=True),
    Row("`retry:` line", amid(RETRY), harmless=True),
    Row("`id:` line, then a comment", plain(numbered), harmless=True),
    Row("empty `data:`", amid(b"data:\n\n"), harmless=True),
    Row("`data: null`", amid(b"data: null\n\n"), harmless=True, dialects=("openai",)),
    Row("chunk without `choices`", amid(b'data: {"id":"1"}\n\n'), harmless=True,
        dialects=("openai",)),
    Row("byte order mark", plain(marked), harmless=True),
    Row("no event names", plain(nameless), harmless=True, dialects=("anthropic",)),
    Row("no terminal event", plain(lambda stream: stream.without("terminal")),
        dialects=("openai", "anthropic")),
    Row("no finish, but `[DONE]`", plain(lambda stream: stream.without("finish")),
        dialects=("openai", "anthropic")),
    Row("clean end without finish", plain(lambda stream: stream.endless)),
    Row("clean end in the middle", then()),
    Row("clean end inside an event", plain(halved)),
    Row("chunks cut", then(cut="chunked")),
    Row("closed early, no framing", then(cut="close_delimited")),
    Row("reset", then(GAP_S, cut="reset")),
    Row("stall", then(cut="hang"), stalls=True),
    Row("error event", plain(told)),
    Row("error event, then `[DONE]`", plain(lambda s: [*told(s), DONE])),
    Row("`event: error` with `error`", plain(told_with_key)),
    Row("`event: error` without `error`", then(BARE_ERROR)),
    Row("unnamed error in OpenAI's shape", then(OTHERS_ERROR)),
    Row("JSON cut in an event", plain(garbled)),
    Row("null in the place of an event", then(b"data: null\n\n")),
    Row("JSON for a stream", document, early=True),
    Row("error with status 200", error_document, early=True),
    Row("HTML with status 200", lambda _: page("text/html", PORTAL), early=True),
    Row("ended at once", plain(lambda _: []), early=True),
    Row("headers, then silence", plain(lambda _: [], "hang"), early=True, stalls=True),
)  # fmt: skip


def rows(dialect: DialectName) -> list[Row]:
    """List the rows that there are in a provider's *dialect*."""
    return [row for row in ROWS if dialect in row.dialects]
