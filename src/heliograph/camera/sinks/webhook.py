"""Each caption posted to an address, signed, and posted again where that failed.

A thread of its own posts, one at a time and in order; nobody waits for it. What waits
is bounded, what is given up is counted. A post arrives at least once, and its id tells
what came twice. The address may be a secret, so no message repeats it.
"""

import hashlib
import hmac
import json
import threading
from collections import deque
from dataclasses import dataclass
from math import isfinite
from typing import Self

import urllib3
from urllib3.exceptions import HTTPError

from heliograph import __version__
from heliograph.camera.config.webhook import WebhookSettings
from heliograph.camera.http_deadline import pool_manager
from heliograph.camera.sinks.jsonl import to_json
from heliograph.camera.types import Caption
from heliograph.clock import Clock

REST_S_FIRST, REST_S_MAX = 1.0, 60.0
GOODBYE_S = 2.0
"""How long the end waits for what was not posted yet."""
OK_MIN, OK_END = 200, 300
AGAIN = frozenset({408, 425, 429})
SERVER_FAULT = 500


@dataclass(frozen=True, slots=True)
class WebhookCounters:
    """Posts so far: taken, given up, and those that wait."""

    sent: int
    lost: int
    waiting: int


def sign(secret: str, body: bytes, at_s: int) -> str:
    """Return the signature of *body* as it was sent at *at_s*: HMAC with SHA-256.

    The time is signed too, so that a post which somebody recorded is not good for ever.
    """
    told = f"{at_s}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()


def rest_s(tries: int, retry_after: str | None) -> float:
    """Return how long to wait after *tries* posts that failed."""
    try:
        asked_s = float(retry_after or "")
    except ValueError:
        asked_s = 0.0
    doubled_s = REST_S_FIRST * float(2 ** min(tries - 1, 10))
    wanted_s = max(doubled_s, asked_s if isfinite(asked_s) else 0.0)
    return min(REST_S_MAX, wanted_s)


class Webhook:
    """Posts captions of *camera* as *settings* say, while it is entered."""

    def __init__(self, settings: WebhookSettings, *, camera: str, clock: Clock) -> None:
        self._settings = settings
        self._camera = camera
        self._clock = clock
        self._pool = pool_manager(connections=1)
        self._changed = threading.Condition()
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._sent = self._lost = 0
        self._busy = self._ending = False
        self._thread = threading.Thread(
            target=self._post_all, name="webhook", daemon=True
        )

    @property
    def counters(self) -> WebhookCounters:
        """What was sent, lost, and waits."""
        with self._changed:
            return WebhookCounters(self._sent, self._lost, len(self._waiting))

    def append(
        self, caption: Caption, png: bytes = b"", *, in_doubt: bool = False
    ) -> None:
        """Have *caption* posted; where the queue is full the oldest is given up."""
        del png, in_doubt
        told = {"camera": self._camera} | to_json(caption)
        body = json.dumps(told, ensure_ascii=False).encode()
        with self._changed:
            if len(self._waiting) >= self._settings.queue_max:
                self._waiting.popleft()
                self._lost += 1
            self._waiting.append((f"{caption.id}.{caption.rung}", body))
            self._changed.notify_all()

    def close(self) -> None:
        """Wait a little for what was not posted yet, then give it up."""
        with self._changed:
            self._changed.wait_for(
                lambda: not self._waiting and not self._busy, timeout=GOODBYE_S
            )
            self._ending = True
            self._lost += len(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(GOODBYE_S)
        self._pool.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _post_all(self) -> None:
        """Post what waits, one after the other, until the end."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ending)
                if self._ending:
                    return
                post = self._waiting.popleft()
                self._busy = True
            is_taken = self._post_until_taken(*post)
            with self._changed:
                self._busy = False
                self._sent += is_taken
                self._lost += not is_taken
                self._changed.notify_all()

    def _post_until_taken(self, id_: str, body: bytes) -> bool:
        """Post as often as it is worth it; say whether it was taken."""
        for tries in range(1, self._settings.tries_max + 1):
            status, after = self._post(id_, body)
            if status is not None and OK_MIN <= status < OK_END:
                return True
            is_worth_it = status is None or status in AGAIN or status >= SERVER_FAULT
            if not is_worth_it or tries == self._settings.tries_max:
                return False
            with self._changed:
                if self._changed.wait_for(self._is_ending, rest_s(tries, after)):
                    return False
        return False

    def _is_ending(self) -> bool:
        return self._ending

    def _post(self, id_: str, body: bytes) -> tuple[int | None, str | None]:
        """Post once; return status and `retry-after`, None where nobody answered."""
        at_s = int(self._clock.wall_s())
        headers = {
            "content-type": "application/json",
            "user-agent": f"heliograph/{__version__}",
            "x-heliograph-id": id_,
            "x-heliograph-timestamp": str(at_s),
        }
        if (secret := self._settings.secret) is not None:
            headers["x-heliograph-signature"] = sign(secret.reveal(), body, at_s)
        try:
            answer = self._pool.request(
                "POST",
                self._settings.url.reveal(),
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(total=self._settings.timeout_s),
                # A redirect would carry the caption to a place nobody named.
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except HTTPError:
            return None, None
        answer.close()
        return answer.status, answer.headers.get("retry-after")
