"""What one look of the detector costs, beside FastestDet and NanoDet-m, and a watch.

All three take a picture of 320x256, as of a sensor of 4:3, and run by onnxruntime on
one thread. The peers are built from their published architectures with random weights
(`published_networks.py`) and made int8 as ours is: what they would find is not
measured, only what it takes. Time is CPU time of the one thread that does it; of a
watch the mean of its windows, for it looks at one of two, and at 320x192, for its
sensor is wide. `make bench-detector`
"""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from io import BytesIO
from os import getloadavg
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from camera_stages import Lap
from camera_stream import WINDOW_US, street, windows, written
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from published_networks import INPUT, fastest_det, nanodet_m
from quoting import add_keeping, finish
from report import Found
from verdicts import Judged, at_most, shown

from heliograph import camera
from heliograph.camera.config import SettingError
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.detection.blobs import TAU_US
from heliograph.camera.detection.network import NetworkDetector
from heliograph.camera.detection.weights import read_weights
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.stages import LOOKS_EVERY_US
from heliograph.camera.surfaces.levels import Levels
from heliograph.camera.surfaces.model_input import CELLS, ModelInput
from heliograph.camera.surfaces.picture import Picture
from heliograph.camera.tracking.settings import TrackerSettings
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import Packet, Size

NAME = "detector"
LOOK_MS = 5.0
"""What one inference may cost."""
WINDOW_MS = 10.0
RATES_MEV = (1, 5, 25)
ROUNDS, RUNS, WARM_UP = 10, 20, 3
WINDOWS = 40
LOOKS_EVERY = LOOKS_EVERY_US // WINDOW_US
"""Windows, as in a watch where nobody said otherwise."""
PICTURES = 8
"""How many random pictures the peers are calibrated with."""
STAGES = ("decode", "filters", "picture", "surface", "look", "tracks")
OURS = "ours"
VGA = Size(640, 480)


