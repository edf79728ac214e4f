"""Words that come as datagrams, over real loopback sockets."""

import socket
import threading
from contextlib import ExitStack

import numpy as np
import pytest

from event_words import SMALL_EVT3, all_events, opened
from heliograph import camera
from heliograph.camera.reading.formats import open as open_recording
from heliograph.camera.reading.udp import Datagrams, name_of
from heliograph.camera.types import Packet, Size
from waiting import until

PAYLOAD = SMALL_EVT3[SMALL_EVT3.index(b"% end\n") + 6 :]
HERE = ("127.0.0.1", 0)
TOLD = "format=evt3&width=1280&height=720"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(HERE)
        return int(found.getsockname()[1])


def is_taken(port: int) -> bool:
    """Knock, for who tried to bind it would stand in the way of who is to have it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
        knocking.connect(("127.0.0.1", port))
        try:
            # The system tells of the first one's fate at the second.
            knocking.send(b"")
            knocking.send(b"")
        except ConnectionRefusedError:
            return False
    return True


def send(port: int, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for one in datagrams:
            sender.sendto(one, ("127.0.0.1", port))


@pytest.mark.parametrize("size", [2, 6, 4096])
@pytest.mark.parametrize("slashes", ["//", "/", ""])
def test_events_are_those_of_the_file(size: int, slashes: str) -> None:
    port, stop = free_port(), threading.Event()
    source = f"udp:{slashes}127.0.0.1:{port}?{TOLD}"
    packets: list[Packet] = []

    def watch() -> None:
        with open_recording(source, stop=stop) as recording:
            assert (recording.size, recording.format) == (Size(1280, 720), "EVT3")
            assert recording.name == f"udp://127.0.0.1:{port}"
            packets.extend(recording)

    watching = threading.Thread(target=watch)
    watching.start()
    until(lambda: is_taken(port))
    send(port, *(PAYLOAD[at : at + size] for at in range(0, len(PAYLOAD), size)))
    until(lambda: len(packets) == 1)
    stop.set()
    watching.join(10)
    assert np.array_equal(np.concatenate(packets), all_events(opened(SMALL_EVT3)))
    assert not is_taken(port)


def test_a_datagram_that_ends_within_a_word_shifts_nothing() -> None:
    stop = threading.Event()
    with Datagrams(HERE, 4, stop) as stream:
        send(stream.port, b"abcdefg", b"", b"ABC", b"12345678")
        seen = stream.read(1 << 20)
        while len(seen) < len(b"abcd12345678"):
            seen += stream.read(1 << 20)
        assert seen == b"abcd12345678"
        assert stream.lost == 2


def test_what_the_system_has_no_room_for_is_counted() -> None:
    stop = threading.Event()
    with Datagrams(HERE, 2, stop) as stream:
        stream._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        send(stream.port, *([bytes(1_000)] * 50))
        got = len(stream.read(1 << 20)) // 1_000
        assert 0 < got < 50
        send(stream.port, bytes(1_000))
        stream.read(1 << 20)
        assert stream.lost == 50 - got


def test_a_wait_ends_when_it_is_to() -> None:
    stop = threading.Event()
    with Datagrams(HERE, 2, stop) as stream:
        threading.Timer(0.05, stop.set).start()
        assert stream.read(1 << 20) == b""
        assert not stream.seekable()
        with pytest.raises(OSError, match="no going back to byte 7 of datagrams"):
            stream.seek(7)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("udp://127.0.0.1", "'127.0.0.1' is no address: write udp://HOST:PORT"),
        ("udp://127.0.0.1:99999?format=evt3", "is no address"),
        ("udp://127.0.0.1:9", "format= must say which words come, one of evt2"),
        ("udp://127.0.0.1:9?format=dat", "format= must say which"),
        ("udp://127.0.0.1:9?format=evt3&hight=3", "'hight' is not known"),
        ("udp://127.0.0.1:9?format=evt3&width=640", "a geometry of '640' by ''"),
        (
            "udp://127.0.0.1:0?format=evt3",
            "tells no width and height; say it as",
        ),
    ],
)
def test_an_address_that_does_not_say_enough_is_refused(source: str, told: str) -> None:
    with pytest.raises(camera.ForeignFileError) as raised:
        camera.open(source)
    assert told in str(raised.value)


def test_an_address_that_is_taken_is_an_error_of_the_system() -> None:
    with ExitStack() as stack:
        taken = stack.enter_context(Datagrams(HERE, 2, threading.Event()))
        with pytest.raises(OSError, match="in use"):
            camera.open(f"udp://127.0.0.1:{taken.port}?{TOLD}")
    assert name_of(f"udp:/127.0.0.1:{taken.port}?{TOLD}").endswith(str(taken.port))
