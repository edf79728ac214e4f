"""Samples in the order in which the network sees them."""

import os
import sys
import threading
from dataclasses import fields

import numpy as np
import pytest
from numpy.typing import NDArray

from heliograph.training.augment import View
from heliograph.training.batches import batches, plain
from heliograph.training.placing import CALM, VARIED, Framing
from heliograph.training.samples import Samples
from heliograph.training.settings import CROP, CROPS, TrainSettings
from heliograph.training.targets import Targets


@pytest.fixture
def samples() -> Samples:
    surfaces = np.zeros((20, 4, 256, 320), np.uint8)
    rows = []
    for at in range(20):
        surfaces[at, :, 60:120, 10 * at : 10 * at + 40] = 150
        rows.append((at, at % 3, 10 * at, 60, 10 * at + 40, 120))
    return Samples(surfaces, np.array(rows, np.float32), ["here"] * 20)


@pytest.mark.parametrize("framing", [CROPS, VARIED, CALM])
def test_one_epoch_is_settled_by_its_number(samples: Samples, framing: Framing) -> None:
    first = list(batches(samples, 8, seed=1, epoch=4, framing=framing))
    again = list(batches(samples, 8, seed=1, epoch=4, framing=framing))
    other = list(batches(samples, 8, seed=1, epoch=5, framing=framing))
    assert len(first) == 2
    for one, same, another in zip(first, again, other, strict=True):
        assert (one.surfaces == same.surfaces).all()
        assert all((one.asked[name] == same.asked[name]).all() for name in one.asked)
        assert (one.surfaces != another.surfaces).any()


def test_a_batch_of_crops_is_of_their_size_and_full_of_things(samples: Samples) -> None:
    whole = next(batches(samples, 16, seed=1, epoch=0))
    crops = next(batches(samples, 16, seed=1, epoch=0, framing=CROPS))
    assert whole.surfaces.shape == (16, 4, 256, 320)
    assert crops.surfaces.shape == (16, 4, *CROP)
    assert crops.asked["heat"].shape == (16, 3, CROP[0] // 8, CROP[1] // 8)
    assert set(crops.asked) == {one.name for one in fields(Targets)}
    # A quarter of the area shows nearly as many things.
    assert crops.asked["weight"].sum() > 0.75 * whole.asked["weight"].sum()


def test_who_makes_batches_gives_way_and_nobody_else(
    samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = set()

    def noting(
        surface: NDArray[np.uint8],
        boxes: NDArray[np.float32],
        *_: object,
        **__: object,
    ) -> View:
        seen.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return surface, boxes

    monkeypatch.setattr("heliograph.training.batches.augment", noting)
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert len(list(batches(samples, 8, seed=1, epoch=0))) == 2
    # Elsewhere a thread has no niceness of its own.
    assert seen == {min(before + 10, 19) if sys.platform == "linux" else before}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_those_asked_for_are_seen_once_as_they_are(samples: Samples) -> None:
    seen = list(plain(samples, range(1, 20, 2), 8))
    assert [len(one.surfaces) for one in seen] == [8, 2]
    shown = np.concatenate([one.surfaces for one in seen])
    assert (shown == samples.surfaces[1::2]).all()


def test_crops_come_first_and_windows_as_they_are_last() -> None:
    settings = TrainSettings(epochs=11, batch=16)
    kinds = [settings.framing_of(epoch) for epoch in range(11)]
    assert kinds == [CROPS] * 7 + [VARIED] * 2 + [CALM] * 2
    assert TrainSettings(epochs=1).framing_of(0) == CALM
    # As many pixels, so that a step takes as long.
    assert settings.crops * CROP[0] * CROP[1] == 16 * 256 * 320
