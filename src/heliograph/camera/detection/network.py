"""Things by class, found by a network on a small surface made of the events.

The network is an ONNX file (`model_facts` says what it must hold) that onnxruntime
runs, on one thread of the processor or on a GPU where its providers are there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from heliograph.camera.config.detector import EVERY, ProviderChoice
from heliograph.camera.config.errors import SettingError
from heliograph.camera.detection.decoding import (
    decode,
    outdone,
    suppress,
    without_riders,
)
from heliograph.camera.detection.model_facts import (
    INPUT,
    OUTPUTS,
    ForeignModelError,
    ModelFacts,
    read_facts,
)
from heliograph.camera.detection.weights import read_weights
from heliograph.camera.networks.session import PROCESSOR, shapes_of, start_session
from heliograph.camera.surfaces.model_input import ModelInput
from heliograph.camera.types import Box, Packet, Size

WEAK_SHARE = 0.5
"""From this share of its class's score on a box keeps a track that is there."""
SIDE_PX_MIN = 4.0
"""Of the input: what is smaller says nothing, or is what the border left of a box."""
PROVIDERS: Mapping[str, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "cpu": PROCESSOR,
}
"""By the config's word for them, the fastest first."""


class NetworkDetector:
    """A detector for a sensor of *size*, with *weights*, or those of the package.

    *score_min* says by class, or `EVERY` for all others, how sure the network must be
    where not as its file says. *provider* is what runs it; `auto` takes the fastest
    that is there. It runs on *threads* threads. Weak boxes are told from half of the
    class's score on, or from the score *tell_from* where that is less.

    Raises `SettingError` for weights that are not there, damaged, or no detector, for
    a class that the network does not know, and for a provider that is not there.
    """

    def __init__(
        self,
        size: Size,
        weights: Path | None = None,
        *,
        score_min: Mapping[str, float] | None = None,
        provider: ProviderChoice = "auto",
        threads: int = 1,
        tell_from: float = 1.0,
    ) -> None:
        self.weights, data = read_weights(weights)
        where = weights or self.weights
        offered = onnxruntime.get_available_providers()
        self._session = start_session(
            data, where, providers=_providers(provider, offered), threads=threads
        )
        try:
            self.facts = _facts_of(self._session)
        except ForeignModelError as error:
            raise SettingError(f"{where} cannot be used: {error}") from error
        self.provider = _provider_of(self._session, provider)
        self._input = ModelInput(size, self.facts.spec, self.facts.cells(size))
        self._seen: NDArray[np.uint8] = np.empty((1, *self._input.shape), np.uint8)
        self._sure = _scores(self.facts, score_min or {})
        self._told = np.minimum(self._sure * WEAK_SHARE, np.float32(tell_from))
        self._side_px_min = SIDE_PX_MIN / self._input.letterbox.scale

    def update(self, packet: Packet) -> None:
        """Take in *packet*; raises as `ModelInput.update` does."""
        self._input.update(packet)

    def detect(self, now_us: int) -> list[Box]:
        """Return what the network sees at *now_us*, best first, in sensor pixels."""
        self._input.render(now_us, out=self._seen[0])
        scores, distances = self._session.run(OUTPUTS, {INPUT: self._seen})
        found = suppress(decode(scores[0], distances[0], self._told))
        found = without_riders(found, self.facts.classes, self._sure)
        weak = outdone(found, self._sure) | (found.scores < self._sure[found.classes])
        edges = self._input.letterbox.to_sensor(found.edges)
        sides = edges[:, 2:] - edges[:, :2]
        large = (sides >= self._side_px_min).all(axis=1)
        return [
            Box(
                left,
                top,
                right - left,
                bottom - top,
                label=self.facts.classes[found.classes[at]],
                score=min(1.0, float(found.scores[at])),
                is_weak=bool(weak[at]),
            )
            for at in np.flatnonzero(large)
            for left, top, right, bottom in (edges[at].tolist(),)
        ]


def _providers(wanted: ProviderChoice, offered: Sequence[str]) -> list[str]:
    """Return what is to run the network, the first choice first, the processor last."""
    names = list(PROVIDERS)
    if wanted == "auto":
        return [PROVIDERS[name] for name in names if PROVIDERS[name] in offered]
    if PROVIDERS[wanted] not in offered:
        there = ", ".join(name for name in names if PROVIDERS[name] in offered)
        raise SettingError(
            f"the detector cannot run on {wanted}: this onnxruntime offers {there}; "
            "write provider: auto, or install onnxruntime-gpu"
        )
    below = names[names.index(wanted) :]
    return [PROVIDERS[name] for name in below if PROVIDERS[name] in offered]


def _provider_of(session: onnxruntime.InferenceSession, wanted: ProviderChoice) -> str:
    """Return what runs the network; one that was asked for by name must."""
    running = session.get_providers()
    first = next(name for name, long in PROVIDERS.items() if long in running)
    if wanted not in ("auto", first):
        raise SettingError(
            f"the detector cannot run on {wanted}: onnxruntime has it, but could not "
            f"start it and took {first}; are its libraries installed?"
        )
    return first


def _facts_of(session: onnxruntime.InferenceSession) -> ModelFacts:
    inputs, outputs = shapes_of(session)
    return read_facts(session.get_modelmeta().custom_metadata_map, inputs, outputs)


def _scores(facts: ModelFacts, told: Mapping[str, float]) -> NDArray[np.float32]:
    """Return the least score of each class, as *told* or as the file says."""
    if unknown := sorted(told.keys() - {EVERY, *facts.classes}):
        raise SettingError(
            f"score_min names {unknown[0]!r}, which the detector does not know; it "
            f"knows {', '.join(facts.classes)}"
        )
    usual = {name: told.get(EVERY, facts.score_min[name]) for name in facts.classes}
    return np.array([told.get(name, usual[name]) for name in facts.classes], np.float32)
