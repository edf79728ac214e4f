"""HDF5: both layouts of the field, ECF without its filter, and what is missing told."""

import os
import sys
from io import BytesIO
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import pytest

from ecf_writing import ecf_chunk
from event_words import all_events, opened, packet_of, tuples
from hdf5_files import columns, metavision, write_ecf
from heliograph import camera
from heliograph.camera.reading import ecf
from heliograph.camera.reading.records import RECORD
from heliograph.camera.types import EVENT, TRIGGER, Packet, Size

PACKET = packet_of((1, 2, 1, 1000), (639, 479, 0, 9_000), (7, 8, 1, 31_000))
EVENTS = tuples(PACKET)
TEXTS = np.dtype([(name, "S4") for name in "xypt"])
every_way = pytest.mark.parametrize("way", [0, 1, 2])


def many(count: int, seed: int = 1) -> Packet:
    """Return events of all runs and leaps that a chunk may hold."""
    random = np.random.default_rng(seed)
    packet = np.zeros(count, EVENT)
    steps = random.choice([0, 0, 0, 1, 3, 14, 15, 16, 300, 70_000], count)
    packet["t"] = 5_000_000_000 + np.cumsum(steps)
    packet["y"] = np.repeat(random.integers(0, 480, count), 40)[:count]
    packet["x"] = np.sort(random.integers(0, 640, count)) if seed else 0
    packet["p"] = np.repeat(random.integers(0, 2, count), 200)[:count]
    return packet


@pytest.mark.parametrize(
    "data",
    [metavision(PACKET), columns(PACKET, rvt=True), metavision(PACKET, ecf_way=0)],
    ids=["Metavision", "RVT", "Metavision, ECF"],
)
def test_each_layout_gives_its_events_in_windows(data: bytes) -> None:
    recording = opened(data)
    assert (recording.format, recording.size) == ("HDF5", Size(640, 480))
    windows = [tuples(packet) for packet in recording]
    assert windows == [EVENTS[:2], [], [], EVENTS[2:]]


def test_dsec_s_offset_is_added_and_its_geometry_asked_for() -> None:
    packet = PACKET.copy()
    packet["t"] += 60_000_000_000
    data = columns(packet, t_offset=60_000_000_000)
    with pytest.raises(camera.ForeignFileError, match="say it as --size"):
        opened(data)
    assert np.array_equal(all_events(opened(data, size=Size(640, 480))), packet)


def test_triggers_come_in_their_windows_and_after_going_back() -> None:
    edges = np.array(
        [(1, 500, 0), (0, 9_000, 0), (1, 30_999, 1), (0, 50_000, 1)], TRIGGER
    )
    recording = opened(metavision(PACKET, edges))
    seen = [recording.triggers.tolist() for _ in recording]
    assert seen == [edges.tolist()[:2], [], [], edges.tolist()[2:3], edges.tolist()[3:]]
    again = opened(metavision(PACKET, edges))
    again.seek(40_000)
    again.seek(30_500)
    next(again)
    assert again.triggers.tolist() == edges.tolist()[2:3]


@every_way
@pytest.mark.parametrize("count", [1, 14, 15, 33, 2_000])
def test_a_chunk_of_ecf_is_what_was_packed(way: int, count: int) -> None:
    packet = many(count)
    out = np.zeros(count, RECORD)
    assert ecf.decode(np.frombuffer(ecf_chunk(packet, way), np.uint8), out) == count
    assert all(np.array_equal(out[name], packet[name]) for name in "xypt")


@every_way
def test_a_chunk_of_ecf_that_is_cut_or_turned_is_told_or_read(way: int) -> None:
    data = ecf_chunk(many(40), way)
    out = np.zeros(40, RECORD)
    for cut in range(len(data)):
        assert ecf.decode(np.frombuffer(data[:cut], np.uint8), out) == ecf.BROKEN
    for at in range(len(data)):
        turned = bytearray(data)
        turned[at] ^= 0xFF
        assert ecf.decode(np.frombuffer(bytes(turned), np.uint8), out) <= 40


@every_way
def test_a_file_of_many_chunks_is_read_whole_and_from_any_of_them(way: int) -> None:
    packet = many(1_000)
    data = metavision(packet, ecf_way=way, chunk=64)
    assert np.array_equal(all_events(opened(data, 1_000_000)), packet)
    recording = opened(data, 1_000_000)
    middle = int(packet["t"][500])
    recording.seek(middle)
    rest = packet[np.searchsorted(packet["t"], middle) :]
    assert np.array_equal(np.concatenate(list(recording)), rest)


