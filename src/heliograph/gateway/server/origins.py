"""Which web pages may ask: what browsers say in `Origin`, and what they want to read.

A page may post to any address without asking first, and only reading the answer is
kept from it. That would be enough to spend keys, so a page is let in only when it is
listed, or was served by the gateway's own address.
"""

import re
from collections.abc import Sequence

ANY = "*"
MAX_AGE_S = 600
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,2000}")

Pairs = list[tuple[bytes, bytes]]


def may_ask(origin: bytes, host: bytes, listed: Sequence[str]) -> bool:
    """Say whether a page of *origin* may ask a gateway that it calls *host*."""
    scheme, _, authority = origin.lower().partition(b"://")
    if scheme in {b"http", b"https"} and authority == host.lower():
        return True
    return is_listed(origin, listed)


def is_listed(origin: bytes, listed: Sequence[str]) -> bool:
    """Say whether *origin* is among those the operator named."""
    named = origin.decode("latin-1").lower()
    return ANY in listed or any(named == one.lower() for one in listed)


def granted(origin: bytes, listed: Sequence[str]) -> Pairs:
    """Return the headers that let a page of *origin* read the answer; none if not."""
    if not listed or not is_listed(origin, listed):
        return []
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-expose-headers", b"*"),
        (b"vary", b"origin"),
    ]


def granted_before(origin: bytes, wanted: bytes, listed: Sequence[str]) -> Pairs:
    """Return the headers that answer a preflight which wants to send *wanted*."""
    pairs = granted(origin, listed)
    if not pairs:
        return []
    pairs.append((b"access-control-allow-methods", b"GET, HEAD, POST"))
    pairs.append((b"access-control-max-age", b"%d" % MAX_AGE_S))
    if _HEADER_NAMES.fullmatch(wanted):
        pairs.append((b"access-control-allow-headers", wanted))
    return pairs


def lines_of(pairs: Pairs) -> bytes:
    """Write *pairs* as lines of a head."""
    return b"".join(b"%b: %b\r\n" % pair for pair in pairs)
