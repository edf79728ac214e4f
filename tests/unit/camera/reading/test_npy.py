"""NPY and NPZ: every layout that people save events in, and what is no such file."""

import os
import pickle
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from event_words import all_events, npy, opened, outcome, packet_of, tuples
from heliograph import camera
from heliograph.camera.types import EVENT, Packet, Size

SIZE = Size(640, 480)
PACKET = packet_of((1, 2, 1, 1000), (639, 479, 0, 9_000), (7, 8, 1, 31_000))
EVENTS = tuples(PACKET)


def columns(order: str, dtype: str = "<i8") -> list[np.ndarray]:
    return [PACKET[name].astype(dtype) for name in order]


def npz(arrays: dict[str, np.ndarray], *, compressed: bool = False) -> bytes:
    file = BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(file, allow_pickle=True, **arrays)
    return file.getvalue()


RENAMED = np.array(
    [(t, x, y, p) for x, y, p, t in EVENTS],
    [("timestamp", "<u8"), ("x", "<i4"), ("y", "<i4"), ("polarity", "?")],
)
SIGNED = np.stack(columns("txyp"), axis=1)
SIGNED[:, 3] = SIGNED[:, 3] * 2 - 1
SECONDS = np.stack(columns("xytp", "<f8"), axis=1)
SECONDS[:, 2] /= 1e6
NAMED = {name: PACKET[name] for name in "xypt"}

FILES = {
    "the field's own structure": npy(PACKET),
    "a structure of other names": npy(RENAMED),
    "big-endian": npy(PACKET.astype(EVENT.newbyteorder(">"))),
    "t x y p": npy(np.stack(columns("txyp"), axis=1)),
    "x y t p": npy(np.stack(columns("xytp", "<f8"), axis=1)),
    "x y p t": npy(np.stack(columns("xypt", "<u4"), axis=1)),
    "column by column": npy(np.stack(columns("txyp")).T),
    "polarities of -1 and 1": npy(SIGNED),
    "seconds": npy(SECONDS),
    "a pickled dict": npy(NAMED, allow_pickle=True),
    "NPZ of columns": npz(NAMED),
    "NPZ of columns, packed": npz(NAMED, compressed=True),
    "NPZ of a structure": npz({"events": RENAMED}),
    "NPZ of a table": npz({"arr_0": np.stack(columns("txyp"), axis=1)}),
}
every_file = pytest.mark.parametrize("data", FILES.values(), ids=FILES.keys())


@every_file
def test_every_layout_gives_the_same_events(data: bytes) -> None:
    recording = opened(data, size=SIZE)
    windows = [tuples(packet) for packet in recording]
    assert windows == [EVENTS[:2], [], [], EVENTS[2:]]
    assert (recording.begin_us, recording.counters.words) == (1000, 3)


@every_file
def test_a_file_cut_at_any_byte_ends_clearly(data: bytes) -> None:
    for cut in range(len(data)):
        events, error = outcome(data[:cut], size=SIZE)
        assert events == EVENTS[: len(events)]
        assert error is not None
        assert str(error).startswith("the stream: ")


@every_file
def test_the_size_must_be_told(data: bytes) -> None:
    with pytest.raises(camera.ForeignFileError, match="no geometry; say it as --size"):
        opened(data)


def test_a_pipe_is_read_as_it_comes_and_an_archive_is_not() -> None:
    assert tuples(piped(FILES["x y p t"])) == EVENTS
    for name, fix in (("NPZ of columns", "to a file"), ("column by column", "by rows")):
        with pytest.raises(camera.ForeignFileError, match=fix):
            piped(FILES[name])


def piped(data: bytes) -> Packet:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(data)
    with os.fdopen(reader, "rb", buffering=0) as stream:
        return all_events(camera.open(stream, size=SIZE))


def test_many_events_are_read_piece_by_piece() -> None:
    packet = np.zeros(200_000, EVENT)
    packet["t"] = np.arange(200_000) // 7
    packet["x"] = np.arange(200_000) % 640
    for data in (npy(packet), npz({n: packet[n] for n in "xypt"}, compressed=True)):
        assert np.array_equal(all_events(opened(data, size=SIZE)), packet)


