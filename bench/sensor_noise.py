"""Noise of the simulated sensor and of a real recording, side by side.

    python bench/sensor_noise.py RECORDING [--until-us N] [--set TRAIT=VALUE ...]

The recording must show nothing that moves until `--until-us`. The simulated sensor has
its size and looks at an even dark grey for as long. Times between events are those of
one pixel. Pixels over 20 times the mean rate are counted, and left out of the rest.
"""

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from heliograph import camera
from heliograph.camera.types import Packet, Size
from heliograph.simulation.camera.sensor import Sensor, SensorTraits

FRAME_US = 5_000
LIGHT = -2.0
HOT_TIMES = 20
LASTING_US_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Noise:
    """Rates in Hz per pixel, shares, and percentiles of the times between events."""

    rate_hz: float
    hot_pixels: int
    on_share: float
    median_ms: float
    soon_share: float
    silent_share: float


def measured(events: Packet, size: Size, lasting_us: int) -> Noise:
    """Return the noise of `events` that lasted `lasting_us`."""
    at = events["y"].astype(np.int64) * size.width + events["x"]
    counts = np.bincount(at, minlength=size.width * size.height)
    hot = counts > max(5.0, HOT_TIMES * counts.mean())
    calm = ~hot[at]
    at, t, p = at[calm], events["t"][calm], events["p"][calm]
    order = np.lexsort((t, at))
    same = np.diff(at[order]) == 0
    between = np.diff(t[order])[same] / 1e3
    return Noise(
        rate_hz=float(counts[~hot].mean() / lasting_us * 1e6),
        hot_pixels=int(hot.sum()),
        on_share=float(p.mean()) if p.size else 0.0,
        median_ms=float(np.median(between)) if between.size else 0.0,
        soon_share=float((between < 10).mean()) if between.size else 0.0,
        silent_share=float((counts == 0).mean()),
    )


def simulated(size: Size, traits: SensorTraits, lasting_us: int) -> Packet:
    """Return what a simulated sensor says of an even grey."""
    sensor = Sensor(size, traits, seed=1)
    grey = np.full((size.height, size.width), LIGHT, np.float32)
    times = range(0, lasting_us + 1, FRAME_US)
    return np.concatenate([sensor.step(grey, t_us) for t_us in times])


def main() -> None:
    """Print both columns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--until-us", type=int, default=LASTING_US_MAX)
    parser.add_argument("--set", nargs="*", default=[], metavar="TRAIT=VALUE")
    told = parser.parse_args()
    packets = []
    with camera.open(told.recording, FRAME_US) as recording:
        size, begin_us = recording.size, recording.begin_us
        for packet in recording:
            if recording.now_us - begin_us > told.until_us:
                break
            packets.append(packet.copy())
    real = np.concatenate(packets)
    lasting_us = len(packets) * FRAME_US
    traits = SensorTraits()
    for change in told.set:
        name, value = change.split("=")
        kind = type(getattr(traits, name))
        traits = replace(traits, **{name: kind(float(value))})
    found = measured(real, size, lasting_us)
    ours = measured(simulated(size, traits, lasting_us), size, lasting_us)
    print(f"{told.recording.name}, {size.width}x{size.height}, {lasting_us / 1e6:g} s")
    print(f"{'':28}{'real':>10}{'simulated':>12}")
    for label, name in (
        ("rate, Hz per pixel", "rate_hz"),
        ("hot pixels", "hot_pixels"),
        ("share of ON", "on_share"),
        ("median time between, ms", "median_ms"),
        ("share within 10 ms", "soon_share"),
        ("share of silent pixels", "silent_share"),
    ):
        print(f"{label:28}{getattr(found, name):10.3f}{getattr(ours, name):12.3f}")


if __name__ == "__main__":
    main()
