"""What the detector's network is shown: a small surface made straight from events.

Events are counted by polarity in the cells of a coarse grid, for a slice of a few
milliseconds; then the slice is folded into what is remembered. So an event costs one
addition, however many decays there are, and nothing is rendered at the sensor's size.
A count is divided by the cell's pixels, so that a sensor of any size shows the same.

Three kinds are known. *leaky*: per polarity and tau, counts that leak away (Scheerlinck
et al., ACCV 2018, https://arxiv.org/abs/1811.00386, with the polarities kept apart),
pressed into 8 bits as count / (count + 1). *exponential*: per polarity and tau,
exp(-age / tau) of a cell's newest event (Lagorce et al., HOTS, TPAMI 2017,
https://doi.org/10.1109/TPAMI.2016.2574707). *histogram*: counts of the newest slices,
pressed likewise (Gehrig, Scaramuzza, RVT, CVPR 2023, https://arxiv.org/abs/2212.05598).
Which one wins is an experiment's business; a model's file says what it was trained on.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.bounds import check_dtype, check_events, check_out
from heliograph.camera.jit import compiled
from heliograph.camera.surfaces.letterbox import Letterbox
from heliograph.camera.surfaces.picture import LEVEL_MIN
from heliograph.camera.types import EVENT, Packet, Size

CELLS = Size(320, 256)
"""The input's own geometry, for sensors as high as most are."""
ROWS_WIDE = 192
"""How many rows of it a sensor of 16:9 needs: more would be empty, and cost as much."""

BACK_SLICES = 4
"""Time that goes further back is that of another stream or place."""

Kind = Literal["leaky", "exponential", "histogram"]


@dataclass(frozen=True, slots=True)
class InputSpec:
    """Which surface a network was trained on.

    `taus_us` are the decays of leaky and exponential, `bins` the slices of a
    histogram. `slice_us` is how long events are counted together.
    """

    kind: Kind = "leaky"
    taus_us: tuple[int, ...] = (25_000, 150_000)
    bins: int = 5
    slice_us: int = 5_000

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        if self.kind not in ("leaky", "exponential", "histogram"):
            raise ValueError(f"there is no surface of kind {self.kind!r}")
        if self.slice_us < 1 or self.bins < 1:
            raise ValueError("slice_us and bins must be at least 1")
        if not self.taus_us or min(self.taus_us) < self.slice_us:
            raise ValueError(
                f"every tau must be at least a slice ({self.slice_us} us) long, "
                f"not {self.taus_us}"
            )

    @property
    def memories(self) -> int:
        """How many planes a polarity has."""
        return self.bins if self.kind == "histogram" else len(self.taus_us)

    @property
    def channels(self) -> int:
        """How many planes the surface has: those of darker, then those of brighter."""
        return 2 * self.memories


def cells_of(size: Size) -> Size:
    """Return the input's geometry for a sensor of *size*: a wide one has fewer rows."""
    filled = size.height * min(1.0, CELLS.width / size.width)
    return CELLS if filled > ROWS_WIDE else Size(CELLS.width, ROWS_WIDE)


