"""Who is judged: a detector as a watch has it, and one that holds nothing back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.detection.choosing import choose_detector
from heliograph.camera.detection.detector import Detector
from heliograph.camera.detection.weights import read_weights
from heliograph.camera.surfaces.model_input import CELLS
from heliograph.camera.types import Size

TELL_FROM = 0.01
"""From this score on boxes count for average precision; below there are only more."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A detector to be judged.

    *make* builds one for a sensor that tells every box, however unsure: that is what
    average precision needs, and those that a watch would not count are weak.
    *make_sure* builds one as a watch has it. *labels* are the classes that it tells
    apart, none where all things are one to it. *parts*: its boxes may be parts of
    things. *facts* go into the report.
    """

    name: str
    make: Callable[[Size], Detector]
    make_sure: Callable[[Size], Detector]
    labels: tuple[str, ...]
    parts: bool
    facts: Mapping[str, str | int | float]


def subject_of(settings: DetectorSettings, filters: FilterSettings) -> Subject:
    """Return the detector that *settings* say, as a watch with *filters* has it.

    Raises `SettingError` for weights that cannot be used.
    """
    filtered = filters.background_us > 0

    def make_sure(size: Size) -> Detector:
        return choose_detector(size, settings, filtered=filtered).detector

    if settings.kind == "blobs":
        return Subject("blobs", make_sure, make_sure, (), parts=True, facts={})
    # onnxruntime is 20 MB that blobs do without.
    from heliograph.camera.detection.network import NetworkDetector  # noqa: PLC0415

    def make(size: Size) -> NetworkDetector:
        return NetworkDetector(
            size,
            settings.weights,
            score_min=settings.score_min,
            provider=settings.provider,
            tell_from=TELL_FROM,
        )

    network = make(CELLS)
    name, data = read_weights(settings.weights)
    facts: dict[str, str | int | float] = {
        "weights": name,
        "bytes": len(data),
        "SHA-256": sha256(data).hexdigest(),
        "surface": network.facts.spec.kind,
        "runs on": network.provider,
        **{
            f"least score of {label}": score
            for label, score in network.facts.score_min.items()
        },
    }
    classes = network.facts.classes
    return Subject("network", make, make_sure, classes, parts=False, facts=facts)
