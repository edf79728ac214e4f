"""What a window of 10 ms costs the camera, stage by stage, and each filter and surface.

Streams of 1 to 200 million events a second at 1280x720, made of a real street, go the
way of `heliograph watch --detector blobs` as far as the tracks: decode, filters,
surface and picture, boxes, tracks; `detector.py` does the same with the network. Time
is CPU time of the one thread that does it. `make bench-camera`
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from os import getloadavg
from statistics import median

import numpy as np
from camera_stream import WINDOW_US, street, windows, written
from quoting import add_keeping, finish
from report import Found
from verdicts import Judged, at_most, shown

from heliograph import camera
from heliograph.camera.config.filter_settings import FilterSettings, Region
from heliograph.camera.detection.blobs import FILTERED, TAU_US, BlobDetector
from heliograph.camera.filtering.filters import Filters
from heliograph.camera.surfaces.histogram import histogram, stacked_histogram
from heliograph.camera.surfaces.linear_surface import LinearTimeSurface
from heliograph.camera.surfaces.picture import Picture
from heliograph.camera.surfaces.time_surface import TimeSurface
from heliograph.camera.surfaces.voxel_grid import voxel_grid
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import Packet, Size

NAME = "camera"
RATES_MEV = (1, 5, 10, 25, 50, 100, 200)
BURST_MEV = 100
BURST_S = 0.3
CALM_MEV = 5
LATENCY_MS = 50.0
EVENTS_IN_ALL = 6_000_000
WINDOWS_MAX = 40
WARM_UP = 2
STAGES = ("decode", "filters", "surface", "boxes", "tracks")
BUDGET_MS = 10.0
BUDGET_MEV = 25
NONE = FilterSettings(background_us=0, events_per_s_max=0)
FILTERS: Mapping[str, FilterSettings] = {
    "background activity": replace(NONE, background_us=20_000),
    "rate, to 10 Mev/s": replace(NONE, events_per_s_max=10e6),
    "polarity": replace(NONE, polarity="brighter"),
    "region or mask": replace(NONE, regions=(Region(0, 0, 1280, 400),)),
    "hot pixels": replace(NONE, hot_pixel_hz=50.0),
    "anti-flicker": replace(NONE, flicker_periods=4),
    "refractory": replace(NONE, refractory_us=1_000),
    "STC": replace(NONE, bursts="stc"),
    "as by default": FilterSettings(),
}


@dataclass
class Costs:
    """What windows cost, in ms of CPU, by stage; and what was in them."""

    rate_mev: int
    events: int
    words_an_event: float
    kept: float = 1.0
    ms: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in STAGES}
    )

    def totals_ms(self) -> list[float]:
        """Sum the stages of each window."""
        return [sum(stages) for stages in zip(*self.ms.values(), strict=True)]


class Lap:
    """A stopwatch of this thread's CPU time."""

    def __init__(self) -> None:
        self._from_s = time.thread_time()

    def ms(self) -> float:
        """Return what has passed since it was asked last."""
        from_s, self._from_s = self._from_s, time.thread_time()
        return (self._from_s - from_s) * 1e3


class Way:
    """The way of a window from its events to its tracks, with blobs."""

    def __init__(self, size: Size) -> None:
        self.filters = Filters(size, FilterSettings(), window_us=WINDOW_US)
        self._picture = Picture(size, tau_us=100_000)
        self._detector = BlobDetector(size, FILTERED)
        self._tracker = Tracker(size)

    def step(
        self, packet: Packet, now_us: int, *, late: bool = False, unread: int = 0
    ) -> list[float]:
        """Take in a window; return what each stage after decoding cost, in ms."""
        lap = Lap()
        kept = self.filters.apply(packet, late=late, unread=unread)
        spent_ms = [lap.ms()]
        self._detector.update(kept)
        self._picture.update(kept)
        spent_ms.append(lap.ms())
        boxes = self._detector.detect(now_us)
        spent_ms.append(lap.ms())
        self._tracker.update(boxes, now_us)
        return [*spent_ms, lap.ms()]


