from pathlib import Path

import numpy as np
import pytest

from event_words import dat
from heliograph.camera.types import Box, Size
from heliograph.labelled import (
    CLASS_MAPS,
    PROPHESEE_1MPX,
    Judging,
    LabelError,
    LabelledWindow,
    open_labelled,
)
from labelled_files import (
    GEN1,
    SIMULATED,
    SIZE,
    table,
    ticks,
    write_labelled,
    write_ticks,
)

GEN1_HEADER = (
    b"% Data file containing CD events.\n% Version 2\n% Width 304\n% Height 240\n"
)
PERSON = (60_000, 10.0, 20.0, 30.0, 80.0, 0, 1.0)


def opened(
    path: Path,
    history_us: int = 50_000,
    classes: str | None = "simulator",
    every_us: int | None = None,
) -> list[LabelledWindow]:
    known = None if classes is None else CLASS_MAPS[classes]
    return list(
        open_labelled(path, history_us=history_us, classes=known, every_us=every_us)
    )


def test_a_window_holds_the_events_up_to_its_labels_and_none_beyond(
    tmp_path: Path,
) -> None:
    labels = write_labelled(tmp_path, "walk", [PERSON, (500_000, *PERSON[1:])])
    first, second = opened(labels)
    # One event a ms: those at 11 to 60 ms, 10 ms itself is no longer in it.
    assert first.events["t"].tolist() == list(range(11_000, 61_000, 1_000))
    assert second.events["t"].tolist() == list(range(451_000, 501_000, 1_000))
    assert first.source == str(tmp_path / "walk.raw")
    assert (first.size, first.t_us, second.t_us) == (SIZE, 60_000, 500_000)
    assert first.boxes == (Box(10, 20, 30, 80, "person"),)


@pytest.mark.parametrize("history_us", [1, 999, 7_000, 10_000, 130_000, 2_000_000])
def test_windows_are_what_a_slice_of_all_events_is(
    tmp_path: Path, history_us: int
) -> None:
    times = [3_000, 10_000, 20_500, 29_999, 400_000, 404_000, 999_000]
    labels = write_labelled(tmp_path, "walk", [(t, *PERSON[1:]) for t in times])
    events = ticks(0, 1_000_000, 1_000)
    windows = opened(labels, history_us)
    assert [window.t_us for window in windows] == times
    for window in windows:
        inside = (events["t"] > window.t_us - history_us) & (events["t"] <= window.t_us)
        assert np.array_equal(window.events, events[inside])


def test_gen1_is_known_by_its_geometry_and_spelling(tmp_path: Path) -> None:
    events = [(1, 1, 1, 1_000 * at) for at in range(100)]
    (tmp_path / "drive_td.dat").write_bytes(dat(*events, header=GEN1_HEADER))
    rows = [
        (50_000, 10.0, 20.0, 60.0, 30.0, 0, 1.0),
        (50_000, 0.0, 0.0, 9.0, 40.0, 1, 1.0),
    ]
    np.save(tmp_path / "drive_bbox.npy", table(*rows, dtype=GEN1))
    (window,) = opened(tmp_path, classes=None)
    assert window.size == Size(304, 240)
    assert [box.label for box in window.boxes] == ["vehicle", "person"]


def test_classes_that_cannot_be_told_are_asked_for(tmp_path: Path) -> None:
    labels = write_labelled(tmp_path, "street", [PERSON])
    with pytest.raises(LabelError, match=r"street\.raw.*say it: gen1, 1mpx, etram"):
        opened(labels, classes=None)


def test_what_is_not_sure_or_none_of_ours_is_ignored_and_told(tmp_path: Path) -> None:
    rows = [PERSON, (*PERSON[:5], 0, 0.0), (*PERSON[:5], 9, 1.0)]
    (window,) = opened(write_labelled(tmp_path, "walk", rows))
    assert len(window.boxes) == 1
    assert [box.label for box in window.ignored] == ["person", "unknown"]


def test_a_file_that_is_sure_of_none_never_said_how_sure(tmp_path: Path) -> None:
    (window,) = opened(write_labelled(tmp_path, "walk", [(*PERSON[:6], 0.0)]))
    assert len(window.boxes) == 1


def test_a_simulated_file_that_is_sure_of_none_means_it(tmp_path: Path) -> None:
    labels = write_labelled(tmp_path, "scene-000001", [(*PERSON[:6], 0.0)])
    (tmp_path / "scenes.json").write_text("{}")
    assert all(not window.boxes for window in opened(labels, classes=None))


