"""How a network is trained."""

from dataclasses import dataclass, field
from typing import Literal

from heliograph.camera.surfaces.model_input import InputSpec

Precision = Literal["auto", "bf16", "fp32"]


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """What a run is made of; the same settings and samples give the same network.

    Each of *threads* reckons its share of every *batch*.
    *precision* auto is bf16 on a CPU that multiplies it in hardware, else fp32.
    """

    spec: InputSpec = field(default_factory=InputSpec)
    epochs: int = 32
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
