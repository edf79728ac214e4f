"""Which detector a watch gets, and what is told of it."""

from dataclasses import dataclass

from heliograph.camera.config.detector import DetectorKind, DetectorSettings
from heliograph.camera.detection.blobs import FILTERED, BlobDetector, BlobSettings
from heliograph.camera.detection.detector import Detector
from heliograph.camera.types import MOVING, Size


@dataclass(frozen=True, slots=True)
class DetectorFacts:
    """What finds things: its *kind*, and the *classes* that it tells apart.

    Of a network also its weights and what runs them.
    """

    kind: DetectorKind
    weights: str = ""
    provider: str = ""
    classes: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind == "blobs":
            return "blobs"
        known = ", ".join(self.classes)
        return f"network {self.weights} on {self.provider}: {known}"


BLOBS = DetectorFacts("blobs", classes=(MOVING,))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A detector and what is told of it.

    `parts`: its boxes may be parts of things. A network draws a box around each.
    """

    detector: Detector
    facts: DetectorFacts

    @property
    def parts(self) -> bool:
        """Whether its boxes may be parts of things."""
        return self.facts.kind == "blobs"


def choose_detector(
    size: Size, settings: DetectorSettings, *, filtered: bool
) -> Chosen:
    """Make the detector that *settings* say, for events that are *filtered* or not.

    Raises `SettingError` for weights that cannot be used.
    """
    if settings.kind == "blobs":
        blobs = FILTERED if filtered else BlobSettings()
        return Chosen(BlobDetector(size, blobs), BLOBS)
    # onnxruntime is 20 MB that blobs do without.
    from heliograph.camera.detection.network import NetworkDetector  # noqa: PLC0415

    network = NetworkDetector(
        size,
        settings.weights,
        score_min=settings.score_min,
        provider=settings.provider,
    )
    facts = DetectorFacts(
        "network", network.weights, network.provider, network.facts.classes
    )
    return Chosen(network, facts)
