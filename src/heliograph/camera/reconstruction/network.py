"""Grey pictures of a part of the scene, reckoned from its last events by a network.

The network goes over a few voxel grids of equal length, the earliest first, and keeps
its states from one to the next: Rebecq, Ranftl, Koltun, Scaramuzza, "High Speed and
High Dynamic Range Video with an Event Camera", TPAMI 2019 (E2VID),
https://arxiv.org/abs/1906.07165. What goes in and how it is made equally strong, and
how the picture's contrast is stretched, is as theirs.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.config.errors import SettingError
from heliograph.camera.networks.file import read_network
from heliograph.camera.networks.session import (
    REFUSALS,
    said_by,
    shapes_of,
    start_session,
)
from heliograph.camera.reconstruction.cells import Cells, cells_over, gather
from heliograph.camera.reconstruction.contract import (
    EVENTS,
    IMAGE,
    NEXT,
    read_contract,
)
from heliograph.camera.reconstruction.missed import Missed
from heliograph.camera.reconstruction.recent import GRID_US, GRIDS, SPAN_US
from heliograph.camera.surfaces.voxel_grid import voxel_grid
from heliograph.camera.types import EVENT, Box, Packet, Size

EVENTS_MIN = 200
"""Of fewer nothing can be made out."""
DARK, BRIGHT = 1.0, 99.0
"""The percentiles of a picture that become black and white."""
FLAT = 1e-6
"""A picture whose brightest and darkest differ by less shows nothing."""
MID_GREY = 128
TRIAL = Size(32, 48)

Grey = NDArray[np.uint8]
Grid = NDArray[np.float32]


class Reconstruction:
    """What the network in the file at *path* makes of events.

    It runs on one thread of the processor. Raises `SettingError` for a file that is not
    there, damaged, or of another contract, and where it fails on a grid of one event.
    Not safe for two threads.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        data = read_network(path, what="a reconstruction")
        self._session = start_session(data, path)
        try:
            self.contract = read_contract(*shapes_of(self._session))
            self._outputs = [IMAGE, *(name + NEXT for name in self.contract.states)]
            self._try_out()
        except SettingError as error:
            raise SettingError(f"{path} cannot be used: {error}") from error

    def draw(
        self,
        packets: Sequence[Packet],
        box: Box,
        until_us: int,
        *,
        go_on: Callable[[], bool] = lambda: True,
    ) -> Grey | Missed:
        """Return *box* as it was at *until_us*, grey of its shape or smaller.

        *packets* hold the events of `SPAN_US` before that, and are not changed. *go_on*
        is asked before each grid whether there is time for it.
        """
        cells = cells_over(box)
        begin_us = until_us - SPAN_US
        events = gather(packets, cells, (begin_us, until_us))
        if len(events) < EVENTS_MIN:
            return Missed("few")
        # Where nothing happened yet there is nothing to remember either.
        first = (int(events["t"].min()) - begin_us) // GRID_US
        states, image = self._rest(cells.frame), np.empty((0, 0), np.float32)
        try:
            for number in range(first, GRIDS):
                if not go_on():
                    return Missed("late")
                window_us = (
                    begin_us + number * GRID_US,
                    begin_us + (number + 1) * GRID_US,
                )
                grid = self._grid(events, cells, window_us)
                image, states = self._step(grid, states)
        except REFUSALS as error:
            return Missed("failed", said_by(error))
        if not np.isfinite(image).all():
            return Missed("failed", "its picture holds numbers that are none")
        return levels(cells.cut(image))

    def _grid(self, events: Packet, cells: Cells, window_us: tuple[int, int]) -> Grid:
        begin_us, end_us = window_us
        within = events[(events["t"] >= begin_us) & (events["t"] < end_us)]
        bins = self.contract.bins
        darker, brighter = voxel_grid(within, cells.frame, window_us, bins=bins)
        return normalised(brighter - darker)

    def _rest(self, frame: Size) -> dict[str, Grid]:
        """Return the states of who has seen nothing."""
        sides = frame.height, frame.width
        return {
            name: np.zeros((1, planes, *sides), np.float32)
            for name, planes in self.contract.states.items()
        }

    def _step(
        self, grid: Grid, states: dict[str, Grid]
    ) -> tuple[Grid, dict[str, Grid]]:
        """Return the picture after *grid*, shape (H, W), and the next states.

        Raises `ValueError` where the network gives others than it takes.
        """
        image, *after = self._session.run(self._outputs, {EVENTS: grid[None], **states})
        if image.shape != (1, 1, *grid.shape[1:]):
            raise ValueError(
                f"of {EVENTS} {list(grid[None].shape)} it makes {IMAGE} "
                f"{list(image.shape)}"
            )
        return image[0, 0], dict(zip(states, after, strict=True))

    def _try_out(self) -> None:
        """Run once on a single event; loads the compiled loops, too."""
        cells = cells_over(Box(0, 0, TRIAL.width, TRIAL.height))
        event, window_us = np.zeros(1, EVENT), (0, GRID_US)
        # As what is held for it, which is another type for the compiler.
        event.flags.writeable = False
        grid = self._grid(gather([event], cells, window_us), cells, window_us)
        states = self._rest(cells.frame)
        try:
            _, after = self._step(grid, states)
        except REFUSALS as error:
            raise SettingError(f"it fails at once: {said_by(error)}") from error
        for name, state in after.items():
            if state.shape != states[name].shape:
                raise SettingError(
                    f"of {name} {list(states[name].shape)} it makes {name}{NEXT} "
                    f"{list(state.shape)}, which must be as large"
                )


def normalised(grid: Grid) -> Grid:
    """Return *grid* with mean 0 and deviation 1 where it is not 0; there it stays so.

    As E2VID is given its grids (`EventPreprocessor`), so that a picture is the same
    in bright and dim light. *grid* is not changed.
    """
    busy = grid != 0
    if not busy.any():
        return grid.copy()
    values = grid[busy]
    deviation = float(values.std())
    made = np.zeros_like(grid)
    # All the same: there is nothing to make equally strong.
    made[busy] = values if deviation < FLAT else (values - values.mean()) / deviation
    return made


def levels(image: Grid) -> Grey:
    """Return *image* as grey levels; its outermost hundredths are black and white."""
    dark, bright = np.percentile(image, (DARK, BRIGHT))
    if bright - dark < FLAT:
        return np.full(image.shape, MID_GREY, np.uint8)
    share = np.clip((image - dark) / (bright - dark), 0.0, 1.0)
    return np.asarray(np.rint(share * 255.0), np.uint8)
