"""Who may come in: the holder of a virtual key, once any key exists.

What a caller is told of a key that is no good: that it is unknown, or that it has
expired, which only he can learn who has the whole of it. That a key was revoked or
replaced is not told: who shows it may be the one it was revoked for. The log has it.
"""

import time
from collections.abc import Callable
from math import inf
from typing import NamedTuple

from heliograph.gateway.config.networks import Networks, holds
from heliograph.gateway.ledger.key_ring import Kept, KeyRing
from heliograph.gateway.server.credentials import (
    ADMIN,
    VIRTUAL,
    Headers,
    asker,
    is_near,
    shown,
)
from heliograph.gateway.server.refusals import refusal
from heliograph.gateway.types import Blame, Failure, VirtualKey

UNAUTHORIZED = 401
FORBIDDEN = 403
INVALID = "invalid_api_key"


def _bad_key(kind: str, said: str) -> Failure:
    failure = refusal(UNAUTHORIZED, INVALID, said)
    return Failure(
        Blame.CALLER, kind, said, UNAUTHORIZED, type=failure.type, code=INVALID
    )


_HOW = (
    "send it as `Authorization: Bearer hg-...`, `x-api-key: hg-...` or"
    " `x-goog-api-key: hg-...`."
)
_UNKNOWN = "This virtual key is not known here; ask whoever runs the gateway for one."
NO_KEY = _bad_key("key_missing", f"This gateway wants a virtual key: {_HOW}")
NOT_OURS = _bad_key(
    "key_unknown",
    "The key that was sent is none of this gateway's, which begin with `hg-`:"
    " a provider's own key is of no use here.",
)
UNKNOWN = _bad_key("key_unknown", _UNKNOWN)
REVOKED = _bad_key("key_revoked", _UNKNOWN)
REPLACED = _bad_key("key_replaced", _UNKNOWN)
EXPIRED = _bad_key("key_expired", "This virtual key has expired; ask for another one.")
NOT_FROM_THERE = refusal(
    FORBIDDEN,
    "ip_not_allowed",
    "This key may not be used from the address that the request came from.",
)

NOT_ADMIN = _bad_key(
    "not_admin",
    "This is for the admin key: send it as `Authorization: Bearer hgadmin-...`.",
)


class Verdict(NamedTuple):
    """Whose key it is, where that is known, and why it does not let him in.

    The same request is judged so until `until_s`, as long as the keys are the same.
    """

    key: VirtualKey | None
    failure: Failure | None
    until_s: float = inf


class Guard:
    """Judges what callers show; `keys.demanded` says whether anybody need ask it."""

    def __init__(self, keys: KeyRing, wall_s: Callable[[], float] = time.time) -> None:
        self.keys = keys
        self.wall_s = wall_s
        self.trusted: Networks = ()

    def judge(self, headers: Headers, url: bytes, peer: str | None) -> Verdict:
        """Judge a request of *headers* to *url* from the address *peer*."""
        key = shown(headers, url)
        kept = self.keys.find(key) if key.startswith(VIRTUAL) else None
        if kept is None:
            return Verdict(None, of_stranger(key))
        now_s = self.wall_s()
        if now_s >= kept.until_s:
            return Verdict(kept.key, ended(kept, now_s))
        if kept.networks:
            address = asker(peer, headers, self.trusted)
            if address is None or not holds(kept.networks, address):
                return Verdict(kept.key, NOT_FROM_THERE)
        return Verdict(kept.key, None, kept.until_s)

    def is_admin(self, headers: Headers) -> bool:
        """Say whether the admin key was sent, which is never a virtual key."""
        key = shown(headers, b"", ADMIN)
        return bool(key) and self.keys.is_admin(key, self.wall_s())

    def may_scrape(self, headers: Headers, peer: str | None) -> bool:
        """Say whether the numbers may be read: from this machine, or by the admin."""
        if not self.keys.demanded or is_near(peer, headers):
            return True
        return self.is_admin(headers)


def of_stranger(key: bytes) -> Failure:
    """Say what is wrong with a key that is not known."""
    if not key:
        return NO_KEY
    return UNKNOWN if key.startswith(VIRTUAL) else NOT_OURS


def ended(kept: Kept, now_s: float) -> Failure:
    """Say why a secret that was good is good no more."""
    key = kept.key
    if key.revoked_at is not None:
        return REVOKED
    if key.expires_at is not None and now_s >= key.expires_at:
        return EXPIRED
    return REPLACED
