"""Every real recording is read as its manifest says."""

from pathlib import Path
from typing import NamedTuple

import aedat
import eventcv
import evt3
import numpy as np
import pytest
from numpy.typing import NDArray

from hdf5_files import columns, metavision
from heliograph import camera
from heliograph.camera.cut import cut
from heliograph.camera.types import Packet, Size
from recordings.shared_data import recording_path


class Facts(NamedTuple):
    """What the manifest says of one recording; the sums are another decoder's."""

    name: str
    size: Size
    events: int
    triggers: int
    first_us: int
    last_us: int
    sums: tuple[int, int, int, int] | None


STREET = Facts(
    "gen41_street_evt3.raw", Size(1280, 720), 219_596, 0, 11_718_656, 11_727_457, None
)
SWEEP = Facts(
    "gen31_person_sweep_evt3.raw",
    Size(640, 480),
    343_474,
    4_157,
    7_139_845,
    9_218_023,
    None,
)
NOISE = Facts(
    "imx636_noise_evt3.raw",
    Size(1280, 720),
    82_469,
    2,
    14_224_870,
    15_476_187,
    (42_078_718, 31_656_267, 41_439, 1_222_326_831_810),
)
LASER = Facts(
    "gen3_laser_evt2.raw", Size(640, 480), 539_481, 0, 1_317_888, 1_367_888, None
)


def read(
    name: str, delta_t_us: int = 10_000, size: Size | None = None
) -> tuple[Packet, camera.Recording]:
    with camera.open(recording_path(name), delta_t_us, size=size) as recording:
        return np.concatenate(list(recording)), recording


@pytest.mark.parametrize("facts", [STREET, SWEEP, NOISE, LASER], ids=lambda f: f.name)
def test_size_counts_times_and_sums_are_the_manifest_s(facts: Facts) -> None:
    events, recording = read(facts.name)
    counters = recording.counters
    assert recording.size == facts.size
    assert (len(events), counters.events) == (facts.events, facts.events)
    assert counters.triggers == facts.triggers
    assert (events["t"].min(), events["t"].max()) == (facts.first_us, facts.last_us)
    if facts.sums is not None:
        assert tuple(int(events[c].sum(dtype=np.int64)) for c in "xypt") == facts.sums
    assert counters.bytes_read == recording_path(facts.name).stat().st_size
    assert (counters.unknown, counters.dropped, counters.out_of_bounds) == (0, 0, 0)


@pytest.mark.parametrize("facts", [STREET, SWEEP, NOISE], ids=lambda f: f.name)
def test_evt3_is_event_for_event_what_an_independent_decoder_reads(
    facts: Facts,
) -> None:
    events, _ = read(facts.name)
    theirs = evt3.decode_file(str(recording_path(facts.name)))
    for ours, other in (("x", "x"), ("y", "y"), ("p", "polarity"), ("t", "timestamp")):
        assert np.array_equal(events[ours], getattr(theirs, other)), ours


@pytest.mark.parametrize(
    ("name", "size"),
    [(f.name, None) for f in (STREET, SWEEP, NOISE, LASER)]
    + [("ncars_car.dat", Size(120, 100))],
)
def test_raw_and_dat_are_event_for_event_what_another_independent_decoder_reads(
    name: str, size: Size | None
) -> None:
    events, _ = read(name, size=size)
    told = None if size is None else (size.width, size.height)
    theirs = eventcv.load(str(recording_path(name)), sensor_size=told)
    assert_same(events, theirs.numpy())


def assert_same(events: Packet, theirs: NDArray[np.uint64]) -> None:
    for column, name in enumerate("xytp"):
        assert np.array_equal(events[name], theirs[:, column]), name


@pytest.mark.parametrize(
    ("name", "size"),
    [(f.name, None) for f in (STREET, SWEEP, NOISE, LASER)]
    + [("ncars_car.dat", Size(120, 100)), ("dvs_man_with_fish.npy", Size(640, 480))],
)
def test_a_recording_written_as_evt3_is_the_same_sorted_by_time(
    name: str, size: Size | None, tmp_path: Path
) -> None:
    out = tmp_path / "out.raw"
    facts = cut(recording_path(name), out, size=size)
    events, recording = read(name, size=size)
    with camera.open(out) as written:
        again = np.concatenate(list(written))
    assert np.array_equal(again, events[np.argsort(events["t"], kind="stable")])
    assert written.counters.triggers == recording.counters.triggers == facts.triggers
    theirs = evt3.decode_file(str(out))
    assert np.array_equal(theirs.timestamp, again["t"])
    assert np.array_equal(theirs.x, again["x"])


