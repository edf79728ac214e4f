"""Who is judged: a detector as a watch has it, and one that holds nothing back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.detection.blobs import FILTERED, BlobDetector, BlobSettings
from heliograph.camera.detection.detector import Detector
from heliograph.camera.types import Size


@dataclass(frozen=True, slots=True)
class Subject:
    """A detector to be judged.

    *make* builds one for a sensor that tells every box, however unsure: that is what
    average precision needs, and those that a watch would not count are weak.
    *make_sure* builds one as a watch has it. *labels* are the classes that it tells
    apart, none where all things are one to it. *facts* go into the report.
    """

    name: str
    make: Callable[[Size], Detector]
    make_sure: Callable[[Size], Detector]
    labels: tuple[str, ...]
    facts: Mapping[str, str | int | float]


def blobs(filters: FilterSettings) -> Subject:
    """Return the detector that needs no weights and knows no classes."""

    def make(size: Size) -> Detector:
        settings = FILTERED if filters.background_us else BlobSettings()
        return BlobDetector(size, settings)

    return Subject("blobs", make, make, (), {"weights": "none"})
