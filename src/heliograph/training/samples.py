"""Labelled windows as what the network is shown and asked.

One file of surfaces and one of boxes, on disk: they are more than memory is good for.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.surfaces.model_input import CELLS, InputSpec, ModelInput
from heliograph.camera.types import Box, Packet, Size
from heliograph.labelled.classes import CLASSES
from heliograph.labelled.window import LabelledWindow
from heliograph.training.augment import SIDE_MIN_PX
from heliograph.training.targets import IGNORED

HISTORY_US = 400_000
"""How much of a recording a sample is made from: more has faded."""

HISTORY_MIN_US = 40_000
"""A recording that just began is a sample too."""

BEGUN_SHARE = 0.5
FILTERED_SHARE = 0.8
"""Most watches filter noise as the camera's defaults do, some do not."""

SHOWN_PER_PX = 0.5
"""Events per pixel of a box's outline below which nobody is asked what is there."""

SURFACES, BOXES, FACTS = "surfaces.bin", "boxes.npy", "samples.json"


@dataclass(frozen=True, slots=True)
class Samples:
    """N windows: what is shown, what is asked, and where it is from.

    `surfaces` (N, C, H, W) uint8 are read from disk as needed. `boxes` (M, 6) float32,
    in order of samples: sample, class, left, top, right, bottom in pixels of the
    surface. `sources` has the recording of each sample.
    """

    surfaces: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    sources: Sequence[str]
    _first: NDArray[np.intp] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Learn where each sample's boxes begin."""
        first = np.searchsorted(self.boxes[:, 0], np.arange(len(self.surfaces) + 1))
        object.__setattr__(self, "_first", first)

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(self.surfaces)

    def boxes_of(self, sample: int) -> NDArray[np.float32]:
        """Return (n, 5) boxes of one sample: class, left, top, right, bottom."""
        return self.boxes[self._first[sample] : self._first[sample + 1], 1:]


def write_samples(
    windows: Iterable[LabelledWindow],
    folder: Path,
    *,
    spec: InputSpec,
    seed: int,
    told: Callable[[int], None],
) -> None:
    """Write what *windows* show to *folder*; *told* hears how many there are so far.

    Half of them remember less than they could, down to 40 ms, as when a watch has just
    begun; most are filtered as a watch does. Raises `ValueError` where there are none,
    and `OSError`.
    """
    rng = np.random.default_rng([seed, 2])
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[float, ...]] = []
    sources: list[str] = []
    inputs: dict[Size, ModelInput] = {}
    shape = (spec.channels, CELLS.height, CELLS.width)
    surface = np.empty(shape, np.uint8)
    part = folder / f"{SURFACES}.part"
    with part.open("wb") as file:
        for window in windows:
            if window.size not in inputs:
                inputs[window.size] = ModelInput(window.size, spec, CELLS)
            shown = inputs[window.size]
            seen = _seen(window, rng)
            shown.forget()
            shown.update(seen)
            shown.render(window.t_us + 1, out=surface)
            file.write(surface.data)
            rows += [(len(sources), *row) for row in _rows(shown, window, seen)]
            sources.append(window.source)
            told(len(sources))
    if not sources:
        raise ValueError("there are no labelled windows")
    boxes = np.array(rows, np.float32).reshape(-1, 6)
    np.save(folder / BOXES, boxes)
    part.replace(folder / SURFACES)
    facts = {"shape": shape, "seed": seed, "sources": sources}
    (folder / FACTS).write_text(json.dumps(facts, indent=2) + "\n")


def read_samples(folder: Path) -> Samples:
    """Return what `write_samples` wrote to *folder*. Raises `OSError`."""
    facts = json.loads((folder / FACTS).read_text())
    shape = (len(facts["sources"]), *facts["shape"])
    surfaces = np.memmap(folder / SURFACES, np.uint8, "r", shape=shape)
    return Samples(surfaces, np.load(folder / BOXES), facts["sources"])


def _seen(window: LabelledWindow, rng: np.random.Generator) -> Packet:
    """Return the events that a sample is made from: some, or all, of the window's."""
    history_us = HISTORY_US
    if rng.random() < BEGUN_SHARE:
        history_us = int(
            np.exp(rng.uniform(np.log(HISTORY_MIN_US), np.log(HISTORY_US)))
        )
    events = window.events
    first = np.searchsorted(events["t"], window.t_us - history_us, side="right")
    seen = events[first:]
    if rng.random() < FILTERED_SHARE:
        filters = Filters(window.size, FilterSettings(), window_us=HISTORY_US)
        seen = filters.apply(seen)
    return seen


def _rows(
    shown: ModelInput, window: LabelledWindow, seen: Packet
) -> list[tuple[float, ...]]:
    """Return class, left, top, right and bottom of each box on the surface."""
    rows = [
        _row(shown, box, CLASSES.index(box.label) if _shows(box, seen) else IGNORED)
        for box in window.boxes
    ]
    return rows + [_row(shown, box, IGNORED) for box in window.ignored]


def _shows(box: Box, seen: Packet) -> bool:
    """Say whether enough of what is in *box* is among the events *seen*."""
    x, y = seen["x"], seen["y"]
    inside = (x >= box.x) & (x < box.x + box.width)
    inside &= (y >= box.y) & (y < box.y + box.height)
    outline = 2 * (box.width + box.height)
    return bool(np.count_nonzero(inside) >= SHOWN_PER_PX * outline)


def _row(shown: ModelInput, box: Box, kind: int) -> tuple[float, ...]:
    edges = shown.letterbox.to_input(box)
    small = min(edges[2] - edges[0], edges[3] - edges[1]) < SIDE_MIN_PX
    return (IGNORED if small else kind, *edges)