class ModelInput:
    """The surface that *spec* describes, of what a sensor of *size* sends.

    It has the geometry *cells*.
    """

    def __init__(self, size: Size, spec: InputSpec, cells: Size) -> None:
        self.size, self.spec = size, spec
        self.letterbox = Letterbox(size, cells)
        planes = (cells.height, cells.width)
        self.shape = (spec.channels, *planes)
        self._counts: NDArray[np.int32] = np.zeros((2, *planes), np.int32)
        # Polarity, memory, row, column; a histogram's newest slice comes last.
        self._left: NDArray[np.float32] = np.zeros(
            (2, spec.memories, *planes), np.float32
        )
        self._slice: int | None = None
        slices = np.array([spec.slice_us / tau_us for tau_us in spec.taus_us])
        self._kept: NDArray[np.float32] = np.exp(-slices).astype(np.float32)
        # Loaded now, and not while a stream waits; of nothing nothing is left.
        where = (self.letterbox.columns, self.letterbox.rows)
        _count(np.empty(0, EVENT), 0, *where, self._counts)
        self._fold(1)

    def update(self, packet: Packet) -> None:
        """Take in *packet*, which may step back by a few us.

        Raises `ValueError` for another dtype, or for events outside the sensor after
        the others were taken in.
        """
        times, done, outside = check_dtype(packet)["t"], 0, 0
        where = (self.letterbox.columns, self.letterbox.rows)
        while done < len(packet):
            self._reach(int(times[done]))
            end_us = (self._reached + 1) * self.spec.slice_us
            taken, beyond = _count(packet[done:], end_us, *where, self._counts)
            done, outside = done + taken, outside + beyond
        check_events(packet, outside)

    def render(
        self, now_us: int, *, out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return the surface at *now_us*, uint8 of shape (channels, H, W).

        The slice that is under way counts as if it ended now. Written to *out* where
        it is given.
        """
        if out is None:
            out = np.empty(self.shape, np.uint8)
        check_out(out, self.shape)
        # A window is half-open: nothing at now itself has been seen.
        self._reach(now_us - 1)
        view = out.reshape(self._left.shape)
        if self.spec.kind == "histogram":
            _press(self._left[:, 1:], view[:, :-1])
            _press(self._fresh()[:, None], view[:, -1:])
            return out
        if self.spec.kind == "leaky":
            share = self.letterbox.share
            _press_added_up(self._counts, share, self._kept, self._left, view)
            return out
        for at, kept in enumerate(self._kept):
            newest = np.maximum(self._left[:, at] * kept, self._counts > 0)
            view[:, at] = newest * np.float32(255.0) + np.float32(0.5)
        return out

    def forget(self) -> None:
        """Begin anew, as if nothing had been seen."""
        self._left[:] = 0.0
        self._counts[:] = 0
        self._slice = None

    @property
    def _reached(self) -> int:
        return 0 if self._slice is None else self._slice

    def _fresh(self) -> NDArray[np.float32]:
        """Return the slice under way, as events a pixel, shape (2, H, W)."""
        fresh: NDArray[np.float32] = self._counts * self.letterbox.share
        return fresh

    def _reach(self, t_us: int) -> None:
        """Fold what is over by *t_us*; begin anew where time went back."""
        at = t_us // self.spec.slice_us
        if self._slice is None or at < self._slice - BACK_SLICES:
            self.forget()
            self._slice = at
        elif at > self._slice:
            self._fold(at - self._slice)
            self._slice = at

    def _fold(self, slices: int) -> None:
        """End the slice under way and *slices* - 1 empty ones after it."""
        left, spec = self._left, self.spec
        if spec.kind == "histogram":
            shift = min(slices, spec.bins)
            left[:, :-shift] = left[:, shift:]
            left[:, -shift:] = 0.0
            if slices <= spec.bins:
                left[:, -shift] = self._fresh()
        else:
            fold = _add_up if spec.kind == "leaky" else _keep_newest
            later = self._kept ** np.float32(slices - 1)
            fold(self._counts, self.letterbox.share, (self._kept, later), left)
        self._counts[:] = 0


@compiled
def _count(
    packet: Packet,
    end_us: int,
    columns: NDArray[np.int32],
    rows: NDArray[np.int32],
    counts: NDArray[np.int32],
) -> tuple[int, int]:
    """Return how many events were taken, up to *end_us*, and how many lie outside."""
    width, height = len(columns), len(rows)
    outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.t >= end_us:
            return i, outside
        if e.x >= width or e.y >= height or not 0 <= e.p <= 1:
            outside += 1
        else:
            counts[e.p, rows[e.y], columns[e.x]] += 1
    return len(packet), outside


@compiled
def _add_up(
    counts: NDArray[np.int32],
    share: NDArray[np.float32],
    kept: tuple[NDArray[np.float32], NDArray[np.float32]],
    left: NDArray[np.float32],
) -> None:
    """End a slice of leaky counts: it leaks as *kept* says, empty ones after it too."""
    planes, memories, height, width = left.shape
    for p in range(planes):
        for m in range(memories):
            first, later = kept[0][m], kept[1][m]
            for y in range(height):
                for x in range(width):
                    fresh = np.float32(counts[p, y, x]) * share[y, x]
                    level = (left[p, m, y, x] * first + fresh) * later
                    left[p, m, y, x] = level if level >= LEVEL_MIN else np.float32(0.0)


@compiled
def _keep_newest(
    counts: NDArray[np.int32],
    share: NDArray[np.float32],  # noqa: ARG001 - both folds are called alike
    kept: tuple[NDArray[np.float32], NDArray[np.float32]],
    left: NDArray[np.float32],
) -> None:
    """End a slice of an exponential surface: a cell with an event is 1 again."""
    planes, memories, height, width = left.shape
    for p in range(planes):
        for m in range(memories):
            first, later = kept[0][m], kept[1][m]
            for y in range(height):
                for x in range(width):
                    newest = np.float32(counts[p, y, x] > 0)
                    level = max(left[p, m, y, x] * first, newest) * later
                    left[p, m, y, x] = level if level >= LEVEL_MIN else np.float32(0.0)


@compiled
def _press_added_up(
    counts: NDArray[np.int32],
    share: NDArray[np.float32],
    kept: NDArray[np.float32],
    left: NDArray[np.float32],
    out: NDArray[np.uint8],
) -> None:
    """Write leaky counts in 8 bits, as if the slice under way ended now.

    Plane by plane, so that the compiler makes vector code of it.
    """
    planes, memories, _, _ = left.shape
    cells = share.reshape(-1)
    for p in range(planes):
        fresh = counts[p].reshape(-1)
        for m in range(memories):
            source, target = left[p, m].reshape(-1), out[p, m].reshape(-1)
            for i in range(len(source)):
                level = source[i] * kept[m] + np.float32(fresh[i]) * cells[i]
                # As numpy divides: looking for a 0 would be no vector code.
                pressed = np.true_divide(level, level + np.float32(1.0))
                target[i] = np.uint8(
                    np.int32(pressed * np.float32(255.0) + np.float32(0.5))
                )


@compiled
def _press(levels: NDArray[np.float32], out: NDArray[np.uint8]) -> None:
    """Write count / (count + 1) in 8 bits."""
    planes, memories, height, width = levels.shape
    for p in range(planes):
        for m in range(memories):
            for y in range(height):
                for x in range(width):
                    level = levels[p, m, y, x]
                    pressed = level / (level + np.float32(1.0))
                    out[p, m, y, x] = np.uint8(
                        np.int32(pressed * np.float32(255.0) + np.float32(0.5))
                    )
