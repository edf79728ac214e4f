"""Labelled windows as samples."""

import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heliograph.camera.surfaces.model_input import InputSpec
from heliograph.camera.types import EVENT, Box, Size
from heliograph.labelled.window import LabelledWindow
from heliograph.training.batches import batches, plain
from heliograph.training.samples import Samples, read_samples, write_samples
from heliograph.training.targets import IGNORED

SIZE = Size(640, 512)
T_US = 1_000_000


def window(number: int) -> LabelledWindow:
    """A block of events that a box is around, and a thing nobody is sure of."""
    y, x, again = np.meshgrid(
        np.arange(100, 180), np.arange(200, 260), np.arange(8), indexing="ij"
    )
    events = np.empty(y.size, EVENT)
    events["x"], events["y"] = x.ravel(), y.ravel()
    events["p"] = 1
    events["t"] = T_US - 40_000 + again.ravel() * 5_000
    events.sort(order="t")
    return LabelledWindow(
        f"scene-{number // 2}",
        SIZE,
        events,
        T_US,
        (Box(200, 100, 60, 80, label="person"), Box(0, 0, 8, 8, label="vehicle")),
        (Box(400, 100, 60, 80, label="vehicle"),),
    )


def windows(count: int) -> Iterator[LabelledWindow]:
    return (window(number) for number in range(count))


@pytest.fixture
def samples(tmp_path: Path) -> Samples:
    heard: list[int] = []
    write_samples(windows(6), tmp_path, spec=InputSpec(), seed=1, told=heard.append)
    assert heard == [1, 2, 3, 4, 5, 6]
    return read_samples(tmp_path)


def test_a_sample_shows_its_events_and_asks_for_its_boxes(samples: Samples) -> None:
    assert samples.surfaces.shape == (6, 4, 256, 320)
    assert list(samples.sources) == [f"scene-{at // 2}" for at in range(6)]
    for at in range(6):
        person, tiny, unsure = samples.boxes_of(at)
        assert person.tolist() == [0, 100, 50, 130, 90]
        assert tiny[0] == unsure[0] == IGNORED
        brighter = np.argwhere(samples.surfaces[at, 2])
        assert brighter.min(axis=0) == pytest.approx((50, 100), abs=1)
        assert brighter.max(axis=0) == pytest.approx((89, 129), abs=1)


def test_what_shows_too_little_is_not_asked_for(tmp_path: Path) -> None:
    shown = window(0)
    # An outline of 280 pixels wants 112 events.
    faint = replace(shown, events=shown.events[:: len(shown.events) // 100])
    for folder, one in (("shown", shown), ("faint", faint)):
        write_samples(
            iter([one]),
            tmp_path / folder,
            spec=InputSpec(),
            seed=1,
            told=lambda _: None,
        )
    assert read_samples(tmp_path / "shown").boxes_of(0)[0, 0] == 0
    assert read_samples(tmp_path / "faint").boxes_of(0)[0, 0] == IGNORED


def test_the_same_seed_draws_the_same_samples(samples: Samples, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_samples(windows(6), other, spec=InputSpec(), seed=1, told=lambda _: None)
    assert (read_samples(other).surfaces == samples.surfaces).all()


def test_no_windows_are_no_samples(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no labelled windows"):
        write_samples(
            windows(0), tmp_path, spec=InputSpec(), seed=1, told=lambda _: None
        )


def test_an_epoch_is_settled_by_seed_and_number(samples: Samples) -> None:
    def shown(seed: int, epoch: int) -> list[bytes]:
        made = batches(samples, 4, seed=seed, epoch=epoch)
        return [batch.surfaces.tobytes() for batch in made]

    assert len(shown(1, 0)) == 1
    assert shown(1, 0) == shown(1, 0)
    assert shown(1, 0) != shown(1, 1)
    assert shown(1, 0) != shown(2, 0)


def test_a_batch_is_let_go_of_once_it_was_used(samples: Samples) -> None:
    made = batches(samples, 1, seed=1, epoch=0)
    first = weakref.ref(next(made).surfaces)
    assert len(list(made)) == 5
    assert first() is None


def test_judging_sees_each_sample_once_and_as_it_is(samples: Samples) -> None:
    made = list(plain(samples, range(len(samples)), 4))
    assert [len(batch.surfaces) for batch in made] == [4, 2]
    assert (np.concatenate([one.surfaces for one in made]) == samples.surfaces).all()
    assert made[0].asked["heat"].shape == (4, 3, 32, 40)
