import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heliograph.camera.types import Box
from heliograph.labelled import LabelError, open_labelled
from labelled_files import ticks, write_ticks

CATEGORIES = [
    {"id": 1, "name": "person"},
    {"id": 8, "name": "truck"},
    {"id": 17, "name": "cat"},
]


def write_coco(folder: Path, images: list[Any], annotations: list[Any]) -> Path:
    for number, image in enumerate(images):
        image.setdefault("id", number)
        image.update(width=320, height=240)
    path = folder / "instances_test.json"
    path.write_text(
        json.dumps(
            {"images": images, "annotations": annotations, "categories": CATEGORIES}
        )
    )
    return path


def label(image: int, category: int, *box: float, crowd: int = 0) -> dict[str, Any]:
    return {
        "id": 0,
        "image_id": image,
        "category_id": category,
        "bbox": box,
        "iscrowd": crowd,
    }


def test_names_decide_the_class_and_crowds_are_ignored(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ticks(0, 50_000, 1_000))
    annotations = [
        label(0, 8, 1, 2, 30, 40),
        label(0, 17, 5, 5, 9, 9),
        label(0, 1, 0, 0, 50, 60, crowd=1),
    ]
    write_coco(tmp_path, [{"file_name": "a.npy"}], annotations)
    (window,) = open_labelled(tmp_path, history_us=20_000)
    assert window.boxes == (Box(1, 2, 30, 40, "vehicle"),)
    assert [box.label for box in window.ignored] == ["unknown", "person"]
    assert window.events["t"].tolist() == list(range(30_000, 50_000, 1_000))


def test_images_may_be_moments_of_one_recording(tmp_path: Path) -> None:
    write_ticks(tmp_path / "walk.raw")
    (tmp_path / "labels").mkdir()
    images = [
        {"file_name": "walk.raw", "t_us": 500_000},
        {"file_name": "walk.raw", "t_us": 100_000},
        {"file_name": "walk.raw"},
    ]
    path = write_coco(tmp_path / "labels", images, [label(1, 1, 0, 0, 9, 9)])
    windows = list(open_labelled(path, history_us=5_000))
    assert [window.t_us for window in windows] == [100_000, 500_000, 999_000]
    assert [len(window.boxes) for window in windows] == [1, 0, 0]
    assert [len(window.events) for window in windows] == [5, 5, 5]


@pytest.mark.parametrize(
    ("image", "annotation", "told"),
    [
        ({"file_name": "b.npy"}, label(0, 1, 0, 0, 1, 1), "names the recording b.npy"),
        ({"file_name": "a.npy"}, label(0, 5, 0, 0, 1, 1), "category_id 5"),
    ],
)
def test_what_does_not_belong_together_is_told(
    tmp_path: Path, image: dict[str, Any], annotation: dict[str, Any], told: str
) -> None:
    np.save(tmp_path / "a.npy", ticks(0, 50_000, 1_000))
    write_coco(tmp_path, [image], [annotation])
    with pytest.raises(LabelError, match=told):
        list(open_labelled(tmp_path, history_us=1_000))


def test_a_json_that_is_no_coco_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text("{}")
    with pytest.raises(LabelError, match=r"notes\.json: expected COCO's JSON"):
        list(open_labelled(path, history_us=1_000))


@pytest.mark.parametrize("name", ["", "walk.raw", "missing.raw"])
def test_a_path_without_labels_says_what_was_expected(
    tmp_path: Path, name: str
) -> None:
    write_ticks(tmp_path / "walk.raw")
    with pytest.raises(LabelError, match=r"expected recordings with NAME_bbox\.npy"):
        open_labelled(tmp_path / name, history_us=1_000)
