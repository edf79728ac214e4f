"""The key that a caller shows, and the address it asks from: pure.

OpenAI's clients send `Authorization: Bearer`, Anthropic's `x-api-key`, Google's
`x-goog-api-key` or `?key=`. All are read in every dialect: a client may be told to send
its key in the way of another.
"""

from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from heliograph.gateway.config.networks import Networks, address_of, holds

Headers = Sequence[tuple[bytes, bytes]]

AUTHORIZATION = b"authorization"
WAYS = {len(name): name for name in (AUTHORIZATION, b"x-api-key", b"x-goog-api-key")}
BEARER = b"bearer"
VIRTUAL, ADMIN = b"hg-", b"hgadmin-"
QUERY_KEY = b"key="
FORWARDED = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip"})


def shown(headers: Headers, url: bytes, ours: bytes = VIRTUAL) -> bytes:
    """Return the key shown, empty when there is none: one of *ours* before others.

    A client that is also set up for its vendor may send that one's key beside ours.
    """
    other = b""
    for name, value in reversed(headers):  # clients name themselves first
        wanted = WAYS.get(len(name))
        if wanted is None or name.lower() != wanted:
            continue
        if wanted is AUTHORIZATION:
            scheme, _, credential = value.partition(b" ")
            if scheme.lower() != BEARER:
                continue
            value = credential.strip()  # noqa: PLW2901 - the header's own part
        if value.startswith(ours):
            return value
        other = other or value
    if QUERY_KEY in url:
        for part in url.partition(b"?")[2].split(b"&"):
            if part.startswith(QUERY_KEY):
                return unquote_to_bytes(part.removeprefix(QUERY_KEY)) or other
    return other


def asker(peer: str | None, headers: Headers, trusted: Networks) -> str | None:
    """Return the address that asks; None when it is not known.

    Anybody can write `x-forwarded-for`, so it is read only when a trusted proxy sent
    it: from its end, the first address that is no trusted proxy.
    """
    if peer is None or not trusted or not holds(trusted, peer):
        return peer
    named = b",".join(v for n, v in headers if n.lower() == b"x-forwarded-for")
    address: str | None = peer
    for part in reversed(named.split(b",") if named else ()):
        address = without_port(part.decode("latin-1").strip())
        if address is None or not holds(trusted, address):
            return address
    return address


def without_port(text: str) -> str | None:
    """Read one part of `x-forwarded-for`: an address, with a port or without."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return text if address_of(text) is not None else None


def is_near(peer: str | None, headers: Headers) -> bool:
    """Say whether it is this machine that asks, and nobody through a proxy on it."""
    found = None if peer is None else address_of(peer)
    if found is None or not found.is_loopback:
        return False
    return not any(name.lower() in FORWARDED for name, _ in headers)
