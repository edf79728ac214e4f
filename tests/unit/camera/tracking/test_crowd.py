"""A crowd whose boxes fall apart, melt and rest at random: a number is one track's."""

from collections.abc import Iterator
from random import Random

import pytest

from heliograph.camera.tracking.parts import around
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import Box, Size

SIZE = Size(640, 480)
PEOPLE = 8
SEEDS = 6
STEPS = 600


def crowd(seed: int, steps: int) -> Iterator[list[Box]]:
    """Yield what a detector finds of people who walk, rest and change their minds."""
    random = Random(seed)
    sides = [(random.uniform(20, 120), random.uniform(20, 160)) for _ in range(PEOPLE)]
    places = [(random.uniform(0, 640), random.uniform(0, 480)) for _ in range(PEOPLE)]
    speeds = [(random.gauss(0, 150), random.gauss(0, 60)) for _ in range(PEOPLE)]
    for _ in range(steps):
        boxes: list[Box] = []
        for n, (width, height) in enumerate(sides):
            if random.random() < 0.01:
                speeds[n] = random.choice([(0, 0), (random.gauss(0, 150), 0)])
            x, y = (
                (at + speed / 100) % side
                for at, speed, side in zip(
                    places[n], speeds[n], (640, 480), strict=True
                )
            )
            places[n] = x, y
            if speeds[n] == (0, 0) and random.random() < 0.9:
                continue
            if random.random() < 0.3:
                boxes.append(Box(x, y, width, height / 3))
                boxes.append(Box(x, y + height / 2, width, height / 2))
            else:
                boxes.append(Box(x, y, width, height))
        if len(boxes) > 1 and random.random() < 0.3:
            boxes[:2] = [around(*boxes[:2])]
        yield boxes


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_two_tracks_have_one_number_and_what_ended_is_gone(seed: int) -> None:
    tracker = Tracker(SIZE)
    for step, boxes in enumerate(crowd(seed, STEPS)):
        numbers = [track.id for track in tracker.update(boxes, step * 10_000)]
        assert len(set(numbers)) == len(numbers)
        assert not set(numbers) & {track.id for track in tracker.ended}
