"""Server-sent events, read from bytes as they arrive.

The rules are those of the HTML standard, "Parsing an event stream":
https://html.spec.whatwg.org/multipage/server-sent-events.html
But for the pings that some providers send as events, this file knows nothing of JSON,
`[DONE]` or any provider.
"""

import re

Event = tuple[bytes, bytes]
"""The event's name (empty when it has none) and its data."""

EVENT_BYTES_MAX = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_DATA = b"data: "
_NAME = b"event: "
_END = b"\n\n"
_KEEP_ALIVE = re.compile(rb':.*|event: ?ping|data: ?({\s*"type"\s*:\s*"ping"\s*})?|')


class SseDecoder:
    """Cuts a byte stream into events, wherever the network cut it before.

    Comments, `id` and `retry` lines and events without data are left out.
    An event whose data and the line under way are larger than *event_bytes_max* sets
    `overflow` and ends the reading: nothing raises.
    """

    __slots__ = (
        "_after_cr",
        "_clean",
        "_data",
        "_head",
        "_name",
        "_rest",
        "_size",
        "_size_max",
        "overflow",
    )

    def __init__(self, event_bytes_max: int = EVENT_BYTES_MAX) -> None:
        self._size_max = event_bytes_max
        self._head: bytes | None = b""
        self._clean = True
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._name = b""
        self._size = 0
        self._after_cr = False
        self.overflow = False
        """An event was larger than the bound; nothing more is read."""

    def feed(self, data: bytes) -> list[Event]:
        """Take in *data*; return the events it completed."""
        # Providers write whole events, so nearly every read is one or a few of them.
        size = len(data)
        if (
            self._clean
            and data.endswith(_END)
            and b"\r" not in data
            and size <= self._size_max
        ):
            if data.find(b"\n") == size - 2 > len(_DATA) and data.startswith(_DATA):
                self._head = None
                return [(b"", data[len(_DATA) : -2])]
            events = _whole_events(data)
            if events is not None:
                self._head = None
                return events
        return self._feed_lines(data)

    def close(self) -> list[Event]:
        """Return what an unfinished last event holds, if anything."""
        if self.overflow:
            return []
        data = (self._head or b"") + bytes(self._rest)
        self._head = None
        self._rest.clear()
        events: list[Event] = []
        for line in (data, b""):
            self._line(line, events)
        return events

    def _feed_lines(self, data: bytes) -> list[Event]:
        if self.overflow:
            return []
        if self._head is not None:
            data = self._head + data
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._head = data
                self._clean = not data
                return []
            self._head = None
            data = data.removeprefix(_BOM)
        events = self._read_lines(data)
        kept = self._rest or self._name or self._data or self._after_cr
        self._clean = not (kept or self.overflow)
        return events

    def _read_lines(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        *lines, rest = self._split(data)
        if lines and self._rest:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest.clear()
        for line in lines:
            if self._is_too_large(line):
                return events
            self._line(line, events)
        self._rest += rest
        self._is_too_large(self._rest)
        return events

    def _is_too_large(self, line: bytes | bytearray) -> bool:
        """Note whether *line*, or what came of it so far, passes the bound."""
        if self._size + len(line) > self._size_max:
            self.overflow = True
            self._data = []
            self._rest.clear()
        return self.overflow

    def _split(self, data: bytes) -> list[bytes]:
        """Split at LF, CRLF or CR, also when a CRLF was cut in two."""
        if self._after_cr:
            data = data.removeprefix(b"\n")
        if b"\r" not in data:
            self._after_cr = False
            return data.split(b"\n")
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")

    def _line(self, line: bytes, events: list[Event]) -> None:
        if not line:
            data = b"\n".join(self._data)
            if data:
                events.append((self._name, data))
            self._data = []
            self._name = b""
            self._size = 0
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            value = value.removeprefix(b" ")
            self._data.append(value)
            self._size += len(value) + 1
        elif field == b"event":
            self._name = value.removeprefix(b" ")


def _whole_events(data: bytes) -> list[Event] | None:
    """Read *data* if it is nothing but one-line events in their usual spelling."""
    if data.startswith(_DATA):
        pieces = data[len(_DATA) : -len(_END)].split(_END + _DATA)
        if data.count(b"\n") == 2 * len(pieces) and b"" not in pieces:
            return [(b"", piece) for piece in pieces]
    elif data.startswith(_NAME):
        return _whole_named_events(data)
    return None


def _whole_named_events(data: bytes) -> list[Event] | None:
    pieces = data[len(_NAME) : -len(_END)].split(_END + _NAME)
    if data.count(b"\n") != 3 * len(pieces):
        return None
    events = []
    for piece in pieces:
        name, found, text = piece.partition(b"\n" + _DATA)
        if not found or not text or b"\n" in text:
            return None
        events.append((name, text))
    return events


def is_keep_alive(data: bytes) -> bool:
    """Say whether *data* is nothing but comments and pings: alive, but no progress."""
    return all(_KEEP_ALIVE.fullmatch(line) for line in data.splitlines())
