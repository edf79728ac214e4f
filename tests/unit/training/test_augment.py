"""The same window seen otherwise."""

import numpy as np
import pytest
from numpy.typing import NDArray

from heliograph.training.augment import _together, augment
from heliograph.training.settings import CROP, CROPS
from heliograph.training.targets import IGNORED

SHAPE = (4, 192, 320)


def window(left: int, top: int, right: int, bottom: int) -> NDArray[np.uint8]:
    surface = np.zeros(SHAPE, np.uint8)
    surface[:, top:bottom, left:right] = 200
    return surface


@pytest.mark.parametrize("seed", range(40))
def test_a_box_stays_around_what_it_was_around(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heliograph.training.augment.NOISY_SHARE", 0.0)
    surface = window(140, 70, 180, 130)
    rng = np.random.default_rng(seed)
    seen, boxes = augment(surface, np.array([[2, 140, 70, 180, 130]], np.float32), rng)
    assert seen.shape == SHAPE
    bright = np.argwhere((seen > 60).all(axis=0))
    kind, left, top, right, bottom = boxes[0]
    assert kind == 2
    found = (*bright.min(axis=0), *(bright.max(axis=0) + 1))
    assert found == pytest.approx((top, left, bottom, right), abs=2.0)


@pytest.mark.parametrize("seed", range(40))
def test_in_a_crop_too(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heliograph.training.augment.NOISY_SHARE", 0.0)
    monkeypatch.setattr("heliograph.training.placing.ABOUT_NOTHING_SHARE", 0.0)
    surface = window(250, 120, 290, 180)
    asked = np.array([[1, 250, 120, 290, 180]], np.float32)
    seen, boxes = augment(surface, asked, np.random.default_rng(seed), framing=CROPS)
    assert seen.shape == (4, *CROP)
    bright = np.argwhere((seen > 60).all(axis=0))
    _, left, top, right, bottom = boxes[0]
    found = (*bright.min(axis=0), *(bright.max(axis=0) + 1))
    assert found == pytest.approx((top, left, bottom, right), abs=2.0)


def test_the_window_itself_is_not_changed() -> None:
    surface = window(140, 70, 180, 130)
    boxes = np.array([[0, 140, 70, 180, 130]], np.float32)
    before = (surface.copy(), boxes.copy())
    augment(surface, boxes, np.random.default_rng(0))
    assert (surface == before[0]).all()
    assert (boxes == before[1]).all()


def test_the_same_chance_gives_the_same_view() -> None:
    surface = window(140, 70, 180, 130)
    boxes = np.array([[0, 140, 70, 180, 130]], np.float32)
    first = augment(surface, boxes, np.random.default_rng(5))
    second = augment(surface, boxes, np.random.default_rng(5))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()


def test_what_leaves_the_picture_is_ignored_and_then_gone() -> None:
    surface = np.zeros(SHAPE, np.uint8)
    corner = np.array([[1, 0, 0, 30, 30]], np.float32)
    kinds = set()
    for seed in range(200):
        _, boxes = augment(surface, corner, np.random.default_rng(seed))
        for kind, left, top, right, bottom in boxes:
            kinds.add(int(kind))
            assert 0 <= left < right <= 320
            assert 0 <= top < bottom <= 192
    assert kinds == {1, IGNORED}


def test_noise_adds_to_what_is_seen_in_long_memories_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    surface = window(140, 70, 180, 130)
    boxes = np.array([[0, 140, 70, 180, 130]], np.float32)
    views = []
    for share in (0.0, 1.0):
        monkeypatch.setattr("heliograph.training.augment.NOISY_SHARE", share)
        views.append(augment(surface, boxes, np.random.default_rng(3)))
    (clean, where), (noisy, still_there) = views
    assert (where == still_there).all()
    # Half a level is lost on the way to counts and back.
    assert (noisy.astype(int) >= clean.astype(int) - 1).all()
    added = noisy.astype(int) - clean.astype(int)
    assert added[1].sum() > added[0].sum() > 0
    assert added[3].sum() > added[2].sum() > 0


def test_what_happens_in_a_window_laid_over_happens_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("heliograph.training.augment.NOISY_SHARE", 0.0)
    one, two = window(140, 70, 180, 130), window(60, 40, 100, 90)
    boxes = np.array([[0, 140, 70, 180, 130]], np.float32)
    over = two, np.array([[1, 60, 40, 100, 90]], np.float32)
    shown = 0
    for seed in range(20):
        alone = augment(one, boxes, np.random.default_rng(seed))
        both = augment(one, boxes, np.random.default_rng(seed), over)
        assert both[1][: len(alone[1])] == pytest.approx(alone[1])
        # Half a level is lost on the way to counts and back.
        assert (both[0].astype(int) >= alone[0].astype(int) - 1).all()
        added = np.all(both[0] > alone[0], axis=0)
        for kind, *edges in both[1][len(alone[1]) :]:
            left, top, right, bottom = (int(edge) for edge in edges)
            shown += 1
            assert kind in (1, IGNORED)
            assert np.mean(added[top:bottom, left:right]) > 0.5
    assert shown > 15
    assert (two == window(60, 40, 100, 90)).all()


def test_events_of_two_windows_add_up() -> None:
    counts = np.array([0, 1, 3, 7])
    levels = np.round(255 * counts / (counts + 1)).astype(int)
    both = counts[:, None] + counts
    wanted = 255 * both / (both + 1)
    assert _together()[levels][:, levels] == pytest.approx(wanted, abs=1.5)


@pytest.mark.parametrize("plane", [0, 3, 4, 9])
def test_of_many_planes_each_is_moved_as_the_others(
    plane: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("heliograph.training.augment.NOISY_SHARE", 0.0)
    boxes = np.array([[0, 140, 70, 180, 130]], np.float32)
    many = np.zeros((10, *SHAPE[1:]), np.uint8)
    many[plane] = window(140, 70, 180, 130)[0]
    lit = set()
    for seed in range(12):
        seen, _ = augment(many, boxes, np.random.default_rng(seed))
        alone, _ = augment(
            window(140, 70, 180, 130), boxes, np.random.default_rng(seed)
        )
        (at,) = np.flatnonzero(seen.any(axis=(1, 2)))
        lit.add(int(at))
        # OpenCV rounds where an edge is otherwise in two planes than in four.
        assert np.abs(seen[at].astype(int) - alone[0]).max() <= 255 / 16
    # Darker and brighter change places now and then.
    assert lit == {plane, (plane + 5) % 10}
