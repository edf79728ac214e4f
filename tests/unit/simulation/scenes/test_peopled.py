"""Backgrounds in which somebody is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import scene_parts
from heliograph.camera.types import Size
from heliograph.simulation.camera.sensor import SensorTraits
from heliograph.simulation.scenes import peopled
from heliograph.simulation.scenes.actors import Tone
from heliograph.simulation.scenes.by_eye import Notes, Unmasked
from heliograph.simulation.scenes.camera_path import CameraMotion, CameraPath
from heliograph.simulation.scenes.film import film
from heliograph.simulation.scenes.library import load_library
from heliograph.simulation.scenes.peopled import (
    Known,
    Peopled,
    coco_peopled,
    draw_peopled,
    penn_fudan_peopled,
)
from heliograph.simulation.scenes.plan import PEOPLED_SHARE, Plan, draw_plan
from heliograph.simulation.scenes.world import Optics

SIZE = Size(120, 90)


def test_everybody_in_a_picture_has_a_number(tmp_path: Path) -> None:
    images, _ = scene_parts.write_pictures(tmp_path)
    pictures = list(penn_fudan_peopled(images / "PennFudanPed"))
    assert len(pictures) == scene_parts.PICTURES
    assert pictures[0].kinds == ("person", "person")
    assert pictures[0].source == "FudanPed00001"
    assert np.unique(pictures[0].owner).tolist() == [0, 1, 2]


def test_who_rides_is_one_with_what_they_ride(tmp_path: Path) -> None:
    images, _ = scene_parts.write_pictures(tmp_path)
    pictures = {one.source: one for one in coco_peopled(images / "coco128")}
    # Of four pictures one shows a rider, one a car, and two nobody.
    assert len(pictures) == 6
    ridden, driven = pictures["000000000000.jpg"], pictures["000000000001.jpg"]
    assert ridden.kinds == ("two-wheeler",)
    assert driven.kinds == ("vehicle",)
    # The rider's head is at row 5, above the bicycle's 20.
    assert np.flatnonzero(ridden.owner.any(axis=1))[0] == 5


def test_a_picture_with_a_crowd_is_left_out(tmp_path: Path) -> None:
    images, _ = scene_parts.write_pictures(tmp_path)
    path = images / "coco128" / "annotations" / "instances_train2017.json"
    told = json.loads(path.read_text())
    for row in told["annotations"]:
        row["iscrowd"] = int(row["category_id"] == 3)
    path.write_text(json.dumps(told))
    kinds = [one.kinds for one in coco_peopled(images / "coco128")]
    assert kinds == [("two-wheeler",)] * 3


def test_a_crop_cuts_picture_and_numbers_alike() -> None:
    owner = np.zeros((80, 100), np.uint8)
    owner[20:60, 40:60] = 1
    picture = Peopled(owner * np.uint8(200), owner, ("person",), "a")
    for seed in range(8):
        drawn, known, source = draw_peopled(
            (120, 150), [picture], np.random.default_rng(seed)
        )
        assert source == "a"
        assert drawn.shape == known.owner.shape == (120, 150)
        assert ((drawn > 0.4) == (known.owner == 1)).mean() > 0.97
        scale = known.whole_px[0] / (40 * 20)
        assert 1.5**2 <= scale <= (1.5 / 0.75) ** 2 * 1.05


def test_what_has_no_mask_is_numbered_around_whoever_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, _ = scene_parts.write_pictures(tmp_path)
    whole = next(penn_fudan_peopled(images / "PennFudanPed"))
    far, near = Unmasked("vehicle", 0, 0, 30, 40), Unmasked("person", 0, 30, 10, 50)
    notes = {"FudanPed00001": Notes(unmasked=(near, far))}
    monkeypatch.setattr(peopled, "read_notes", lambda: notes)
    picture = next(penn_fudan_peopled(images / "PennFudanPed"))
    assert picture.kinds == ("person", "person", "vehicle", "person")
    assert picture.boxed == 2
    assert picture.unsure == {2, 3}
    masked = whole.owner > 0
    assert (picture.owner[masked] == whole.owner[masked]).all()
    in_far, in_near = np.zeros((2, *masked.shape), bool)
    in_far[:40, :30] = True
    in_near[30:50, :10] = True
    assert (picture.owner[in_near & ~masked] == 4).all()
    assert (picture.owner[in_far & ~in_near & ~masked] == 3).all()
    assert (picture.owner[~in_far & ~in_near & ~masked] == 0).all()


def test_of_whom_less_than_half_shows_nobody_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, _ = scene_parts.write_pictures(tmp_path)
    path = images / "coco128" / "annotations" / "instances_train2017.json"
    told = json.loads(path.read_text())
    driven = next(row for row in told["annotations"] if row["image_id"] == 1)
    notes = {"000000000001.jpg": Notes(hidden=frozenset({driven["id"]}))}
    monkeypatch.setattr(peopled, "read_notes", lambda: notes)
    unsure = {one.source: one.unsure for one in coco_peopled(images / "coco128")}
    assert unsure.pop("000000000001.jpg") == {0}
    assert not any(unsure.values())


def test_only_who_has_a_mask_wears_other_clothes() -> None:
    owner = np.zeros((80, 100), np.uint8)
    owner[20:60, 10:30] = 1
    owner[20:60, 60:80] = 2
    picture = Peopled(
        np.full_like(owner, 100), owner, ("person", "person"), "a", boxed=1
    )
    drawn, known, _ = draw_peopled((80, 100), [picture], np.random.default_rng(1))
    masked, boxed = (float(np.median(drawn[known.owner == n])) for n in (1, 2))
    assert boxed == pytest.approx(100 / 255, abs=0.01)
    assert abs(masked - boxed) > 0.02


def plan(*, pan: float) -> Plan:
    """Return a dark board, 20 wide and 40 high, in the middle of a background."""
    owner = np.zeros((110, 160), np.int16)
    owner[35:75, 70:90] = 1
    background = np.where(owner > 0, -2.0, -0.2).astype(np.float32)
    motion: CameraMotion = "hand-held" if pan else "static"
    return Plan(
        size=SIZE,
        seconds=0.4,
        paces=(8,),
        traits=SensorTraits(shot_noise_hz=0.0, leak_hz=0.0, hot_pixels=0),
        sensor_seed=1,
        tone=Tone(1.0, 0.0),
        optics=Optics(SIZE, focal_px=120.0, horizon_px=30.0, height_m=1.0),
        camera=CameraPath(motion, (60.0, 45.0), pan=(pan, 0.0)),
        background=background,
        background_source="board",
        pad=(20, 10),
        far_m=30.0,
        actors=(),
        lamp=None,
        known=Known(owner, ("vehicle",), (800.0,)),
    )


def test_who_is_in_the_background_has_a_box_where_the_camera_sees_them() -> None:
    labels = film(plan(pan=50.0)).labels
    first, last = labels[0], labels[-1]
    assert (labels["class_id"] == 1).all()
    assert (labels["track_id"] == 1).all()
    # At 20 ms the camera has moved by one pixel, at 400 ms by 20.
    assert (first["x"], first["y"]) == pytest.approx((51, 25), abs=1)
    assert (last["x"], last["y"]) == pytest.approx((70, 25), abs=1)
    assert (last["w"], last["h"]) == pytest.approx((20, 40), abs=1)
    assert last["class_confidence"] == 1.0


def test_who_stands_still_before_a_still_camera_is_marked_as_unseen() -> None:
    labels = film(plan(pan=0.0)).labels
    assert labels.size
    assert (labels["class_confidence"] == 0.0).all()


def test_who_is_known_by_a_box_is_not_asked_for() -> None:
    moving = plan(pan=50.0)
    assert moving.known is not None
    known = replace(moving.known, unsure=frozenset({0}))
    labels = film(replace(moving, known=known)).labels
    assert labels.size == film(moving).labels.size
    assert (labels["class_confidence"] == 0.0).all()


@pytest.mark.parametrize(("cut_px", "sure"), [(0, 1.0), (6, 0.7), (14, 0.0)])
def test_who_is_mostly_beyond_the_border_is_not_asked_for(
    cut_px: int, sure: float
) -> None:
    """The board is less than half as high as the picture, and 20 pixels wide."""
    moving = plan(pan=40.0)
    # It begins further left than that by what the camera pans, 16 pixels.
    left = -50 - 16 - cut_px
    background = np.roll(moving.background, left, axis=1)
    assert moving.known is not None
    known = replace(moving.known, owner=np.roll(moving.known.owner, left, axis=1))
    last = film(replace(moving, background=background, known=known)).labels[-1]
    assert (last["x"], last["w"]) == pytest.approx((0, 20 - cut_px), abs=1)
    assert last["class_confidence"] == pytest.approx(sure, abs=0.06)


def test_some_scenes_show_pictures_with_people(tmp_path: Path) -> None:
    settings = scene_parts.settings(tmp_path)
    library = load_library(settings.images, settings.videos, "train")
    plans = [draw_plan(settings, library, number) for number in range(60)]
    known = [one for one in plans if one.known is not None]
    assert len(known) / 60 == pytest.approx(PEOPLED_SHARE, abs=0.15)
    for one in known:
        assert one.camera.motion == "hand-held"
        assert one.known is not None
        assert one.known.owner.shape == one.background.shape