def test_boxes_are_cut_at_the_border_and_dropped_behind_it(tmp_path: Path) -> None:
    rows = [
        (60_000, -10.0, 200.0, 30.0, 80.0, 0, 1.0),
        (60_000, 330.0, 0.0, 30.0, 80.0, 0, 1.0),
    ]
    (window,) = opened(write_labelled(tmp_path, "walk", rows))
    assert window.boxes == (Box(0, 200, 20, 40, "person"),)
    assert window.ignored == ()


def test_small_boxes_are_ignored_by_prophesees_rule(tmp_path: Path) -> None:
    rows = [(600_000, 0.0, 0.0, width, 58.0, 0, 1.0) for width in (19.0, 21.0, 15.0)]
    labels = write_labelled(tmp_path, "walk", [PERSON, *rows])
    windows = list(
        open_labelled(
            labels,
            history_us=1_000,
            classes=CLASS_MAPS["simulator"],
            judging=PROPHESEE_1MPX,
        )
    )
    # The first half second is not judged; 21 x 58 has a diagonal of 61.7, sides of 20.
    assert [window.t_us for window in windows] == [600_000]
    assert [box.width for box in windows[0].boxes] == [21.0]
    assert [box.width for box in windows[0].ignored] == [19.0, 15.0]


def test_labels_may_be_thinned(tmp_path: Path) -> None:
    rows = [(t, *PERSON[1:]) for t in range(0, 900_000, 30_000)]
    windows = opened(write_labelled(tmp_path, "walk", rows), every_us=200_000)
    assert [window.t_us for window in windows] == [
        0,
        210_000,
        420_000,
        630_000,
        840_000,
    ]


def test_a_simulated_scene_is_also_looked_at_while_it_is_empty(tmp_path: Path) -> None:
    rows = [(t, *PERSON[1:]) for t in (300_000, 400_000, 700_000)]
    write_labelled(tmp_path, "scene-000001", rows)
    write_labelled(tmp_path, "scene-000002", [])
    (tmp_path / "scenes.json").write_text("{}")
    windows = opened(tmp_path, classes=None)
    seen = [w for w in windows if w.source.endswith("1.raw")]
    empty = [w for w in windows if w.source.endswith("2.raw")]
    assert [w.t_us for w in seen] == list(range(100_000, 1_000_001, 100_000))
    assert [w.t_us for w in seen if w.boxes] == [300_000, 400_000, 700_000]
    assert [w.t_us for w in empty] == list(range(100_000, 1_000_001, 100_000))
    assert not any(w.boxes or w.ignored for w in empty)


def test_times_before_the_recording_are_counted_from_its_begin(tmp_path: Path) -> None:
    np.save(tmp_path / "street.npy", ticks(5_000_000, 6_000_000, 1_000))
    np.save(tmp_path / "street_bbox.npy", table(PERSON))
    (window,) = open_labelled(
        tmp_path, history_us=50_000, classes=CLASS_MAPS["etram"], size=SIZE
    )
    assert window.t_us == 5_060_000
    assert window.events["t"].tolist() == list(range(5_011_000, 5_061_000, 1_000))


def test_labels_of_another_recording_are_told(tmp_path: Path) -> None:
    labels = write_labelled(tmp_path, "walk", [(90_000_000, *PERSON[1:])])
    with pytest.raises(LabelError, match=r"walk\.raw ends before.*another recording"):
        opened(labels)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (np.zeros((3, 5)), r"expected records with t \(or ts\).*shape \(3, 5\)"),
        (np.zeros(2, [("t", "i8"), ("x", "f4")]), "found t, x"),
        (np.array([{}], object), "is no NumPy array of boxes"),
    ],
)
def test_a_foreign_array_is_refused(
    tmp_path: Path, content: np.ndarray, told: str
) -> None:
    write_ticks(tmp_path / "walk.raw")
    np.save(tmp_path / "walk_bbox.npy", content)
    with pytest.raises(LabelError, match=rf"walk_bbox\.npy: .*{told}"):
        opened(tmp_path)


def test_a_side_that_is_no_number_is_refused(tmp_path: Path) -> None:
    rows = [PERSON, (*PERSON[:3], float("nan"), *PERSON[4:])]
    with pytest.raises(LabelError, match="box 1 has a side that is no number"):
        opened(write_labelled(tmp_path, "walk", rows))


def test_labels_without_a_recording_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "walk_bbox.npy", np.zeros(1, SIMULATED))
    with pytest.raises(LabelError, match=r"expected walk_td\.dat, walk\.raw"):
        opened(tmp_path)


def test_skipping_alone_needs_no_sizes(tmp_path: Path) -> None:
    labels = write_labelled(tmp_path, "walk", [PERSON])
    found = open_labelled(
        labels,
        history_us=1_000,
        classes=CLASS_MAPS["simulator"],
        judging=Judging(skip_us=100_000),
    )
    assert list(found) == []