def budget(one: Packet, size: Size, rate_mev: int) -> Costs:
    """Take a stream of *rate_mev* through the stages, window by window."""
    events = rate_mev * WINDOW_US
    count = WARM_UP + max(4, min(WINDOWS_MAX, EVENTS_IN_ALL // events))
    data = written(windows(one, size, [events] * count), size)
    costs = Costs(rate_mev, events, len(data) / 2 / events / count)
    way = Way(size)
    with camera.open(BytesIO(data), WINDOW_US) as recording:
        recording.lends = True
        lap = Lap()
        for n, packet in enumerate(recording):
            decode_ms = lap.ms()
            told = [decode_ms, *way.step(packet, recording.now_us)]
            if n >= WARM_UP:
                for name, ms in zip(STAGES, told, strict=True):
                    costs.ms[name].append(ms)
            lap.ms()
    counters = way.filters.counters
    costs.kept = 1 - counters.removed / counters.taken
    return costs


def burst(one: Packet, size: Size) -> tuple[float, float]:
    """Return how far behind, in ms, a watch at recording time is in and after a burst.

    Each window is taken up when it has ended and the one before it is done; what it
    costs is measured, and the clock is reckoned.
    """
    calm, much = CALM_MEV * WINDOW_US, BURST_MEV * WINDOW_US
    in_burst = round(BURST_S * 1e6 / WINDOW_US)
    events = [*[calm] * 10, *[much] * in_burst, *[calm] * 20]
    data, way = written(windows(one, size, events), size), Way(size)
    free_ms, behind = 0.0, []
    with camera.open(BytesIO(data), WINDOW_US) as recording:
        recording.lends = True
        recording.warm_up()
        lap = Lap()
        for packet in recording:
            due_ms = (recording.now_us - recording.begin_us) / 1e3
            free_ms = max(free_ms, due_ms) + lap.ms()
            late = free_ms - due_ms > WINDOW_US / 1e3
            now_us, unread = recording.now_us, recording.unread
            free_ms += sum(way.step(packet, now_us, late=late, unread=unread))
            recording.one_of = way.filters.one_of
            behind.append(free_ms - due_ms)
            lap.ms()
    return max(behind[10:]), behind[-1]


def alone(one: Packet, size: Size) -> Iterator[tuple[str, str, float]]:
    """Yield kind, name and Mev/s of each filter and surface, on the street itself."""
    for name, settings in FILTERS.items():
        chain = Filters(size, settings, window_us=WINDOW_US)
        yield "filter", name, mev(partial(chain.apply, one), one)
    begin_us = int(one["t"].min())
    window_us = (begin_us, begin_us + WINDOW_US)
    counts = np.empty((2, size.height, size.width), np.uint8)
    stack = np.empty((20, size.height, size.width), np.uint8)
    grid = np.empty((2, 5, size.height, size.width), np.float32)
    remembering: Mapping[str, TimeSurface | LinearTimeSurface | Picture] = {
        "exponential time surface": TimeSurface(size, tau_us=TAU_US),
        "linear time surface": LinearTimeSurface(size, span_us=WINDOW_US),
        "leaky picture": Picture(size, tau_us=100_000),
    }
    for name, surface in remembering.items():
        yield "update", name, mev(partial(surface.update, one), one)
        yield "render", name, mev(partial(surface.render, window_us[1]), one)
    forgetting: Mapping[str, Callable[[], object]] = {
        "histogram": partial(histogram, one, size, out=counts),
        "stacked histogram": partial(
            stacked_histogram, one, size, window_us, out=stack
        ),
        "voxel grid": partial(voxel_grid, one, size, window_us, out=grid),
    }
    for name, made in forgetting.items():
        yield "whole", name, mev(made, one)


def mev(work: Callable[[], object], one: Packet) -> float:
    """Return how many million events a second *work* gets through."""
    work()
    costs_ms = []
    for _ in range(15):
        lap = Lap()
        work()
        costs_ms.append(lap.ms())
    return len(one) / median(costs_ms) / 1e3


def budget_lines(found: Sequence[Costs]) -> list[tuple[str, ...]]:
    """Write the table by event rate, its head first."""
    titles = [f"{name}, ms" for name in STAGES]
    head = ("Mev/s", "words/event", "kept", *titles, "all, ms", "p95, ms")
    lines: list[tuple[str, ...]] = [head]
    for costs in found:
        totals = sorted(costs.totals_ms())
        stages = [f"{median(costs.ms[name]):.2f}" for name in STAGES]
        lines.append(
            (
                str(costs.rate_mev),
                f"{costs.words_an_event:.2f}",
                f"{costs.kept:.0%}",
                *stages,
                f"{median(totals):.2f}",
                f"{totals[int(0.95 * (len(totals) - 1))]:.2f}",
            )
        )
    return lines


def alone_lines(found: Sequence[tuple[str, str, float]]) -> list[tuple[str, ...]]:
    """Write the table of filters and surfaces, its head first."""
    rows = [(kind, name, f"{rate:,.0f}") for kind, name, rate in found]
    return [("what", "of", "Mev/s"), *rows]


def judge(found: Sequence[Costs]) -> Iterator[Judged]:
    """Hold the windows against the time they have."""
    for costs in found:
        what = f"a window at {costs.rate_mev} Mev/s"
        spent_ms = median(costs.totals_ms())
        if costs.rate_mev <= BUDGET_MEV:
            yield at_most(what, BUDGET_MS, spent_ms, "{:.1f} ms")
        else:
            yield shown(what, spent_ms, "{:.1f} ms")


def judge_burst(worst_ms: float, last_ms: float) -> Iterator[Judged]:
    """Hold a watch that meets a burst against the latency it may have."""
    what = f"behind in {BURST_S:g} s of {BURST_MEV} Mev/s"
    yield at_most(what, LATENCY_MS, worst_ms, "{:.0f} ms")
    yield at_most("behind 0.2 s later", BUDGET_MS, last_ms, "{:.0f} ms")


def main() -> int:
    """Measure; print, and keep, what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_keeping(parser)
    options = parser.parse_args()
    load = getloadavg()[0]
    one, size = street()
    by_rate = [budget(one, size, rate) for rate in RATES_MEV]
    behind = burst(one, size)
    each = list(alone(one, size))
    found = Found(
        command="make bench-camera",
        load=load,
        judged=[*judge(by_rate), *judge_burst(*behind)],
        lines=[budget_lines(by_rate), alone_lines(each)],
        figures={
            "rates": {str(costs.rate_mev): costs.ms for costs in by_rate},
            "alone_mev": {f"{kind} {name}": rate for kind, name, rate in each},
        },
    )
    finish(NAME, found, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