def test_aedat4_is_event_for_event_what_an_independent_decoder_reads() -> None:
    name = "davis_sample.aedat4"
    triggers = []
    with camera.open(recording_path(name)) as recording:
        assert recording.size == Size(346, 260)
        packets = []
        for packet in recording:
            packets.append(packet)
            triggers.append(recording.triggers)
    theirs = [*aedat.Decoder(str(recording_path(name)))]
    events = np.concatenate(
        [packet["events"] for packet in theirs if "events" in packet]
    )
    ours = np.concatenate(packets)
    assert len(ours) == recording.counters.events == 6_676
    for name, column in (("t", "t"), ("x", "x"), ("y", "y"), ("p", "on")):
        assert np.array_equal(ours[name], events[column]), name
    edges = np.concatenate([each["triggers"] for each in theirs if "triggers" in each])
    assert np.array_equal(np.concatenate(triggers)["t"], edges["t"])
    assert np.array_equal(np.concatenate(triggers)["id"], edges["source"])


def test_a_recording_saved_as_hdf5_is_what_two_decoders_read(tmp_path: Path) -> None:
    events, _ = read(SWEEP.name)
    for data in (metavision(events, chunk=16_320), columns(events, rvt=True)):
        path = tmp_path / "sweep.h5"
        path.write_bytes(data)
        with camera.open(path) as recording:
            again = np.concatenate(list(recording))
        assert np.array_equal(again, events)
        theirs = eventcv.load(str(path), sensor_size=(640, 480)).numpy()
        assert_same(events, theirs)


@pytest.mark.parametrize("facts", [STREET, SWEEP, NOISE, LASER], ids=lambda f: f.name)
@pytest.mark.parametrize("delta_t_us", [137, 10_000])
def test_windows_put_together_are_the_whole(facts: Facts, delta_t_us: int) -> None:
    whole, at_once = read(facts.name, 1 << 40)
    pieces, in_windows = read(facts.name, delta_t_us)
    assert np.array_equal(whole, pieces)
    assert at_once.begin_us == in_windows.begin_us
    assert at_once.counters == in_windows.counters


def test_the_street_is_one_window_and_its_clock_steps_back_nine_times() -> None:
    with camera.open(recording_path(STREET.name)) as recording:
        assert [len(packet) for packet in recording] == [219_596]
    assert recording.counters.time_steps_back == 9


def test_every_trigger_comes_in_its_window() -> None:
    seen = 0
    with camera.open(recording_path(SWEEP.name)) as recording:
        for _ in recording:
            seen += len(recording.triggers)
            assert (recording.triggers["id"] == 6).all()
            assert (recording.triggers["t"] < recording.now_us).all()
    assert seen == 4_157


def test_a_pickled_dict_of_a_data_set_is_read_without_unpickling_it() -> None:
    path = recording_path("dvs_man_with_fish.npy")
    with camera.open(path, size=Size(640, 480)) as recording:
        events = np.concatenate(list(recording))
    held = np.load(path, allow_pickle=True).item()
    assert len(events) == 132_268
    assert all(np.array_equal(events[name], held[name]) for name in "xypt")


def test_tables_of_a_data_set_are_read_in_their_order() -> None:
    paths = sorted(
        (recording_path(LASER.name).parents[1] / "labelled/pedro").rglob("*.npy")
    )
    assert len(paths) == 5
    for path in paths:
        with camera.open(path, size=Size(346, 260)) as recording:
            events = np.concatenate(list(recording))
        table = np.load(path)
        assert all(np.array_equal(events[n], table[:, i]) for i, n in enumerate("txyp"))


def test_a_file_without_a_geometry_asks_for_it() -> None:
    with pytest.raises(camera.ForeignFileError, match="--size WIDTHxHEIGHT"):
        camera.open(recording_path("ncars_car.dat"))
