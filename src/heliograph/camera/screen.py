"""What shows a watch to people: what it is told, whether a terminal or a browser."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.detection.choosing import BLOBS, DetectorFacts
from heliograph.camera.summary import Tally
from heliograph.camera.types import Caption, Size, Track

Look: TypeAlias = Callable[[int], NDArray[np.uint8]]
"""Renders the picture at a time in us: grey, shape (H, W)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What does not change while a recording is watched."""

    name: str
    size: Size
    format: str
    speed: float | None
    begin_us: int
    model: str | None
    detector: DetectorFacts = BLOBS


class Screen(Protocol):
    """Where a watch is shown, while it is entered."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(self, *raised: object) -> None:
        """Put the terminal back."""

    def window(
        self, now_us: int, events: int, tracks: Sequence[Track], picture: Look
    ) -> None:
        """Take in a window of *events* that ends at *now_us*.

        *picture* shows what the model is shown parts of, and takes its time.
        """

    def caption(self, caption: Caption) -> None:
        """Take in a caption, or the failure to get one."""


OpenScreen: TypeAlias = Callable[[Facts, Tally, Callable[[], QueueCounters]], Screen]
"""Makes the screen of a watch that begins: its facts, what it counts as it goes."""
