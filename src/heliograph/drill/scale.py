"""Axes of the chart: where values stand, and which ones are worth a line."""

import math
from collections.abc import Sequence

from msgspec import Struct

STEPS = (1, 2, 5)
TIME_STEPS_S = (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400)
TIME_TICKS_MAX = 10
TICKS_MAX = 4
DECADES_MANY = 2.0


class Box(Struct, frozen=True):
    """Where a panel is drawn; `bottom` is further down than `top`."""

    left: float
    right: float
    top: float
    bottom: float


class Linear(Struct, frozen=True):
    """From 0 to *most*."""

    box: Box
    most: float

    def y(self, value: float) -> float:
        """Place a value."""
        share = value / self.most if self.most else 0.0
        return self.box.bottom - share * (self.box.bottom - self.box.top)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Choose round values, 0 among them."""
        step = nice(self.most / TICKS_MAX)
        return tuple(step * i for i in range(int(self.most / step + 1e-9) + 1))


class Logarithmic(Struct, frozen=True):
    """From *least* to *most*, each factor as high as any other."""

    box: Box
    least: float
    most: float

    def y(self, value: float) -> float:
        """Place a value."""
        span = math.log(self.most / self.least)
        share = math.log(max(value, self.least) / self.least) / span
        return self.box.bottom - share * (self.box.bottom - self.box.top)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Choose the powers of ten, and 2 and 5 between where there is room."""
        decades = math.log10(self.most / self.least)
        steps = STEPS if decades <= DECADES_MANY else (1,)
        low, high = math.floor(math.log10(self.least)), math.ceil(math.log10(self.most))
        values = (
            step * 10.0**power for power in range(low, high + 1) for step in steps
        )
        return tuple(v for v in values if self.least * 0.999 <= v <= self.most * 1.001)


def nice(value: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(s * power for s in (*STEPS, 10) if s * power >= value * (1 - 1e-9))


def linear(box: Box, values: Sequence[float]) -> Linear:
    """Make an axis that all *values* fit."""
    most = max(values, default=0.0) or 1.0
    step = nice(most / TICKS_MAX)
    return Linear(box, math.ceil(most / step - 1e-9) * step)


def logarithmic(box: Box, values: Sequence[float]) -> Logarithmic:
    """Make an axis that all *values* fit, at least a decade high."""
    known = [value for value in values if value > 0] or [1.0]
    most = nice(max(known))
    power = 10.0 ** math.floor(math.log10(min(known)))
    least = max(step * power for step in STEPS if step * power <= min(known) * 1.0001)
    return Logarithmic(box, min(least, most / 10), most)


def times(duration_s: float) -> tuple[float, ...]:
    """Choose the times that stand below the chart."""
    step = next(
        (s for s in TIME_STEPS_S if duration_s / s <= TIME_TICKS_MAX), TIME_STEPS_S[-1]
    )
    return tuple(float(step * i) for i in range(int(duration_s / step) + 1))