def test_a_damaged_chunk_is_told_with_its_event() -> None:
    file = BytesIO()
    with h5py.File(file, "w") as h5:
        write_ecf(h5, PACKET, 0, 16)
        h5.attrs["geometry"] = "640x480"
        h5["CD/events"].id.write_direct_chunk((0,), b"\xff" * 40)
    with pytest.raises(
        camera.BrokenRecordingError, match="event 0: the file is damaged"
    ):
        opened(file.getvalue())


def test_a_filter_that_is_missing_is_named_with_the_way_out() -> None:
    file = BytesIO()
    with h5py.File(file, "w") as h5:
        told = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        told.set_chunk((3,))
        told.set_filter(60_001, h5py.h5z.FLAG_OPTIONAL, ())
        kind, space = h5py.h5t.py_create(EVENT), h5py.h5s.create_simple((3,))
        h5py.h5d.create(h5.create_group("CD").id, b"events", kind, space, told)
    with pytest.raises(camera.ForeignFileError, match=r"filter 60001 .*h5repack"):
        opened(file.getvalue())


def test_the_filters_of_data_sets_are_there() -> None:
    file = BytesIO()
    with h5py.File(file, "w") as h5:
        for name in "xypt":
            packed = hdf5plugin.Blosc(cname="zstd")
            h5.create_dataset(f"events/{name}", data=PACKET[name], **packed)
    assert tuples(all_events(opened(file.getvalue(), size=Size(640, 480)))) == EVENTS


@pytest.mark.parametrize("package", ["h5py", "hdf5plugin"])
def test_without_the_package_the_extra_is_named(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = metavision(PACKET)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(camera.MissingPackageError, match=r"install 'heliograph\[hdf5"):
        opened(data)


def test_an_hdf5_file_of_anything_else_says_what_is_in_it() -> None:
    file = BytesIO()
    with h5py.File(file, "w") as h5:
        h5["pictures"] = np.zeros((3, 3))
    with pytest.raises(
        camera.ForeignFileError, match=r"no x, y, t, p in .* but pictures"
    ):
        opened(file.getvalue())


def test_a_pipe_is_asked_to_be_a_file() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(metavision(PACKET)[:512])
    with (
        os.fdopen(reader, "rb", buffering=0) as stream,
        pytest.raises(camera.ForeignFileError, match="save it to a file"),
    ):
        camera.open(stream)


def test_a_file_cut_anywhere_ends_clearly(tmp_path: Path) -> None:
    data = columns(PACKET, rvt=True)
    path = tmp_path / "cut.h5"
    told = set()
    # Each cut opens a file, which takes a millisecond.
    for cut in [*range(8, 200), *range(1024, len(data), 501)]:
        path.write_bytes(data[:cut])
        with pytest.raises(camera.RecordingError) as error:
            all_events(camera.open(path))
        told.add(str(error.value).removeprefix(f"{path}: "))
    assert told == {"is a damaged HDF5 file"}


def test_a_path_is_read_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "events.h5"
    path.write_bytes(metavision(PACKET))
    with camera.open(path) as recording:
        assert tuples(np.concatenate(list(recording))) == EVENTS
    assert path not in [link.resolve() for link in Path("/proc/self/fd").iterdir()]


def test_what_only_seems_to_be_there_is_not_read(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.h5"
    elsewhere.write_bytes(metavision(PACKET))

    def made_up(h5: h5py.File) -> None:
        h5.create_dataset("CD/events", (1 << 50,), EVENT, chunks=(64,))

    def outside(h5: h5py.File) -> None:
        h5.create_dataset("CD/events", (3,), EVENT, external=[("secret", 0, 42)])

    def linked(h5: h5py.File) -> None:
        h5["CD"] = h5py.ExternalLink(elsewhere, "CD")

    def too_large(h5: h5py.File) -> None:
        h5.create_dataset("CD/events", (1 << 24,), EVENT, chunks=(1 << 24,))

    def texts(h5: h5py.File) -> None:
        h5.create_dataset("CD/events", data=np.zeros(3, TEXTS))

    for make, what in (
        (made_up, "is not all there"),
        (outside, "lies in another file"),
        (linked, "has no x, y, t, p"),
        (too_large, "too large to unpack"),
        (texts, "holds no numbers"),
    ):
        path = tmp_path / "file.h5"
        with h5py.File(path, "w") as h5:
            make(h5)
        with pytest.raises(camera.ForeignFileError, match=what):
            camera.open(path, size=Size(640, 480))
