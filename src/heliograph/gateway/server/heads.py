"""What is wrong with a request's head, beyond what the parser refuses by itself.

The parser (llhttp) takes no bare line feed, folded line, space before a colon, second
or listed length, length beside a transfer coding, or bad chunk. What it does take and
another parser in front of us may take otherwise is refused here.
"""

from collections.abc import Sequence

from msgspec import Struct

from heliograph.gateway.server.hosts import Hosts, name_in
from heliograph.gateway.server.origins import may_ask
from heliograph.gateway.server.refusals import (
    BAD_HTTP,
    HEAD_TOO_LARGE,
    NO_ASTERISK,
    NO_UPGRADE,
    ONE_HOST,
    bad_host,
    body_too_large,
    not_our_host,
    not_our_page,
    unknown_method,
    unknown_version,
)
from heliograph.gateway.types import Failure, Server

HEAD_BYTES_MAX = 64 * 1024
HEADERS_MAX = 128
METHODS = frozenset({b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"})
VERSIONS = frozenset({"1.0", "1.1"})


class Head(Struct):
    """A request's head as the parser read it."""

    method: bytes
    url: bytes
    version: str
    headers: Sequence[tuple[bytes, bytes]]
    upgrade: bool = False

    def values(self, name: bytes) -> list[bytes]:
        """Return all values of the header of that lower-case *name*."""
        return [value for found, value in self.headers if found.lower() == name]


def flaw(head: Head, hosts: Hosts, server: Server) -> Failure | None:
    """Say why the request of *head* is not let in; None when nothing is wrong."""
    return (
        flaw_of_size(head)
        or flaw_of_protocol(head)
        or flaw_of_host(head, hosts)
        or flaw_of_origin(head, server.cors_origins)
        or flaw_of_body(head, server.body_mb_max)
        # Last, because it may be overlooked, and then nothing else must have been.
        or (NO_UPGRADE if head.upgrade else None)
    )


def flaw_of_size(head: Head) -> Failure | None:
    """Bound what may be sent before anything is decided."""
    size = len(head.url) + sum(len(n) + len(v) + 4 for n, v in head.headers)
    if len(head.headers) > HEADERS_MAX or size > HEAD_BYTES_MAX:
        return HEAD_TOO_LARGE
    return None


def flaw_of_protocol(head: Head) -> Failure | None:
    """Refuse what is another protocol, or asks for one."""
    if head.version not in VERSIONS:
        return unknown_version(head.version)
    if head.method not in METHODS:
        return unknown_method(head.method)
    if head.url == b"*":
        return NO_ASTERISK
    return None


def flaw_of_host(head: Head, hosts: Hosts) -> Failure | None:
    """Check every name that the request asks for; HTTP/1.0 need not name any."""
    asked = head.values(b"host")
    if len(asked) > 1 or (not asked and head.version != "1.0"):
        return ONE_HOST
    if head.url[:1] != b"/":  # the absolute form: RFC 9112, 3.2.2
        scheme, _, rest = head.url.partition(b"://")
        if scheme.lower() not in {b"http", b"https"}:
            return BAD_HTTP
        asked.append(rest.partition(b"/")[0].partition(b"?")[0])
    for authority in asked:
        if not hosts.admits(authority):
            name = name_in(authority)
            return bad_host() if name is None else not_our_host(name)
    return None


def flaw_of_origin(head: Head, listed: Sequence[str]) -> Failure | None:
    """Refuse a web page that is not listed and was not served from here."""
    host = b"".join(head.values(b"host"))
    for origin in head.values(b"origin"):
        if not may_ask(origin, host, listed):
            return not_our_page(origin)
    return None


def flaw_of_body(head: Head, body_mb_max: float) -> Failure | None:
    """Refuse a body that is too large by its own word, or framed in a way of its own.

    RFC 9112, 6.1: a transfer coding that is not known, or in HTTP/1.0, may hide where
    the body ends from one of two parsers.
    """
    codings = head.values(b"transfer-encoding")
    if codings and (
        head.version == "1.0" or [value.lower() for value in codings] != [b"chunked"]
    ):
        return BAD_HTTP
    bytes_max = body_mb_max * 1024 * 1024
    if any(int(value) > bytes_max for value in head.values(b"content-length")):
        return body_too_large(body_mb_max)
    return None


def has_body(head: Head) -> bool:
    """Say whether a body follows, which the parser does not read behind an upgrade."""
    lengths = head.values(b"content-length")
    return bool(head.values(b"transfer-encoding")) or any(map(int, lengths))
