"""A file that grows and a pipe: read as they come, left when somebody says stop."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest

from aedat4_files import aedat4, events_of
from event_words import (
    EVT3_HEADER,
    SMALL_EVT3,
    all_events,
    column,
    dat,
    evt3,
    high,
    low,
    npy,
    opened,
    packet_of,
    row,
    tuples,
)
from hdf5_files import metavision
from heliograph import camera
from heliograph.camera.types import Packet, Size

EVENTS = ((1, 2, 1, 5), (9, 7, 0, 9_000), (7, 8, 1, 31_000))
GROWING = {
    "EVT3": SMALL_EVT3,
    "DAT": dat(*EVENTS),
    "AEDAT4": aedat4(*(events_of(packet_of(event)) for event in EVENTS)),
    "NPY": npy(packet_of(*EVENTS)),
}


@contextmanager
def reading(path: Path, stop: threading.Event) -> Iterator["list[Packet]"]:
    """Follow *path* in a thread; the list grows with its windows."""
    packets: list[Packet] = []

    def read() -> None:
        size = Size(1280, 720)
        with camera.open(path, size=size, follow=True, stop=stop) as recording:
            packets.extend(recording)

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(read)
        try:
            yield packets
        finally:
            future.result(timeout=20)


def wait_for(packets: list[Packet], count: int) -> None:
    for _ in range(1000):
        if sum(map(len, packets)) >= count:
            return
        sleep(0.01)
    pytest.fail(f"{sum(map(len, packets))} events came, not {count}")


@pytest.mark.parametrize("data", GROWING.values(), ids=GROWING.keys())
def test_a_file_written_in_pieces_is_followed_until_it_is_deleted(
    data: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "growing"
    whole = all_events(opened(data, size=Size(1280, 720)))
    with path.open("wb", buffering=0) as file:
        # The header too comes in pieces.
        file.write(data[:9])
        with reading(path, threading.Event()) as packets:
            for at in range(9, len(data), 61):
                sleep(0.003)
                file.write(data[at : at + 61])
            path.unlink()
    assert tuples(whole) == [event for packet in packets for event in tuples(packet)]


def test_windows_come_as_soon_as_their_end_is_written(tmp_path: Path) -> None:
    path, stop = tmp_path / "growing.raw", threading.Event()
    with path.open("wb", buffering=0) as file:
        file.write(evt3(high(1), low(0), row(1), column(1), high(4)))
        with reading(path, stop) as packets:
            wait_for(packets, 1)
            file.write(evt3(low(0), column(2), high(8))[len(EVT3_HEADER) :])
            wait_for(packets, 2)
            assert len(packets) == 2
            stop.set()
    assert sum(map(len, packets)) == 2


def test_a_followed_file_that_became_shorter_says_so(tmp_path: Path) -> None:
    path = tmp_path / "growing.raw"
    path.write_bytes(SMALL_EVT3)
    recording = camera.open(path, follow=True)
    os.truncate(path, 50)
    with pytest.raises(camera.BrokenRecordingError, match="became shorter"):
        list(recording)


def test_stop_ends_the_wait_for_a_pipe(tmp_path: Path) -> None:
    path, stop = tmp_path / "pipe", threading.Event()
    os.mkfifo(path)
    holding = os.open(path, os.O_RDWR)
    os.write(holding, SMALL_EVT3)
    with camera.open(path, stop=stop) as recording:
        assert len(next(recording)) == 21
        timer = threading.Timer(0.05, stop.set)
        timer.start()
        # The writer is still there, so that nothing else ends it.
        assert [len(packet) for packet in recording] == [2]
        timer.join()
    os.close(holding)


def test_stop_ends_the_wait_for_a_pipe_that_nobody_opened(tmp_path: Path) -> None:
    path, stop = tmp_path / "pipe", threading.Event()
    os.mkfifo(path)
    timer = threading.Timer(0.05, stop.set)
    timer.start()
    with pytest.raises(camera.ForeignFileError, match="an empty file"):
        camera.open(path, stop=stop)
    timer.join()


def test_a_pipe_is_read_by_whoever_came_before_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    timer = threading.Timer(0.05, path.write_bytes, [SMALL_EVT3])
    timer.start()
    with camera.open(path) as recording:
        assert sum(map(len, recording)) == 23
    timer.join()


def test_what_is_read_here_and_there_cannot_be_followed(tmp_path: Path) -> None:
    path = tmp_path / "events.h5"
    path.write_bytes(metavision(packet_of(*EVENTS)))
    with pytest.raises(camera.ForeignFileError, match="that grows must be"):
        camera.open(path, follow=True)
