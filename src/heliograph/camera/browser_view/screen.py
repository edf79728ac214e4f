"""The screen that a browser shows: a server on a thread of its own beside the watch.

The reader leaves a picture here ten times a second at most, and only while somebody
looks on; drawing and packing it is done by a thread of the server's.
"""

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import quote

import cv2
import numpy as np
import uvicorn
from numpy.typing import NDArray

from heliograph.camera.browser_view.feed import Feed
from heliograph.camera.browser_view.site import site
from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.config import SettingError
from heliograph.camera.screen import Facts, Look
from heliograph.camera.sinks.jsonl import to_json
from heliograph.camera.sinks.overlay import Overlay, Scene
from heliograph.camera.summary import Tally
from heliograph.camera.types import Caption, Track
from heliograph.clock import Clock

FRAME_S = 0.1
STANDING_S = 0.5
JPEG_QUALITY = 80
STOP_S = 2
TOKEN_BYTES = 16
GIVEN = "[the token you set]"
SAID_MAX = 256


@dataclass(frozen=True, slots=True)
class Place:
    """Where a watch is shown: an address, a token (None draws one), who is told it.

    `on_open` is told the whole address, but no token that was given: somebody's secret
    is for no log.
    """

    listen: tuple[str, int]
    token: str | None
    on_open: Callable[[str], object]


class BrowserScreen:
    """Shows a watch at *place* while it is entered. `url` is where, with its token.

    Raises `SettingError` when it is entered and cannot listen there.
    """

    def __init__(
        self,
        facts: Facts,
        tally: Tally,
        counters: Callable[[], QueueCounters],
        *,
        place: Place,
        clock: Clock,
    ) -> None:
        self.token = place.token or secrets.token_urlsafe(TOKEN_BYTES)
        self.url = ""
        self._facts = facts
        self._tally = tally
        self._counters = counters
        self._place = place
        self._clock = clock
        self._overlay = Overlay(facts.size, facts.name)
        self._said: dict[int, str] = {}
        self._events = 0
        self._events_us = facts.begin_us
        self._events_per_s = 0.0
        self._now_us = facts.begin_us
        self._tracks: tuple[Track, ...] = ()
        self._due_s = 0.0
        self._drawing = False
        self._feed: Feed | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name="browser view", daemon=True
        )
        self._socket: socket.socket | None = None

    def window(
        self,
        now_us: int,
        events: int,
        tracks: Sequence[Track],
        picture: Look,
    ) -> None:
        """Take in a window; its *picture* is asked for when it is to be shown."""
        self._events += events
        self._now_us = now_us
        self._tracks = tuple(tracks)
        feed, now_s = self._feed, self._clock.monotonic_s()
        if now_s < self._due_s or self._drawing or feed is None:
            return
        self._due_s = now_s + FRAME_S
        past_s = (now_us - self._events_us) / 1e6
        self._events_per_s = self._events / past_s if past_s > 0 else 0.0
        self._events, self._events_us = 0, now_us
        if feed.watchers:
            self._drawing = True
            self._call(self._draw, self._scene(picture(now_us)))

    def caption(self, caption: Caption) -> None:
        """Take in a caption, or the failure to get one."""
        said = self._said
        if caption.text:
            said[caption.track_id] = caption.text
            while len(said) > SAID_MAX:
                del said[next(iter(said))]
        if self._feed is not None:
            self._call(self._feed.tell_caption, to_json(caption))

    def __enter__(self) -> Self:
        host, port = self._place.listen
        try:
            family, _, _, _, where = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            self._socket = socket.create_server(where[:2], family=family)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise SettingError(
                f"the view cannot listen on {host}:{port}: {why}; give it another"
                " address"
            ) from error
        page = f"http://{shown_host(host)}:{self._socket.getsockname()[1]}/?token="
        self.url = f"{page}{quote(self.token, safe='')}"
        self._thread.start()
        self._ready.wait()
        self._place.on_open(self.url if self._place.token is None else page + GIVEN)
        return self

    def __exit__(self, *raised: object) -> None:
        self._call(self._stop)
        self._thread.join()

    def _call(self, what: Callable[..., None], *arguments: object) -> None:
        """Have the server's loop call *what*; a server that has ended calls nothing."""
        with suppress(RuntimeError):
            assert self._loop is not None  # noqa: S101 - it runs while we are entered
            self._loop.call_soon_threadsafe(what, *arguments)

    def _scene(self, picture: NDArray[np.uint8]) -> Scene:
        return Scene(
            picture=picture,
            tracks=self._tracks,
            at_s=(self._now_us - self._facts.begin_us) / 1e6,
            events_per_s=self._events_per_s,
            said={track.id: self._said.get(track.id, "") for track in self._tracks},
        )

    # on the server's thread

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._feed = Feed()
        config = uvicorn.Config(
            site(self._feed, self.token),
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=STOP_S,
        )
        self._server = uvicorn.Server(config)
        self._ready.set()
        standing = asyncio.create_task(self._tell_standing())
        assert self._socket is not None  # noqa: S101 - `__enter__` has opened it
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            standing.cancel()

    def _stop(self) -> None:
        assert self._feed is not None  # noqa: S101 - `_serve` has made both
        assert self._server is not None  # noqa: S101 - see above
        self._feed.tell_standing({"ended": True, **self._standing()})
        self._feed.close()
        self._server.should_exit = True

    def _draw(self, scene: Scene) -> None:
        task = asyncio.ensure_future(asyncio.to_thread(self._packed, scene))
        task.add_done_callback(self._drawn)

    def _packed(self, scene: Scene) -> bytes:
        frame = cv2.cvtColor(self._overlay.draw(scene), cv2.COLOR_RGB2BGR)
        _, jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        return bytes(jpeg)

    def _drawn(self, task: asyncio.Future[bytes]) -> None:
        self._drawing = False
        if not task.cancelled() and self._feed is not None:
            self._feed.show(task.result())

    async def _tell_standing(self) -> None:
        """Tell twice a second where the watch stands, while anybody listens."""
        feed = self._feed
        assert feed is not None  # noqa: S101 - `_serve` has made it
        while True:
            if feed.is_followed:
                feed.tell_standing(self._standing())
            await asyncio.sleep(STANDING_S)

    def _standing(self) -> dict[str, object]:
        tally, counters, facts = self._tally, self._counters(), self._facts
        return {
            "recording": facts.name,
            "size": [facts.size.width, facts.size.height],
            "model": facts.model,
            "at_s": (self._now_us - facts.begin_us) / 1e6,
            "events_per_s": self._events_per_s,
            "tracks": sum(track.state != "tentative" for track in self._tracks),
            "asked": tally.asked,
            "captions": tally.captions,
            "by_template": tally.errors,
            "waiting": counters.waiting,
        }


def shown_host(host: str) -> str:
    """Return what a browser elsewhere calls *host*: this machine, where it is all."""
    with suppress(ValueError):
        number = ip_address(host)
        if number.is_unspecified:
            return socket.gethostname()
        return f"[{host}]" if ":" in host else host
    return host
