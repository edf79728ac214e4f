"""What the engine makes of an answer before a dialect reads it."""

import asyncio
from types import MappingProxyType

import pytest

from heliograph.gateway.types import Timeouts
from heliograph.gateway.upstream.call import Call, Origin
from heliograph.gateway.upstream.connection import Connection

CALL = Call(Origin("a", 1, tls=False), b"POST /", (b"{}",), Timeouts(), 1e9, None)


@pytest.mark.parametrize(
    ("header", "packed"),
    [
        ("", False),
        ("Content-Encoding: identity\r\n", False),
        ("content-encoding: Identity\r\n", False),
        ("Content-Encoding: gzip\r\n", True),
        ("CONTENT-ENCODING: br\r\n", True),
    ],
)
async def test_a_packed_answer_is_known_by_its_header(
    header: str, *, packed: bool
) -> None:
    connection = Connection(asyncio.get_running_loop())
    connection.send(CALL, streaming=False)
    connection.failure = None  # nothing was connected, so nothing could be sent
    head = f"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{header}\r\n"
    connection.data_received(head.encode())
    assert connection.packed is packed


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
