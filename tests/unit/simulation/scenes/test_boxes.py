"""The truth that goes with a scene."""

from pathlib import Path

import numpy as np
import pytest

import scene_parts
from heliograph.camera.types import Size
from heliograph.simulation.camera.sensor import SensorTraits
from heliograph.simulation.scenes.actors import Actor, Part, Tone, placed
from heliograph.simulation.scenes.boxes import BOX, tally
from heliograph.simulation.scenes.camera_path import CameraPath
from heliograph.simulation.scenes.film import Filmed, Stage, film
from heliograph.simulation.scenes.library import load_library
from heliograph.simulation.scenes.plan import Plan, draw_plan
from heliograph.simulation.scenes.sprites import Kind, Sprite
from heliograph.simulation.scenes.world import Optics, course

SIZE = Size(120, 90)


def block(kind: Kind | None, x_m: float, z_m: float, speed: float) -> Actor:
    """Return a dark board, 1.6 m high and half as wide."""
    sprite = Sprite(
        "person",
        np.full((80, 40), 20, np.uint8),
        np.full((80, 40), 255, np.uint8),
        "board",
    )
    way = course(0.4, (x_m, z_m), 0.0, speed)
    return Actor(kind, 1.6, (Part(sprite, placed(sprite)),), way)


def plan(*actors: Actor) -> Plan:
    return Plan(
        size=SIZE,
        seconds=0.4,
        paces=(8,),
        traits=SensorTraits(shot_noise_hz=0.0, leak_hz=0.0, hot_pixels=0),
        sensor_seed=1,
        tone=Tone(1.0, 0.0),
        optics=Optics(SIZE, focal_px=120.0, horizon_px=30.0, height_m=1.0),
        camera=CameraPath("static", (60.0, 45.0)),
        background=np.full((90, 120), -0.5, np.float32),
        background_source="grey",
        pad=(0, 0),
        far_m=30.0,
        actors=actors,
        lamp=None,
    )


def at(filmed: Filmed, t_us: int) -> np.ndarray[tuple[int, ...], np.dtype[np.void]]:
    return np.asarray(filmed.labels[filmed.labels["t"] == t_us])


def test_a_box_is_what_is_drawn_at_that_time() -> None:
    scene = plan(block("person", 0.0, 4.0, 2.0))
    filmed = film(scene)
    assert filmed.labels.dtype == BOX
    assert np.unique(filmed.labels["t"]).tolist() == list(
        range(20_000, 400_001, 20_000)
    )
    stage = Stage(scene)
    for t_us in (100_000, 300_000):
        picture = stage.picture(t_us // 2_500)
        rows, columns = np.nonzero(picture < -0.5 - 0.4 * 1.9)
        (box,) = at(filmed, t_us)
        assert abs(box["x"] - columns.min()) <= 1
        assert abs(box["y"] - rows.min()) <= 1
        assert abs(box["x"] + box["w"] - 1 - columns.max()) <= 1
        assert abs(box["y"] + box["h"] - 1 - rows.max()) <= 1
    # 1.6 m at 4 m are 48 pixels, and 2 m/s are 60 pixels a second.
    assert box["h"] == pytest.approx(48, abs=2)
    moved = at(filmed, 300_000)["x"][0] - at(filmed, 100_000)["x"][0]
    assert moved == pytest.approx(12, abs=1)


def test_boxes_end_at_the_border() -> None:
    filmed = film(plan(block("vehicle", -1.9, 4.0, 1.0)))
    boxes = filmed.labels
    assert boxes.size
    assert (boxes["x"] >= 0).all()
    assert (boxes["x"] + boxes["w"] <= SIZE.width).all()
    assert (boxes["class_id"] == 1).all()


def test_who_is_behind_somebody_has_no_box_until_they_come_out() -> None:
    near, far = block("person", 0.0, 3.0, 0.0), block("person", 0.0, 3.5, 3.0)
    filmed = film(plan(near, far))
    assert at(filmed, 200_000)["track_id"].tolist() == [1]
    assert at(filmed, 400_000)["track_id"].tolist() == [1, 2]


def test_who_emits_nothing_is_marked_as_unseen() -> None:
    filmed = film(plan(block("person", -0.8, 4.0, 0.0), block("person", 0.8, 4.0, 1.5)))
    still, moving = at(filmed, 200_000)
    assert (still["track_id"], still["class_confidence"]) == (1, 0.0)
    assert (moving["track_id"], moving["class_confidence"]) == (2, 1.0)


def test_what_has_no_class_has_no_box_and_hides_others() -> None:
    alone = film(plan(block("person", 0.0, 3.5, 1.0)))
    hidden = film(plan(block("person", 0.0, 3.5, 1.0), block(None, 0.0, 2.0, 0.0)))
    assert at(alone, 200_000).size == 1
    assert at(hidden, 200_000).size == 0


def test_events_come_in_order_from_inside_the_sensor() -> None:
    events = film(plan(block("person", 0.0, 4.0, 2.0))).events
    assert events.size > 500
    assert (np.diff(events["t"]) >= 0).all()
    assert events["x"].max() < SIZE.width
    assert events["y"].max() < SIZE.height
    on, off = np.count_nonzero(events["p"]), np.count_nonzero(events["p"] == 0)
    # A dark board darkens in front as much as it uncovers behind.
    assert 0.6 < on / off < 1.6


def test_pictures_come_at_times_that_labels_fall_on(
    tmp_path: Path,
) -> None:
    settings = scene_parts.settings(tmp_path)
    library = load_library(settings.images, settings.videos, "train")
    seen = set()
    for number in range(12):
        drawn = draw_plan(settings, library, number)
        seen.add((drawn.camera.motion, drawn.frame_us))
        times_us = drawn.times_us()
        assert set(range(0, times_us[-1], 20_000)) < set(times_us)
        assert 1_000 <= np.diff(times_us).min() <= np.diff(times_us).max() <= 5_000
    assert len(seen) > 2


def test_pixels_are_tallied_by_their_marks() -> None:
    owner = np.random.default_rng(6).integers(0, 4, (50, 60)).astype(np.int16)
    assert (
        tally(owner, 5).tolist() == np.bincount(owner.ravel(), minlength=6)[1:].tolist()
    )
