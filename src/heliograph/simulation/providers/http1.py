"""The bytes of an HTTP/1.1 answer."""

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus

SSE_TYPE = "text/event-stream; charset=utf-8"
LAST_CHUNK = b"0\r\n\r\n"
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@lru_cache(maxsize=256)
def _line(status: int, content_type: str) -> bytes:
    reason = _REASONS.get(status, "Simulated")
    return (
        f"HTTP/1.1 {status} {reason}\r\nserver: heliograph-simulated\r\n"
        f"content-type: {content_type}\r\n"
    ).encode("latin-1")


def head(
    status: int, content_type: str, headers: bytes, *, length: int | None, close: bool
) -> bytes:
    """Write a head. With no *length* the body is chunked, or runs to the close."""
    end = b"connection: close\r\n\r\n" if close else b"\r\n"
    if length is not None:
        return (
            _line(status, content_type)
            + headers
            + b"content-length: %d\r\n%s"
            % (
                length,
                end,
            )
        )
    framing = b"" if close else b"transfer-encoding: chunked\r\n"
    return _line(status, content_type) + headers + framing + end


def chunk(data: bytes) -> bytes:
    """Frame *data* as one chunk."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def lines(headers: Mapping[str, str]) -> bytes:
    """Write extra headers, one line each."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode(
        "latin-1", "replace"
    )
