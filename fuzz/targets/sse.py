"""The framing of server-sent events, and the reader of streams above it.

The choice is the bound of an event's bytes. The events must be those of a plain
reading of the HTML standard, wherever the network cuts.
"""

from collections.abc import Callable

from case import Case, case_of, cuts_of
from framing import BOM, Read, plainly
from streams import judge_stream

from heliograph.gateway.wire.reading import DONE, EventReader
from heliograph.gateway.wire.sse import Event, SseDecoder

BOUNDS = (8, 40, 200, 4096)

Making = Callable[[int], SseDecoder]


def judge(data: bytes, decoder: Making = SseDecoder) -> None:
    """Judge the framing by *data*."""
    case = case_of(data)
    if case is None:
        return
    bound = BOUNDS[case.choice % len(BOUNDS)]
    expected = plainly(case.wire, bound)
    for cut in cuts_of(case):
        assert read(decoder(bound), cut, bound) == expected, (cut, expected)
    judge_stream(lambda: EventReader(Counting()), case)


def read(decoder: SseDecoder, pieces: list[bytes], bound: int) -> Read:
    """Read *pieces*; what is kept meanwhile stays within the bound."""
    events = []
    for piece in pieces:
        events += decoder.feed(piece)
        assert kept_bytes(decoder) <= bound + len(piece)
    events += decoder.close()
    assert decoder.close() == []
    return Read(events, decoder.overflow)


def kept_bytes(decoder: SseDecoder) -> int:
    """Count what a decoder keeps of an event that has not ended."""
    kept = (decoder._rest, *decoder._data)  # noqa: SLF001 - what is kept is what is judged
    return sum(map(len, kept))


class Counting:
    """An interpreter that knows no dialect: each event is a chunk, two words end."""

    def take(self, reader: EventReader, event: Event) -> bytes:
        """Hand on an event's size, or end the stream."""
        name, data = event
        if data == b"stop":
            return self.end(reader)
        if name == b"error":
            reader.fail("error_event", "The provider sent an error.")
            return b""
        if data == b"cut":
            reader.fail("malformed_event", "An event of the provider's is malformed.")
            return b""
        return b'data: {"choices":[],"size":%d}\n\n' % len(data)

    def end(self, reader: EventReader) -> bytes:
        """Take the end of the stream for the end of the answer."""
        reader.started = reader.complete = True
        reader.finish = "stop"
        return DONE


def seeds() -> list[Case]:
    """Write the cases that the standard and real providers make one think of."""
    wires = (
        b"data: one\n\ndata: two\n\ndata: stop\n\n",
        b"event: x\ndata: {}\n\nevent: error\ndata: no\n\ndata: late\n\n",
        BOM + b": hi\r\n\r\ndata:a\rdata: b\r\rid: 7\nretry: 3\ndata: c\n\n",
        b"data\ndata:\n\nevent: lost\n\ndata: z\xc3\xbcrich\n\ndata: cut",
        b"data: " + b"x" * 60 + b"\n\ndata: after\n\n",
        b": " + b"c" * 60 + b"\n\ndata: after\n\n",
        b"data: 12345678\n\ndata: 1234567890\n\n" + b"data\n" * 20,
        b" \n <html>", b"\n\n[1]", BOM, BOM + b"{", b"\xef\xbb", b"\r\n\r",
b"data: a\r\ndata: b\r\n\r\n", BOM + BOM + b"data: a\n\n", b"data: a\n\n" + BOM,
        b"data: a\r", b"data: a\r\n", b"data: a\n\rdata: b\r\n\r\n",
    )  # fmt: skip
    return [
        Case(choice, seed, wire)
        for wire in wires
        for choice, seed in ((0, 1), (1, 2), (3, 0))
    ]
