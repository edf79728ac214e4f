"""Gives a detector what it would live: filtered packets of 10 ms, in order."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.detection.detector import Detector
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.surfaces.picture import Picture
from heliograph.camera.types import Box, Packet, Size
from heliograph.labelled.window import LabelledWindow

SLICE_US = 10_000
"""The windows of a watch."""

PICTURE_TAU_US = 100_000


class Feed:
    """A detector and a picture of one recording, packet by packet."""

    def __init__(self, size: Size, detector: Detector, filters: FilterSettings) -> None:
        self.size = size
        self._detector = detector
        self._filters = Filters(size, filters, window_us=SLICE_US)
        self._picture = Picture(size, tau_us=PICTURE_TAU_US)
        self.begin_us = 0
        self._begun = False

    def step(self, packet: Packet) -> None:
        """Take in what a window of a watch holds; `begin_us` is its first event's."""
        if len(packet) and not self._begun:
            self.begin_us, self._begun = int(packet["t"][0]), True
        kept = self._filters.apply(packet)
        self._detector.update(kept)
        self._picture.update(kept)

    def found(self, now_us: int) -> list[Box]:
        """Return what the detector finds at *now_us*."""
        return self._detector.detect(now_us)

    def picture(self, now_us: int) -> NDArray[np.uint8]:
        """Return the picture at *now_us*, shape (H, W), for people to look at."""
        return self._picture.render(now_us)


class Replay:
    """Labelled windows, each told to the detector with what came before it.

    Windows of one recording that overlap are one stream to it: no event comes twice.
    *make* builds a detector for each recording, which thus begins with no memory.
    """

    def __init__(
        self, make: Callable[[Size], Detector], filters: FilterSettings
    ) -> None:
        self._make = make
        self._filters = filters
        self._source: str | None = None
        self._fed_us = 0

    def at(self, window: LabelledWindow) -> tuple[list[Box], Feed]:
        """Return what is found at the window's end, and the feed to draw it from."""
        events = window.events
        if window.source != self._source:
            self._source = window.source
            self._feed = Feed(window.size, self._make(window.size), self._filters)
        elif len(events):
            events = events[events["t"] > self._fed_us]
        for packet in slices(events):
            self._feed.step(packet)
        self._fed_us = window.t_us
        # The label's own microsecond belongs to it, and a watch's window is half-open.
        return self._feed.found(window.t_us + 1), self._feed


def slices(events: Packet) -> Iterator[Packet]:
    """Cut *events* at every 10 ms; a slice that holds none is left out."""
    if not len(events):
        return
    # A sensor's clock may step back by a few us.
    clock = np.maximum.accumulate(events["t"])
    edges = np.arange(clock[0] // SLICE_US + 1, clock[-1] // SLICE_US + 1) * SLICE_US
    for packet in np.split(events, np.searchsorted(clock, edges)):
        if len(packet):
            yield packet
