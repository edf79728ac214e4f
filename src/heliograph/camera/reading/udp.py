"""A sensor behind a network: each datagram is the next words of a RAW payload.

There is no header, so the address says what one would: which words they are, and of how
many pixels. Nothing tells that a datagram was lost on its way, or who sent it.
"""

import select
import socket
import sys
import threading
from contextlib import ExitStack
from typing import Self
from urllib.parse import parse_qsl

from heliograph.camera.config.viewing import address_of
from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.reading.one_way import OneWay
from heliograph.camera.reading.pieces import Words
from heliograph.camera.reading.raw import FORMATS, Format
from heliograph.camera.reading.raw_form import RawForm
from heliograph.camera.reading.raw_header import checked_size
from heliograph.camera.reading.recording import Opened
from heliograph.camera.types import Size

UDP = "udp:"
"""What a source begins with that is an address to listen at."""

WAIT_S = 0.1
"""How often a wait for a datagram looks whether it is to end."""
DATAGRAM_BYTES_MAX = 65_536
ANCILLARY_BYTES = 64
KEPT_BYTES = 8 << 20
"""What the system is asked to keep of what nobody read yet; it may keep less."""
SO_RXQ_OVFL = 40
"""Linux: tells with a datagram how many found no room. Python has no name for it."""
OPTIONS = ("format", "width", "height")
FIX = "write udp://HOST:PORT?format=evt3&width=1280&height=720, in quotes"


def open_udp(source: str, *, stop: threading.Event, owned: ExitStack) -> Opened:
    """Listen where *source* says.

    Raises `ForeignFileError` for an address that does not tell what is to come, and
    `OSError` where nobody can listen there.
    """
    # A path has only one slash left.
    where, _, told = source.removeprefix(UDP).lstrip("/").partition("?")
    address = address_of(where)
    if address is None:
        raise ForeignFileError(f"{source}: {where!r} is no address: {FIX}")
    encoding, size = _told(told, source)
    stream = owned.enter_context(Datagrams(address, encoding.word.itemsize, stop))
    words = Words(stream, encoding.word, first=b"", at=0, origin=None)
    fields = {"integrator_name": "Heliograph"}
    return Opened(
        format=encoding.name,
        pieces=words,
        decode=encoding.decode,
        decode_share=encoding.decode_share,
        raw=RawForm(words, fields, encoding.name, encoding.lead),
        size=size,
        ask="its address tells no width and height",
        nothing=f"{{bytes}} bytes came, and no {encoding.name} time word in them",
    )


def name_of(source: str) -> str:
    """Return *source* without its options."""
    return f"udp://{source.removeprefix(UDP).lstrip('/').partition('?')[0]}"


class Datagrams(OneWay):
    """What comes to *address* as a stream of words of *word* bytes.

    It ends when *stop* is set. `lost` counts datagrams for which the system had no
    room, and those that ended within a word, of which the whole words are taken.
    """

    def __init__(
        self, address: tuple[str, int], word: int, stop: threading.Event
    ) -> None:
        super().__init__("datagrams")
        self._word = word
        self._stop = stop
        self._room = bytearray()
        self._cut = self._overflowed = 0
        host, port = address
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, place = found[0]
        self._socket = socket.socket(family, kind, protocol)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KEPT_BYTES)
            if sys.platform == "linux":
                self._socket.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
            self._socket.bind(place)
            self._socket.settimeout(0)
        except OSError:
            self._socket.close()
            raise
        self.port = int(self._socket.getsockname()[1])

    @property
    def lost(self) -> int:
        """How many datagrams did not come, or not wholly."""
        return self._cut + self._overflowed

    def read(self, size: int, /) -> bytes:
        """Return what came, at most *size* bytes, as soon as there are any.

        It is empty at the end. A datagram larger than *size* is cut.
        """
        while not self._stop.is_set():
            if not select.select([self._socket], [], [], WAIT_S)[0]:
                continue
            if data := self._received(size):
                self.passed += len(data)
                return data
        return b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._socket.close()

    def _received(self, size: int) -> bytes:
        """Return the whole words of the datagrams that are there and fit."""
        if len(self._room) < size:
            self._room = bytearray(size)
        room = memoryview(self._room)[:size]
        at = 0
        while not at or at + DATAGRAM_BYTES_MAX <= size:
            parts = [room[at : at + DATAGRAM_BYTES_MAX]]
            try:
                length, told, *_ = self._socket.recvmsg_into(parts, ANCILLARY_BYTES)
            except BlockingIOError:
                break
            for level, kind, data in told:
                if (level, kind) == (socket.SOL_SOCKET, SO_RXQ_OVFL):
                    self._overflowed = int.from_bytes(data[:4], sys.byteorder)
            rest = length % self._word
            self._cut += rest > 0
            # What stands behind it would be read shifted, and all after that too.
            at += length - rest
        return bytes(room[:at])


def _told(options: str, source: str) -> tuple[Format, Size | None]:
    """Read which words come and of how many pixels; raises `ForeignFileError`."""
    told = dict(parse_qsl(options, keep_blank_values=True))
    if unknown := sorted(told.keys() - set(OPTIONS)):
        known = ", ".join(OPTIONS)
        raise ForeignFileError(
            f"{source}: {unknown[0][:40]!r} is not known; an address has {known}"
        )
    name = told.get("format", "").upper().replace(".", "")
    if name not in FORMATS:
        formats = ", ".join(one.lower() for one in FORMATS)
        raise ForeignFileError(
            f"{source}: format= must say which words come, one of {formats}: {FIX}"
        )
    if not told.keys() & {"width", "height"}:
        return FORMATS[name], None
    sides = told.get("width", ""), told.get("height", "")
    return FORMATS[name], checked_size(*sides, source)
