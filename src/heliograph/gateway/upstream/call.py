"""One call, as the wire needs it: where to, which bytes, and until when."""

from collections.abc import Iterable
from ssl import SSLContext
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec import Raw, Struct

from heliograph.gateway.types import HttpRequest, Provider, Timeouts

HTTPS_PORT = 443
HTTP_PORT = 80


class Origin(NamedTuple):
    """Where a connection leads; connections are pooled by it."""

    host: str
    port: int
    tls: bool


class Call(Struct, eq=False):
    """One HTTP request ready to be sent; `sent`, once it is on its way.

    `deadline_at` is loop time, the end of the whole exchange's budget: no wait of
    this call goes past it. `patience_s` is a nearer bound on the first byte, for a
    call that others could answer as well.
    """

    origin: Origin
    head: bytes
    body: tuple[bytes | Raw, ...]
    timeouts: Timeouts
    deadline_at: float
    tls: SSLContext | None
    patience_s: float | None = None
    sent: bool = False

    @property
    def first_byte_s(self) -> float:
        """The bound on the first byte."""
        first_byte_s = self.timeouts.first_byte_s
        if self.patience_s is None:
            return first_byte_s
        return min(first_byte_s, self.patience_s)


def origin_of(base_url: str) -> tuple[Origin, str]:
    """Split *base_url* into its origin and the path that requests are put under.

    Config has checked that it is an http or https URL with a host.
    """
    url = urlsplit(base_url)
    tls = url.scheme == "https"
    port = url.port or (HTTPS_PORT if tls else HTTP_PORT)
    return Origin(url.hostname or "", port, tls), url.path.rstrip("/")


def head_of(
    provider: Provider, request: HttpRequest, auth: Iterable[tuple[str, str]]
) -> bytes:
    """Write the request line and the headers, all but content-length.

    Answers are asked for unpacked: a stream that arrives compressed cannot be
    looked at event by event without unpacking it here.
    """
    origin, prefix = origin_of(provider.endpoint.base_url)
    return head_to(origin, f"{prefix}{request.path}", (*request.headers, *auth))


def head_to(origin: Origin, path: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """Write the head of a POST to *path* at *origin*, all but content-length."""
    default_port = HTTPS_PORT if origin.tls else HTTP_PORT
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    if origin.port != default_port:
        host = f"{host}:{origin.port}"
    lines = [
        f"POST {path} HTTP/1.1",
        f"host: {host}",
        "user-agent: heliograph",
        "accept-encoding: identity",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return "\r\n".join(lines).encode("latin-1")
