"""HTTP/1.1 read as RFC 9112 says, strictly: what a lane may serve, and what it wrote.

Slow, whole, and by no parser that the gateway uses. What is doubtful is *bad* here: a
request that two readers may see differently must not be served.
"""

import re
from typing import Literal, NamedTuple

# What stands between two requests and is none: no reader sees a request in it.
EMPTY_LINES = re.compile(rb"[\r\n]*")
TOKEN = rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+)"
REQUEST_LINE = re.compile(TOKEN + rb" +([!-~]+) +HTTP/1\.([01])\r\n")
FIELD = re.compile(TOKEN + rb":[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*\r\n")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?\r\n")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) [ -~]*\r\n")

Ending = Literal["clean", "unfinished", "bad"]


class Asked(NamedTuple):
    """One request as it was meant."""

    method: bytes
    body: bytes


class Understood(NamedTuple):
    """The requests of a connection, up to the first that is not whole or not good.

    *rest* is what could not be understood.
    """

    asked: list[Asked]
    ending: Ending
    rest: bytes = b""

    def is_head(self, place: int, *, is_last: bool) -> bool:
        """Say whether the request at a *place* is answered with a head alone.

        What could not be understood may be a `HEAD`: then nothing follows the head.
        """
        if place < len(self.asked):
            return self.asked[place].method == b"HEAD"
        return is_last and self.rest.startswith(b"HEAD")


class Answer(NamedTuple):
    """One answer as a caller sees it: *said* is its name and its body."""

    status: int
    said: bytes
    closes: bool


class UnfinishedError(Exception):
    """The bytes end in the middle."""


class BadError(Exception):
    """The bytes are no HTTP, or may be read in two ways."""


class Reading:
    """Bytes, and how far they were read."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.at = 0

    @property
    def is_done(self) -> bool:
        """All was read."""
        return self.at == len(self.text)

    def line(self, kind: re.Pattern[bytes]) -> re.Match[bytes]:
        """Read one line of a *kind*."""
        found = kind.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            return found
        raise BadError if b"\n" in self.text[self.at :] else UnfinishedError

    def take(self, size: int) -> bytes:
        """Read *size* bytes."""
        taken = self.text[self.at : self.at + size]
        if len(taken) < size:
            raise UnfinishedError
        self.at += size
        return taken

    def end_of_line(self) -> None:
        """Read a CRLF."""
        if self.take(2) != b"\r\n":
            raise BadError

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Read header fields and the empty line behind them."""
        found = []
        while not self.text.startswith(b"\r\n", self.at):
            if self.is_done or self.text[self.at :] == b"\r":
                raise UnfinishedError
            field = self.line(FIELD)
            found.append((field[1].lower(), field[2]))
        self.end_of_line()
        return found

    def chunks(self) -> bytes:
        """Read a chunked body and its trailer."""
        body = b""
        while size := int(self.line(CHUNK)[1], 16):
            body += self.take(size)
            self.end_of_line()
        self.fields()
        return body


def understand(wire: bytes) -> Understood:
    """Read the requests of a connection."""
    reading = Reading(wire)
    asked: list[Asked] = []
    while True:
        skipped = EMPTY_LINES.match(wire, reading.at)
        reading.at = skipped.end() if skipped else reading.at
        if reading.is_done:
            return Understood(asked, "clean")
        begin = reading.at
        try:
            request, goes_on = one_request(reading)
        except UnfinishedError:
            return Understood(asked, "unfinished", wire[begin:])
        except BadError:
            return Understood(asked, "bad", wire[begin:])
        asked.append(request)
        if not goes_on:
            return Understood(asked, "clean")


def one_request(reading: Reading) -> tuple[Asked, bool]:
    """Read a request; say whether another may follow it."""
    line = reading.line(REQUEST_LINE)
    fields = reading.fields()
    old = line[3] == b"0"
    coded = [value.lower() for name, value in fields if name == b"transfer-encoding"]
    lengths = [value for name, value in fields if name == b"content-length"]
    hosts = [value for name, value in fields if name == b"host"]
    if len(hosts) > 1 or (not hosts and not old):
        raise BadError
    if coded and (coded != [b"chunked"] or lengths or old):
        raise BadError
    if len(lengths) > 1 or not all(re.fullmatch(rb"\d{1,15}", n) for n in lengths):
        raise BadError
    body = (
        reading.chunks() if coded else reading.take(int(lengths[0]) if lengths else 0)
    )
    wishes = wishes_of(fields)
    # RFC 9110, 7.8: an `Upgrade` that `Connection` does not name is not for us.
    other = b"upgrade" in wishes and any(name == b"upgrade" for name, _ in fields)
    goes_on = not (old or b"close" in wishes or other or line[1] == b"CONNECT")
    return Asked(line[1], body), goes_on


def wishes_of(fields: list[tuple[bytes, bytes]]) -> set[bytes]:
    """Read what is wished of the connection; all lines of it count."""
    said = b",".join(value for name, value in fields if name == b"connection")
    return {wish.strip(b" \t") for wish in said.lower().split(b",")}


def answers(wire: bytes, understood: Understood) -> list[Answer]:
    """Read what was written, which must be whole answers; 100s are left out."""
    reading = Reading(wire)
    found: list[Answer] = []
    while not reading.is_done:
        status = int(reading.line(STATUS_LINE)[1])
        fields = dict(reading.fields())
        if status < 200:
            continue
        is_head = understood.is_head(len(found), is_last=reading.is_done)
        body = b"" if is_head else body_of(reading, fields)
        named = fields.get(b"x-name", b"")
        closes = fields.get(b"connection") == b"close"
        found.append(Answer(status, named + body, closes))
    return found


def body_of(reading: Reading, fields: dict[bytes, bytes]) -> bytes:
    """Read an answer's body; without a length, it ends with the connection."""
    if b"transfer-encoding" in fields:
        assert fields[b"transfer-encoding"] == b"chunked"
        assert b"content-length" not in fields
        return reading.chunks()
    if b"content-length" in fields:
        return reading.take(int(fields[b"content-length"]))
    return reading.take(len(reading.text) - reading.at)
