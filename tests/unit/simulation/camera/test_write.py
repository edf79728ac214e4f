"""A whole recording: our reader and a foreign one get what the facts say."""

from math import inf, nan
from pathlib import Path

import evt3
import numpy as np
import pytest

from heliograph import camera
from heliograph.camera.types import Packet, Size
from heliograph.simulation.camera.sensor import SensorTraits
from heliograph.simulation.camera.write import RecordingFacts, write_recording

SIZE = Size(160, 120)
QUIET = SensorTraits(shot_noise_hz=0.0, leak_hz=0.0, hot_pixels=0)


def record(path: Path, *, seconds: float = 2.0, seed: int = 1) -> RecordingFacts:
    return write_recording(path, seconds=seconds, seed=seed, size=SIZE)


def read(path: Path) -> Packet:
    with camera.open(path) as recording:
        return np.concatenate(list(recording))


def test_both_readers_read_what_the_facts_count(tmp_path: Path) -> None:
    path = tmp_path / "street.raw"
    facts = record(path)
    events, foreign = read(path), evt3.decode_file(str(path))
    assert facts.events == len(events) == len(foreign) > 5_000
    assert facts.bytes == path.stat().st_size
    assert (events["t"] == foreign.timestamp).all()
    assert (events["x"] == foreign.x).all()
    assert (events["y"] == foreign.y).all()
    assert (events["p"] == foreign.polarity).all()
    assert np.diff(events["t"]).min() >= 0


def test_the_recording_lasts_as_long_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "street.raw"
    write_recording(path, seconds=1.0, seed=1, size=SIZE, traits=QUIET)
    with camera.open(path, delta_t_us=10_000) as recording:
        assert recording.size == SIZE
        assert sum(1 for _ in recording) in (100, 101)


def test_the_seed_decides_the_recording(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    assert record(one, seconds=1.0) == record(same, seconds=1.0)
    record(other, seconds=1.0, seed=2)
    assert read(one).tolist() == read(same).tolist()
    assert read(one).tolist() != read(other).tolist()


def test_without_noise_every_event_lies_near_a_box(tmp_path: Path) -> None:
    path = tmp_path / "street.raw"
    facts = write_recording(path, seconds=3.0, seed=1, size=SIZE, traits=QUIET)
    events = read(path)
    assert len(events) > 3_000
    near = np.zeros(len(events), bool)
    boxes = [(t, box) for actor in facts.actors for t, box in actor.path]
    for t_us, box in boxes:
        now = np.abs(events["t"] - t_us) <= 50_000
        x = np.abs(events["x"] - (box.x + box.width / 2)) <= box.width / 2 + 12
        y = np.abs(events["y"] - (box.y + box.height / 2)) <= box.height / 2 + 12
        near |= now & x & y
    # Boxes are noted every 100 ms; one that enters in between is not yet there.
    assert near.mean() > 0.99


def test_the_facts_say_who_was_there_and_when(tmp_path: Path) -> None:
    facts = record(tmp_path / "street.raw", seconds=1.0)
    assert [actor.label for actor in facts.actors] == ["person"]
    assert 200_000 <= facts.actors[0].first_us <= 400_000
    assert facts.actors[0].last_us == 1_000_000


def test_progress_goes_up_to_one(tmp_path: Path) -> None:
    told: list[float] = []
    write_recording(
        tmp_path / "a.raw", seconds=0.052, seed=1, size=SIZE, progress=told.append
    )
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) == 11


def test_an_interrupted_recording_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "street.raw"
    path.write_text("before")

    def stop(share: float) -> None:
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_recording(path, seconds=0.1, seed=1, size=SIZE, progress=stop)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("seconds", [0.0, -1.0, inf, nan])
def test_a_length_that_is_none_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"at least 0\.005 s, not"):
        record(tmp_path / "a.raw", seconds=seconds)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [Size(1, 1), Size(7, 3), Size(3, 200), Size(2048, 9)])
def test_odd_sizes_are_filmed_too(tmp_path: Path, size: Size) -> None:
    path = tmp_path / "odd.raw"
    facts = write_recording(path, seconds=0.6, seed=1, size=size)
    events = read(path)
    assert facts.events == len(events)
    assert events["x"].max(initial=0) < size.width
    assert events["y"].max(initial=0) < size.height
