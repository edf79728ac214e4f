"""Pictures of events, by networks of a few nodes in a real onnxruntime."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from heliograph.camera.config import SettingError
from heliograph.camera.reconstruction.missed import Missed
from heliograph.camera.reconstruction.network import (
    EVENTS_MIN,
    MID_GREY,
    Grey,
    Reconstruction,
    levels,
    normalised,
)
from heliograph.camera.reconstruction.recent import GRID_US, GRIDS, SPAN_US
from heliograph.camera.types import EVENT, Box, Packet
from small_reconstructions import KEPT, write_reconstruction

BOX = Box(100, 50, 40, 80)
NOW_US = 1_000_000


def burst(at_us: int, *, x: int, y: int, brighter: bool, side: int = 16) -> Packet:
    """Return an event of each pixel of a square whose corner is at *x*, *y*."""
    packet = np.zeros(side * side, EVENT)
    rows, columns = np.mgrid[y : y + side, x : x + side]
    packet["x"], packet["y"] = columns.ravel(), rows.ravel()
    packet["p"], packet["t"] = brighter, at_us
    return packet


def grey(drawn: Grey | Missed) -> Grey:
    assert not isinstance(drawn, Missed)
    return drawn


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reconstruction(tmp_path_factory.mktemp("weights") / "small.onnx")


def test_what_got_brighter_is_bright_at_its_place_and_darker_dark(
    weights: Path,
) -> None:
    packets = [
        burst(NOW_US - 5_000, x=102, y=54, brighter=True),
        burst(NOW_US - 4_000, x=120, y=100, brighter=False),
    ]
    drawn = grey(Reconstruction(weights).draw(packets, BOX, NOW_US))
    assert drawn.shape == (80, 40)
    assert (drawn[4:20, 2:18] == 255).all()
    assert (drawn[50:66, 20:36] == 0).all()
    rest = drawn.copy()
    rest[4:20, 2:18] = rest[50:66, 20:36] = 77
    rest = rest[rest != 77]
    assert len(set(rest.tolist())) == 1
    assert 100 < rest[0] < 155


def test_a_large_part_is_made_small_and_a_small_one_not_large(weights: Path) -> None:
    made = Reconstruction(weights)
    packets = [burst(NOW_US - 5_000, x=110, y=60, brighter=True)]
    for box, shape in (
        (Box(0, 0, 640, 480), (120, 160)),
        (Box(100, 50, 48, 48), (48, 48)),
        (Box(0, 50, 1280, 30), (4, 160)),
        (Box(100, 50, 30, 720), (160, 7)),
    ):
        drawn = grey(made.draw(packets, box, NOW_US))
        assert drawn.shape == shape
        assert drawn.dtype == np.uint8


def test_states_are_carried_from_grid_to_grid_and_not_from_picture_to_picture(
    weights: Path,
) -> None:
    made = Reconstruction(weights)
    patches = [(102, 54), (122, 54), (102, 100), (122, 100)]
    packets = [
        burst(NOW_US - SPAN_US + n * GRID_US, x=x, y=y, brighter=n % 2 == 0)
        for n, (x, y) in enumerate(patches, GRIDS - len(patches))
    ]
    drawn = grey(made.draw(packets, BOX, NOW_US))
    seen = [int(drawn[y - 50 + 8, x - 100 + 8]) for x, y in patches]
    # What came last counts whole, each before it half of the next, as a state does;
    # events in one slice and of one polarity have no deviation and stay as they are.
    values = [(-1) ** n * KEPT ** (len(patches) - 1 - n) for n in range(len(patches))]
    span = max(values) - min(values)
    wanted = [round(255 * (value - min(values)) / span) for value in values]
    assert seen == pytest.approx(wanted, abs=1)
    assert np.array_equal(drawn, grey(made.draw(packets, BOX, NOW_US)))


def test_events_of_another_time_or_place_change_nothing(weights: Path) -> None:
    made = Reconstruction(weights)
    near = [burst(NOW_US - 5_000, x=110, y=60, brighter=True)]
    far = [
        burst(NOW_US - SPAN_US - 1, x=120, y=100, brighter=False),
        burst(NOW_US, x=120, y=100, brighter=False),
        burst(NOW_US - 5_000, x=400, y=100, brighter=False),
        burst(NOW_US - 5_000, x=0, y=0, brighter=False),
    ]
    alone = grey(made.draw(near, BOX, NOW_US))
    assert np.array_equal(alone, grey(made.draw([*near, *far], BOX, NOW_US)))
    assert made.draw(far, BOX, NOW_US) == Missed("few")
    assert made.draw((), BOX, NOW_US) == Missed("few")
    assert made.draw([near[0][: EVENTS_MIN - 1]], BOX, NOW_US) == Missed("few")


def test_events_that_are_given_are_for_reading_only_and_stay(weights: Path) -> None:
    packet = burst(NOW_US - 5_000, x=110, y=60, brighter=True)
    before = packet.copy()
    packet.flags.writeable = False
    grey(Reconstruction(weights).draw([packet], BOX, NOW_US))
    assert np.array_equal(packet, before)


def test_no_grid_is_begun_for_which_there_is_no_time(weights: Path) -> None:
    packets = [burst(NOW_US - SPAN_US, x=110, y=60, brighter=True)]
    left = iter([True] * (GRIDS - 1) + [False])
    drawn = Reconstruction(weights).draw(packets, BOX, NOW_US, go_on=lambda: next(left))
    assert drawn == Missed("late")
    assert next(left, None) is None


def test_a_fault_while_it_runs_is_a_value_and_the_next_picture_is_drawn(
    tmp_path: Path,
) -> None:
    path = write_reconstruction(tmp_path / "sick.onnx", busy_max=300.0)
    made = Reconstruction(path)
    few = [burst(NOW_US - 5_000, x=110, y=60, brighter=True)]
    many = [burst(NOW_US - 5_000, x=104, y=60, brighter=True, side=32)]
    drawn = made.draw(many, BOX, NOW_US)
    assert isinstance(drawn, Missed)
    assert drawn.kind == "failed"
    assert "out of" in drawn.why
    assert "\n" not in drawn.why
    grey(made.draw(few, BOX, NOW_US))


def test_numbers_that_are_none_are_no_picture(tmp_path: Path) -> None:
    path = write_reconstruction(tmp_path / "nan.onnx", gives="nothing finite")
    packets = [burst(NOW_US - 5_000, x=110, y=60, brighter=True)]
    drawn = Reconstruction(path).draw(packets, BOX, NOW_US)
    assert drawn == Missed("failed", "its picture holds numbers that are none")


@pytest.mark.parametrize(
    ("bins", "states"), [(1, ()), (3, ("h",)), (10, tuple("abcdef"))]
)
def test_any_number_of_slices_and_states_will_do(
    tmp_path: Path, bins: int, states: tuple[str, ...]
) -> None:
    path = write_reconstruction(tmp_path / "other.onnx", bins=bins, states=states)
    made = Reconstruction(path)
    assert made.contract.bins == bins
    assert set(made.contract.states) == set(states)
    packets = [burst(NOW_US - GRID_US, x=110, y=60, brighter=True)]
    assert grey(made.draw(packets, BOX, NOW_US)).max() == 255


FOREIGN: list[tuple[dict[str, Any], str]] = [
    ({"events": "voxels"}, "none of its inputs is called events"),
    ({"image": "frame"}, "none of its outputs is called image"),
    ({"after": "_next"}, "none of its outputs is called state1_out"),
    ({"sides": (180, 240)}, "its input events is of one size only: export it with"),
    ({"state_sides": ("h", "w")}, "its input state1 is of another size than events"),
    ({"bins": 65}, "it takes 65 slices, and 64 are the most"),
    (
        {"type_in": TensorProto.FLOAT16},
        r"its input events is no tensor\(float\). It takes events, tensor\(float16\)",
    ),
    (
        {"states": [f"s{n}" for n in range(513)]},
        "its states have 513 planes, and 512 are the most",
    ),
    ({"gives": "a smaller picture"}, "it fails at once: of events"),
]


@pytest.mark.parametrize(("changed", "told"), FOREIGN)
def test_another_contract_is_refused_with_what_was_found_and_needed(
    tmp_path: Path, changed: dict[str, Any], told: str
) -> None:
    path = write_reconstruction(tmp_path / "foreign.onnx", **changed)
    with pytest.raises(ValueError, match=f"{path} cannot be used: {told}") as raised:
        Reconstruction(path)
    said = str(raised.value)
    assert len(said) < 1_500
    if "fails" not in said:
        assert "It takes " in said
        assert "must take events, tensor(float) [1, N, H, W] with free H and W" in said


def test_damaged_and_missing_files_are_told_in_a_line(
    weights: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.onnx"
    for data in (b"", b"not a model", weights.read_bytes()[:-1]):
        bad.write_bytes(data)
        with pytest.raises(SettingError, match=f"{bad} cannot be used: ") as raised:
            Reconstruction(bad)
        assert "\n" not in str(raised.value)
    with pytest.raises(SettingError, match=r"cannot read .*none\.onnx: no such file"):
        Reconstruction(tmp_path / "none.onnx")


def test_a_grid_gets_mean_0_and_deviation_1_where_it_is_not_0() -> None:
    rng = np.random.default_rng(7)
    grid = rng.normal(3.0, 5.0, (5, 20, 30)).astype(np.float32)
    grid[rng.random(grid.shape) < 0.7] = 0.0
    before = grid.copy()
    grid.flags.writeable = False
    made = normalised(grid)
    busy = before != 0
    assert made.dtype == np.float32
    assert made[busy].mean() == pytest.approx(0.0, abs=1e-5)
    assert made[busy].std() == pytest.approx(1.0, abs=1e-5)
    assert not made[~busy].any()
    assert np.array_equal(grid, before)


@pytest.mark.parametrize("values", [[], [2.0], [-1.0, -1.0, -1.0]])
def test_what_is_all_the_same_stays_as_it_is(values: list[float]) -> None:
    grid = np.zeros((5, 4, 4), np.float32)
    grid.ravel()[: len(values)] = values
    made = normalised(grid)
    assert np.array_equal(made, grid)
    assert not np.shares_memory(made, grid)


def test_outliers_do_not_take_the_contrast_away_and_flat_is_grey() -> None:
    image = np.linspace(0, 1, 10_000, dtype=np.float32).reshape(100, 100)
    image[0, 0], image[99, 99] = -1_000, 1_000
    made = levels(image)
    assert (made.min(), made.max()) == (0, 255)
    assert made[50, 0] == pytest.approx(128, abs=2)
    assert made[25, 0] == pytest.approx(63, abs=3)
    assert (levels(np.full((3, 4), 0.3, np.float32)) == MID_GREY).all()
