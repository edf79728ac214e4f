"""What is left out of a stream, in the units that a watch reckons with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from heliograph.camera.config.errors import SettingError

PolarityChoice: TypeAlias = Literal["both", "brighter", "darker"]
BurstChoice: TypeAlias = Literal["all", "stc", "stc-cut", "trail"]

LOOK_BACK_US_MAX = 60_000_000
"""The longest time that a filter looks back."""
FLICKER_HZ_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the sensor in pixels; `x`, `y` is its top-left corner."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if min(self.x, self.y) < 0 or min(self.width, self.height) < 1:
            raise SettingError(
                f"the region {self.x},{self.y},{self.width},{self.height} is no "
                "rectangle of pixels: write it as X,Y,WIDTH,HEIGHT from the top left"
            )


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """What each filter does; 0, nothing or all leaves it out. They work in this order.

    - `polarity`: keep only events of pixels that got brighter, or darker.
    - `regions`: keep only what lies in one of them.
    - `masks`: pictures of the sensor's size; what is black in one is left out.
    - `events_per_s_max`: thin a window evenly that has more.
    - `hot_pixel_hz`: leave out pixels that fired at least as often in the last
      `hot_period_us` while their neighbours did not.
    - `flicker_periods`: leave out pixels that got brighter so many times on end at a
      steady rate between `flicker_hz_min` and `flicker_hz_max`. Lamps flicker at 100
      or 120 Hz.
    - `refractory_us`: after an event that was kept, leave out its pixel for so long.
    - `bursts`: of events of one polarity at a pixel that follow each other within
      `burst_us` leave out the first (`stc`), all but the second (`stc-cut`), or all
      but the first (`trail`).
    - `background_us`: keep only events beside which a neighbour fired in this time.
    """

    polarity: PolarityChoice = "both"
    regions: tuple[Region, ...] = ()
    masks: tuple[Path, ...] = ()
    events_per_s_max: float = 25e6
    hot_pixel_hz: float = 0.0
    hot_period_us: int = 1_000_000
    flicker_periods: int = 0
    flicker_hz_min: float = 90.0
    flicker_hz_max: float = 130.0
    refractory_us: int = 0
    bursts: BurstChoice = "all"
    burst_us: int = 10_000
    background_us: int = 20_000

    def __post_init__(self) -> None:
        for name, choices in (("polarity", PolarityChoice), ("bursts", BurstChoice)):
            if getattr(self, name) not in get_args(choices):
                known = ", ".join(get_args(choices))
                raise SettingError(
                    f"{name} must be one of {known}, not {getattr(self, name)!r}"
                )
        for name in ("events_per_s_max", "hot_pixel_hz", "flicker_periods"):
            if not getattr(self, name) >= 0:
                raise SettingError(
                    f"{name} must be 0 or above, not {getattr(self, name)}"
                )
        for name in ("hot_period_us", "refractory_us", "burst_us", "background_us"):
            if not 0 <= getattr(self, name) <= LOOK_BACK_US_MAX:
                raise SettingError(
                    f"{name} must be from 0 to {LOOK_BACK_US_MAX}, "
                    f"not {getattr(self, name)}"
                )
        low, high = self.flicker_hz_min, self.flicker_hz_max
        if not 1 <= low < high <= FLICKER_HZ_MAX:
            raise SettingError(
                f"flicker_hz_min and flicker_hz_max must be 1 to {FLICKER_HZ_MAX}, "
                f"the first below the second, not {low:g} and {high:g}"
            )
