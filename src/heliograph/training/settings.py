"""What a network is trained on, and how."""

from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Literal

from heliograph.camera.surfaces.model_input import CELLS, InputSpec
from heliograph.labelled import ClassMap
from heliograph.training.placing import CALM, VARIED, Framing

CROP = (128, 160)
"""What is cut out of a window, a quarter of it: as much as most things need."""
CROPS = Framing(CROP)

WHOLE_SHARE = 0.28
"""Of the epochs, those after the crops."""
CALM_SHARE = 0.1
"""Of the epochs, those that end it: windows as they are when the network is used."""

Precision = Literal["auto", "bf16", "fp32"]


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What a run is made of; the same settings and samples give the same network.

    The first of the *epochs* see crops, those after them whole windows, *batch* of them
    at a time, and as many crops as have the same area together; the last ones see whole
    windows nearly as they are. Each of *threads* reckons its share.
    *precision* auto is bf16 on a CPU that multiplies it in hardware, else fp32.
    """

    spec: InputSpec = field(default_factory=InputSpec)
    epochs: int = 42
    batch: int = 16
    rate: float = 2e-3
    decay: float = 0.02
    seed: int = 1
    threads: int = 2
    precision: Precision = "auto"

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        for name in ("epochs", "batch", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1")
        if not self.rate > 0:
            raise ValueError("rate must be above 0")

    @property
    def crops(self) -> int:
        """Return how many crops make a batch."""
        return self.batch * (CELLS.height * CELLS.width // (CROP[0] * CROP[1]))

    def framing_of(self, epoch: int) -> Framing:
        """Return how windows are shown in *epoch*, counted from 0."""
        left = self.epochs - epoch
        if left <= ceil(self.epochs * CALM_SHARE):
            return CALM
        return VARIED if left <= ceil(self.epochs * WHOLE_SHARE) else CROPS


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is trained on, and how.

    Scenes are simulated from *images* and *videos* where these are given. *data* are
    labelled recordings to train on beside them, *held_out* such to judge by, of data
    sets whose classes *classes* maps where their files do not tell. A window is a
    sample every *every_us*.
    """

    out: Path
    images: Path | None = None
    videos: Path | None = None
    scenes: int = 10_000
    held_out_scenes: int = 300
    scene_s: float = 0.4
    data: tuple[Path, ...] = ()
    held_out: tuple[Path, ...] = ()
    classes: ClassMap | None = None
    every_us: int = 160_000
    workers: int = 2
    training: TrainSettings = field(default_factory=TrainSettings)
