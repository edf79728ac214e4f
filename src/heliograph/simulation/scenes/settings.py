"""What a set of scenes is asked to be."""

from dataclasses import dataclass
from math import inf
from pathlib import Path

from heliograph.camera.types import Size
from heliograph.simulation.scenes.sprites import Split

LABEL_US = 20_000
"""Boxes are noted at each multiple of this, and there is a picture at each."""

SCENES_MAX = 1_000_000
SECONDS_MIN = 0.1
SECONDS_MAX = 60.0
SIDE_PX = (64, 2048)


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """How many scenes, of which split, how long and from which pictures.

    Without a `size` each scene has one of the usual sensors'. Raises `ValueError`
    for what cannot be.
    """

    images: Path
    videos: Path
    scenes: int
    split: Split = "train"
    seed: int = 1
    seconds: float = 1.0
    size: Size | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.scenes <= SCENES_MAX:
            raise ValueError(f"scenes must be 1 to {SCENES_MAX:,}, not {self.scenes}")
        if not SECONDS_MIN <= self.seconds <= SECONDS_MAX < inf:
            raise ValueError(
                f"a scene takes {SECONDS_MIN} to {SECONDS_MAX} s, not {self.seconds}"
            )
        if self.seed < 0:
            raise ValueError(f"the seed must be 0 or more, not {self.seed}")
        if self.size is not None:
            for side in (self.size.width, self.size.height):
                if not SIDE_PX[0] <= side <= SIDE_PX[1]:
                    raise ValueError(
                        f"a side of the sensor must be {SIDE_PX[0]} to {SIDE_PX[1]} "
                        f"pixels, not {side}"
                    )