class Evil:
    """Unpickled, it would end the process."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (7,)


@pytest.mark.parametrize(
    "held",
    [Evil(), {"x": Evil()}, {"x": np.array([Evil()], object)}, [None], None],
    ids=["object", "dict of one", "array of one", "list", "nothing"],
)
def test_a_pickle_is_never_unpickled(held: object) -> None:
    with pytest.raises(
        camera.ForeignFileError, match=r"no plain dict|has no x, y, t, p"
    ):
        opened(npy(held, allow_pickle=True), size=SIZE)


def test_a_pickle_that_goes_on_and_on_is_left() -> None:
    head = npy({"x": PACKET["x"]}, allow_pickle=True)[:128]
    endless = pickle.PROTO + b"\x04" + pickle.EMPTY_LIST * 1_000_000 + pickle.STOP
    with pytest.raises(camera.ForeignFileError, match="no plain dict"):
        opened(head + endless, size=SIZE)


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.zeros((3, 5)), r"shape \(3, 5\)"),
        (np.zeros(7), r"shape \(7,\)"),
        (np.zeros((3, 4)) + 9.0, "in none of the orders"),
        (np.zeros(3, EVENT.descr[:2]), "has no x, y, t, p but x, y"),
        (np.array(["a", "b"]), "header cannot be read"),
        (np.zeros((2, 2, 2)), r"shape is \(2, 2, 2\)"),
    ],
)
def test_an_array_of_anything_else_is_refused(array: np.ndarray, what: str) -> None:
    with pytest.raises(camera.ForeignFileError, match=what):
        opened(npy(array), size=SIZE)


@pytest.mark.parametrize(
    ("arrays", "what"),
    [
        ({"x": PACKET["x"]}, r"array of shape \(3,\)"),
        ({"a": PACKET["x"], "b": PACKET["y"]}, "has no x, y, t, p but a, b"),
        ({**NAMED, "t": PACKET["t"][:2]}, "not equally long"),
        ({**NAMED, "t": np.array([None] * 3)}, "holds Python objects"),
        ({**NAMED, "x": np.zeros((3, 4))}, "are no columns"),
        ({"all": np.stack(columns("txyp")).T}, "columns lie one behind the other"),
    ],
)
def test_an_archive_of_anything_else_is_refused(
    arrays: dict[str, np.ndarray], what: str
) -> None:
    with pytest.raises(camera.ForeignFileError, match=what):
        opened(npz(arrays), size=SIZE)


def test_a_damaged_archive_ends_at_its_event() -> None:
    data = bytearray(FILES["NPZ of columns, packed"])
    at = data.index(b"t.npy") + 40
    data[at : at + 8] = bytes(8)
    with pytest.raises(camera.RecordingError, match=r"damaged|cannot be read|no NumPy"):
        all_events(opened(bytes(data), size=SIZE))


@pytest.mark.parametrize("at", [20, 200, -60])
def test_an_archive_that_lacks_bytes_is_told(at: int, tmp_path: Path) -> None:
    data = FILES["NPZ of columns, packed"]
    path = tmp_path / "events.npz"
    path.write_bytes(data[:at] + data[at + 5 :])
    for source in (path, BytesIO(path.read_bytes())):
        with pytest.raises(camera.RecordingError, match=r"damaged|cannot be unpacked"):
            all_events(camera.open(source, size=SIZE))


def test_an_archive_whose_names_are_no_text_is_told() -> None:
    # The name is written once before its array and once in the table of contents.
    data = npz({"ä": PACKET}).replace("ä".encode(), b"\xff\xff")
    with pytest.raises(camera.ForeignFileError, match="is a damaged ZIP archive"):
        opened(data, size=SIZE)


@pytest.mark.parametrize(
    ("t", "what"),
    [
        ([0, 10_000, 2_000], "event 2: time goes back from 10000 us: sort"),
        (
            [0, 10, 3_600_000_011],
            "event 2: time leaps from 10 us by more than 3600.0 s",
        ),
        ([0, 10, 1 << 61], "event 2: time leaps"),
        ([0, 10, -(1 << 62)], "event 2: time leaps"),
    ],
)
def test_a_time_that_cannot_be_meant_is_an_error_at_its_event(
    t: list[int], what: str
) -> None:
    packet = PACKET.copy()
    packet["t"] = t
    with pytest.raises(camera.BrokenRecordingError, match=what):
        all_events(opened(npy(packet), 100_000, size=SIZE))


def test_many_small_steps_back_are_a_large_one() -> None:
    backwards = np.zeros(100, PACKET.dtype)
    backwards["t"] = np.arange(100_000, 0, -1000)
    with pytest.raises(
        camera.BrokenRecordingError, match="event 5: time goes back from 100000 us"
    ):
        all_events(opened(npy(backwards), size=SIZE))


def test_a_first_time_that_is_none_is_told() -> None:
    table = np.array([(1, 1, 1, np.nan)], [(name, "<f8") for name in "xypt"])
    with pytest.raises(camera.BrokenRecordingError, match="its time is no number"):
        opened(npy(table), size=SIZE)


def test_pixels_that_no_sensor_has_are_counted_and_do_not_come_back_elsewhere() -> None:
    wide = np.array(
        [(65_537, 1, 1, 0), (-1, 1, 1, 1), (2, 1 << 40, 0, 2), (3, 4, 0, 3)],
        [("x", "<i8"), ("y", "<i8"), ("p", "<i1"), ("t", "<u8")],
    )
    recording = opened(npy(wide), size=SIZE)
    assert tuples(all_events(recording)) == [(3, 4, 0, 3)]
    assert recording.counters.out_of_bounds == 3


def test_no_events_are_an_empty_recording() -> None:
    with pytest.raises(camera.BrokenRecordingError, match="the recording is empty"):
        opened(npy(PACKET[:0]), size=SIZE)
