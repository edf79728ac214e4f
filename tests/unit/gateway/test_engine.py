"""What the engine makes of an answer before a dialect reads it."""

import asyncio
from types import MappingProxyType

import pytest

from heliograph.gateway.engine.trial import unpacked
from heliograph.gateway.types import Blame, Timeouts
from heliograph.gateway.upstream.call import Call, Origin
from heliograph.gateway.upstream.connection import Connection

CALL = Call(Origin("a", 1, tls=False), b"POST /", (b"{}",), Timeouts(), 1e9, None)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("", None),
        ("Content-Encoding: identity\r\n", None),
        ("content-encoding: Identity\r\n", None),
        ("Content-Encoding: gzip\r\n", "content_encoding"),
        ("CONTENT-ENCODING: br\r\n", "content_encoding"),
    ],
)
async def test_a_packed_answer_is_the_providers_fault(
    header: str, kind: str | None
) -> None:
    connection = Connection(asyncio.get_running_loop())
    connection.send(CALL, streaming=False)
    connection.failure = None  # nothing was connected, so nothing could be sent
    head = f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{header}\r\n"
    connection.data_received(head.encode())
    failure = unpacked(packed=connection.packed)
    assert (failure.kind if failure else None) == kind
    assert failure is None or failure.blame is Blame.PROVIDER


async def test_headers_are_found_by_their_lower_case_name_the_last_one_counting() -> (
    None
):
    connection = Connection(asyncio.get_running_loop())
    connection.send(CALL, streaming=False)
    connection.data_received(
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-One: 1\r\nx-one: 2\r\n\r\n"
    )
    expected = MappingProxyType({"content-length": "0", "x-one": "2"})
    assert dict(connection.headers) == expected
    assert len(connection.headers) == len(expected)
    assert "x-two" not in connection.headers
