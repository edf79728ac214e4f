"""What those who look on are shown: the newest frame, and what was told since.

All of it belongs to the event loop. Who is slow misses frames, and holds up nobody.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, Mapping

CAPTIONS_KEPT = 50
"""What somebody who comes later is shown of the past."""
BEHIND_MAX = 100
"""Who is so many tellings behind is told no more, and comes again."""
END = b""
BOUNDARY = b"frame"


class Reader:
    """One who is told everything, as long as he reads it."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(BEHIND_MAX)
        self.is_behind = False

    def put(self, line: bytes) -> None:
        """Queue *line*; where there is no room for it he has missed something."""
        if self.queue.full():
            self.is_behind = True
        else:
            self.queue.put_nowait(line)


class Feed:
    """Passes JPEGs and tellings on to all who look on; `watchers` count them."""

    def __init__(self) -> None:
        self.watchers = 0
        self.closed = False
        self._frame: bytes | None = None
        self._number = 0
        self._captions: deque[bytes] = deque(maxlen=CAPTIONS_KEPT)
        self._readers: set[Reader] = set()
        self._news = asyncio.Event()

    def show(self, jpeg: bytes) -> None:
        """Show *jpeg* to all, instead of the frame before."""
        self._frame = jpeg
        self._number += 1
        self._ring()

    def tell_caption(self, caption: Mapping[str, object]) -> None:
        """Tell all of *caption*, and those who come later."""
        line = _told("caption", caption)
        self._captions.append(line)
        self._tell(line)

    def tell_standing(self, standing: Mapping[str, object]) -> None:
        """Tell all where the watch stands."""
        self._tell(_told("standing", standing))

    def close(self) -> None:
        """End what everybody reads."""
        self.closed = True
        self._ring()
        self._tell(END)

    async def frames(self) -> AsyncGenerator[bytes]:
        """Yield the parts of a `multipart/x-mixed-replace` answer, newest frame first.

        https://html.spec.whatwg.org/multipage/urls-and-fetching.html, "Images".
        """
        self.watchers += 1
        seen = 0
        try:
            yield b"--" + BOUNDARY + b"\r\n"
            while not self.closed:
                if self._frame is None or self._number == seen:
                    await self._news.wait()
                    continue
                seen = self._number
                yield part_of(self._frame)
        finally:
            self.watchers -= 1

    async def tellings(self) -> AsyncGenerator[bytes]:
        """Yield server-sent events: the captions so far, then whatever is told."""
        reader = Reader()
        self._readers.add(reader)
        try:
            yield b"retry: 1000\n\n" + b"".join(self._captions)
            while not reader.is_behind:
                line = await reader.queue.get()
                if line is END:
                    return
                yield line
        finally:
            self._readers.discard(reader)

    @property
    def is_followed(self) -> bool:
        """Whether anybody is to be told anything."""
        return bool(self._readers)

    def _tell(self, line: bytes) -> None:
        for reader in self._readers:
            reader.put(line)

    def _ring(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


def part_of(jpeg: bytes) -> bytes:
    """Return *jpeg* as a part, up to the line that begins the next one.

    With that line a browser knows that the part is whole, and shows it at once.
    """
    head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg)
    return head + jpeg + b"\r\n--" + BOUNDARY + b"\r\n"


def _told(kind: str, what: Mapping[str, object]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(what)}\n\n".encode()
