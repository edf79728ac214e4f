"""The door's socket."""

import socket

from heliograph.gateway.app import listen


def test_asyncio_can_tell_that_the_door_is_tcp_and_sends_small_pieces_at_once() -> None:
    with listen("127.0.0.1", 0) as door_at:
        assert door_at.proto == socket.IPPROTO_TCP
