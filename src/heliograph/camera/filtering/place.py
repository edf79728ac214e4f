"""Filters that need no memory: by polarity, and by place."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.filter_settings import Region
from heliograph.camera.jit import compiled
from heliograph.camera.types import Packet, Size


class OnePolarity:
    """Keeps events of polarity *p* only."""

    def __init__(self, p: int) -> None:
        self.p = p

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        return _keep_polarity(packet, out, self.p), 0


class PixelMask:
    """Keeps events where *kept*, bool of shape (H, W), is true."""

    def __init__(self, kept: NDArray[np.bool_]) -> None:
        self.kept = kept

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        return _keep_place(packet, out, self.kept)


def within(regions: Iterable[Region], size: Size) -> NDArray[np.bool_]:
    """Return a mask of *size* that is true where one of *regions* is.

    Raises `SettingError` for one that is wholly outside.
    """
    kept = np.zeros((size.height, size.width), np.bool_)
    for region in regions:
        if region.x >= size.width or region.y >= size.height:
            raise SettingError(
                f"the region {region.x},{region.y},{region.width},{region.height} "
                f"holds no pixel of the sensor, which has {size.width}x{size.height}"
            )
        rows = slice(region.y, region.y + region.height)
        kept[rows, region.x : region.x + region.width] = True
    return kept


@compiled
def _keep_polarity(packet: Packet, out: Packet, p: int) -> int:
    n = 0
    for i in range(len(packet)):
        out[n] = packet[i]
        # Written either way and counted if kept: cheaper than a branch that is a guess.
        n += packet[i].p == p
    return n


@compiled
def _keep_place(
    packet: Packet, out: Packet, kept: NDArray[np.bool_]
) -> tuple[int, int]:
    height, width = kept.shape
    n = outside = 0
    for i in range(len(packet)):
        e = packet[i]
        if e.x >= width or e.y >= height:
            outside += 1
            continue
        out[n] = e
        n += kept[e.y, e.x]
    return n, outside