@dataclass
class Network:
    """One network, what it is fed, and what each run cost in ms."""

    name: str
    data: bytes
    parameters: int
    fed: dict[str, NDArray[np.generic]]
    ms: list[float] = field(default_factory=list)

    def start(self) -> Callable[[], object]:
        """Return what runs it once, on one thread."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"]
        session = onnxruntime.InferenceSession(self.data, options, providers=providers)
        return partial(session.run, None, self.fed)


def ours(weights: Path | None, one: Packet, size: Size) -> Network:
    """Return our network, fed with what a `VGA` sensor sees of the street."""
    detector = NetworkDetector(VGA, weights)
    name, data = read_weights(weights)
    shows = ModelInput(VGA, detector.facts.spec, detector.facts.cells(VGA))
    left, top = (size.width - VGA.width) // 2, (size.height - VGA.height) // 2
    x, y = one["x"].astype(int) - left, one["y"].astype(int) - top
    inside = (x >= 0) & (x < VGA.width) & (y >= 0) & (y < VGA.height)
    middle = one[inside]
    middle["x"], middle["y"] = x[inside], y[inside]
    shows.update(middle)
    seen = shows.render(int(one["t"].max()) + 1)[None]
    return Network(f"{OURS}, {name}", data, _parameters(data), {"surface": seen})


def peers() -> Iterator[Network]:
    """Yield each peer as it is published, and as int8."""
    rng = np.random.default_rng(1)
    pictures = rng.random((PICTURES, 1, 3, CELLS.height, CELLS.width), np.float32)
    for name, build in (("FastestDet", fastest_det), ("NanoDet-m", nanodet_m)):
        model, parameters = build(CELLS.height, CELLS.width)
        fed: dict[str, NDArray[np.generic]] = {INPUT: pictures[0]}
        whole = model.SerializeToString()
        yield Network(f"{name}, fp32", whole, parameters, fed)
        yield Network(f"{name}, int8", _as_int8(model, pictures), parameters, fed)


class _Pictures(CalibrationDataReader):  # type: ignore[misc]  # it has no types
    """Gives one picture after the other to whoever calibrates."""

    def __init__(self, pictures: NDArray[np.float32]) -> None:
        self._left = iter(pictures)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """Return the next one, None behind the last."""
        picture = next(self._left, None)
        return None if picture is None else {INPUT: picture}


def _as_int8(model: onnx.ModelProto, pictures: NDArray[np.float32]) -> bytes:
    """Quantise *model* as ours is: QDQ, by channel."""
    # It advises a step that only joins what is joined here already.
    logging.disable(logging.WARNING)
    with TemporaryDirectory() as folder:
        whole, small = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
        onnx.save(model, whole)
        quantize_static(
            whole,
            small,
            _Pictures(pictures),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
        )
        return small.read_bytes()


def _parameters(data: bytes) -> int:
    """Return how many weights an ONNX file has; scales of a quantised one count too."""
    model = onnx.load_from_string(data)
    return sum(int(np.prod(one.dims)) for one in model.graph.initializer)


def compare(networks: Sequence[Network]) -> None:
    """Run all *networks* in turns, so that none has the quieter machine."""
    runs = [network.start() for network in networks]
    for run in runs:
        for _ in range(WARM_UP):
            run()
    for _ in range(ROUNDS):
        for network, run in zip(networks, runs, strict=True):
            for _ in range(RUNS):
                lap = Lap()
                run()
                network.ms.append(lap.ms())


def watched(
    one: Packet, size: Size, rate_mev: int, weights: Path | None
) -> dict[str, list[float]]:
    """Return what each stage of a window costs in ms, in a stream of *rate_mev*."""
    packets = windows(one, size, [rate_mev * WINDOW_US] * (WARM_UP + WINDOWS))
    filters = Filters(size, FilterSettings(), window_us=WINDOW_US)
    picture, levels = Picture(size, tau_us=100_000), Levels(size, tau_us=TAU_US)
    detector = NetworkDetector(size, weights)
    tracker = Tracker(size, TrackerSettings(parts=False))
    costs: dict[str, list[float]] = {name: [] for name in STAGES}
    with camera.open(BytesIO(written(packets, size)), WINDOW_US) as recording:
        recording.lends = True
        lap = Lap()
        for n, packet in enumerate(recording):
            spent_ms = [lap.ms()]
            kept = filters.apply(packet)
            spent_ms.append(lap.ms())
            picture.update(kept)
            levels.update(kept)
            spent_ms.append(lap.ms())
            detector.update(kept)
            spent_ms.append(lap.ms())
            looks = n % LOOKS_EVERY == 0
            boxes = detector.detect(recording.now_us) if looks else []
            spent_ms.append(lap.ms())
            if looks:
                tracker.update(boxes, recording.now_us)
            spent_ms.append(lap.ms())
            if n >= WARM_UP:
                for name, ms in zip(STAGES, spent_ms, strict=True):
                    costs[name].append(ms)
    return costs


def network_lines(networks: Sequence[Network]) -> list[tuple[str, ...]]:
    """Write the table of networks, its head first."""
    head = (
        "network",
        "weights",
        "parameters",
        "bytes",
        "p50, ms",
        "p95, ms",
        "of ours",
    )
    own_ms = median(networks[0].ms)
    return [
        head,
        *(
            (
                one.name,
                "trained" if one is networks[0] else "random",
                f"{one.parameters:,}",
                f"{len(one.data):,}",
                f"{median(one.ms):.2f}",
                f"{_p95(one.ms):.2f}",
                f"{median(one.ms) / own_ms:.2f}",
            )
            for one in networks
        ),
    ]


def watch_lines(costs: dict[int, dict[str, list[float]]]) -> list[tuple[str, ...]]:
    """Write what windows cost on average by event rate, the head first."""
    titles = [f"{name}, ms" for name in STAGES]
    head = ("Mev/s", "of a core", *titles, "all, ms", "p95, ms")
    return [
        head,
        *(
            (
                str(rate),
                f"{mean(_totals(stages)) / WINDOW_MS:.0%}",
                *(f"{mean(stages[name]):.2f}" for name in STAGES),
                f"{mean(_totals(stages)):.2f}",
                f"{_p95(_totals(stages)):.2f}",
            )
            for rate, stages in costs.items()
        ),
    ]


def judge(
    networks: Sequence[Network], costs: dict[int, dict[str, list[float]]]
) -> Iterator[Judged]:
    """Hold a look and a window against what they may cost."""
    yield at_most("one inference, ours", LOOK_MS, median(networks[0].ms), "{:.2f} ms")
    for one in networks[1:]:
        yield shown(f"one inference, {one.name}", median(one.ms), "{:.2f} ms")
    for rate, stages in costs.items():
        what = f"10 ms at {rate} Mev/s, 1280x720, decode to tracks"
        yield at_most(what, WINDOW_MS, mean(_to_tracks(stages)), "{:.1f} ms")
        what = "the same, and what captions are drawn of"
        yield shown(what, mean(_totals(stages)), "{:.1f} ms")


def _to_tracks(stages: dict[str, list[float]]) -> list[float]:
    """Return what is left without pictures, of which captions are drawn."""
    return _totals({name: ms for name, ms in stages.items() if name != "picture"})


def _totals(stages: dict[str, list[float]]) -> list[float]:
    return [sum(one) for one in zip(*stages.values(), strict=True)]


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def main() -> int:
    """Measure; print, and keep, what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="others than the package's"
    )
    add_keeping(parser)
    options = parser.parse_args()
    load = getloadavg()[0]
    one, size = street()
    try:
        networks = [ours(options.weights, one, size), *peers()]
    except SettingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    compare(networks)
    costs = {rate: watched(one, size, rate, options.weights) for rate in RATES_MEV}
    found = Found(
        command="make bench-detector",
        load=load,
        judged=[*judge(networks, costs)],
        lines=[network_lines(networks), watch_lines(costs)],
        versions={name: version(name) for name in ("onnxruntime", "onnx")},
        figures={
            "networks": {
                network.name: {
                    "bytes": len(network.data),
                    "parameters": network.parameters,
                    "ms": network.ms,
                }
                for network in networks
            },
            "watch": {str(rate): stages for rate, stages in costs.items()},
        },
    )
    finish(NAME, found, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
