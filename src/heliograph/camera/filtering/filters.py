"""The chain of filters between a packet and its surface.

Each filter goes once through what the one before it kept. A packet is never modified:
what stays is copied, into two buffers in turns.
"""

from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np

from heliograph.camera.bounds import check_dtype, check_events
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.filtering.background import BackgroundActivity
from heliograph.camera.filtering.bursts import Bursts
from heliograph.camera.filtering.flicker import Flicker
from heliograph.camera.filtering.hot_pixels import HotPixels
from heliograph.camera.filtering.mask_file import read_masks
from heliograph.camera.filtering.place import OnePolarity, PixelMask, within
from heliograph.camera.filtering.rate import RateLimit
from heliograph.camera.filtering.refractory import Refractory
from heliograph.camera.pixel_times import PACKET_US_MAX
from heliograph.camera.types import EVENT, Packet, Size


class Filter(Protocol):
    """What every filter of the chain does."""

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays of *packet* to *out*, which has room for all of it.

        Returns how many stay, and how many were left out because they lay outside the
        sensor. *packet* is not modified.
        """
        ...


@dataclass(frozen=True, slots=True)
class FilterCounters:
    """How many events came, and how many each filter left out."""

    taken: int = 0
    polarity: int = 0
    region: int = 0
    mask: int = 0
    thinned: int = 0
    hot_pixel: int = 0
    flicker: int = 0
    refractory: int = 0
    burst: int = 0
    background: int = 0

    @property
    def removed(self) -> int:
        """How many were left out in all."""
        return sum(getattr(self, name) for name in FILTERS)


FILTERS = tuple(field.name for field in fields(FilterCounters) if field.name != "taken")


class Filters:
    """The filters that *settings* name, for windows of *window_us* of a sensor.

    Raises `SettingError` for a mask that cannot be read, or a region off the sensor.
    """

    def __init__(self, size: Size, settings: FilterSettings, *, window_us: int) -> None:
        self._chain = _chain(size, settings, window_us)
        limits = [one for _, one in self._chain if isinstance(one, RateLimit)]
        self._limit = limits[0] if limits else None
        self._buffers = [np.empty(0, EVENT), np.empty(0, EVENT)]
        self._came = 0
        self._counts = dict.fromkeys(("taken", *FILTERS), 0)

    @property
    def counters(self) -> FilterCounters:
        """What was left out so far."""
        return FilterCounters(**self._counts)

    @property
    def one_of(self) -> int:
        """Of how many parts of the next packet one will do, if it is like the last."""
        return 1 if self._limit is None else self._limit.one_of(self._came)

    def apply(self, packet: Packet, *, late: bool = False, unread: int = 0) -> Packet:
        """Return what stays of *packet*, valid until the next call.

        Without a filter it is *packet* itself. A *late* one is thinned more, where the
        rate has a limit. *unread* events came with it that nobody decoded; they count
        as thinned. Raises `ValueError` for another dtype,
        for events outside the sensor after the others were taken in, and for a packet
        of more than `PACKET_US_MAX`.
        """
        self._make_room(check_dtype(packet))
        self._came = len(packet) + unread
        self._counts["taken"] += self._came
        self._counts["thinned"] += unread
        if self._limit is not None:
            self._limit.pace(late=late)
        kept, outside = packet, 0
        turn = 0
        for name, each in self._chain:
            if each is self._limit and 0 < len(kept) <= self._limit.allowed:
                # Nothing to thin, and nothing to copy. An empty packet compiles it.
                continue
            turn += 1
            out = self._buffers[turn % 2]
            stay, beyond = each.keep(kept, out)
            self._counts[name] += len(kept) - stay - beyond
            outside += beyond
            kept = out[:stay]
        check_events(packet, outside)
        return kept

    def _make_room(self, packet: Packet) -> None:
        if len(packet) > len(self._buffers[0]):
            self._buffers = [np.empty(len(packet) * 5 // 4, EVENT) for _ in range(2)]
        if len(packet) and int(packet["t"][-1] - packet["t"][0]) > PACKET_US_MAX:
            raise ValueError(
                f"a packet spans more than {PACKET_US_MAX / 1e6:.0f} s: filter it in "
                "shorter windows"
            )


def _chain(
    size: Size, settings: FilterSettings, window_us: int
) -> list[tuple[str, Filter]]:
    """Return the filters that are asked for, and the counter of each."""
    s = settings
    chain: list[tuple[str, Filter]] = []
    if s.polarity != "both":
        chain.append(("polarity", OnePolarity(int(s.polarity == "brighter"))))
    if s.regions:
        chain.append(("region", PixelMask(within(s.regions, size))))
    if s.masks:
        chain.append(("mask", PixelMask(read_masks(s.masks, size))))
    if s.events_per_s_max:
        events_max = max(1, int(s.events_per_s_max * window_us / 1e6))
        chain.append(("thinned", RateLimit(events_max)))
    if s.hot_pixel_hz:
        hot = HotPixels(size, s.hot_pixel_hz, s.hot_period_us)
        chain.append(("hot_pixel", hot))
    if s.flicker_periods:
        band_hz = (s.flicker_hz_min, s.flicker_hz_max)
        chain.append(("flicker", Flicker(size, band_hz, s.flicker_periods)))
    if s.refractory_us:
        chain.append(("refractory", Refractory(size, s.refractory_us)))
    if s.bursts != "all":
        chain.append(("burst", Bursts(size, s.bursts, s.burst_us)))
    if s.background_us:
        chain.append(("background", BackgroundActivity(size, s.background_us)))
    return chain
