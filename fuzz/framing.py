"""Server-sent events read as the HTML standard says it, without regard to speed."""

from typing import NamedTuple

from heliograph.gateway.wire.sse import EVENT_BYTES_MAX, Event

BOM = b"\xef\xbb\xbf"


class Read(NamedTuple):
    """What came of a stream: its events, and whether one was too large."""

    events: list[Event]
    overflow: bool


def plainly(wire: bytes, bound: int = EVENT_BYTES_MAX) -> Read:
    """Read *wire*, however it was cut.

    An event is too large when the data it has and the line under way exceed *bound*.
    """
    text = wire.removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = text.split(b"\n")
    events: list[Event] = []
    name, data = b"", list[bytes]()
    # A last event without its empty line is read: providers forget it.
    for line in [*lines, b""]:
        if sum(len(kept) + 1 for kept in data) + len(line) > bound:
            return Read(events, overflow=True)
        field, _, value = line.partition(b":")
        if not line:
            if any(data) or len(data) > 1:
                events.append((name, b"\n".join(data)))
            name, data = b"", []
        elif field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = value.removeprefix(b" ")
    return Read(events, overflow=False)
