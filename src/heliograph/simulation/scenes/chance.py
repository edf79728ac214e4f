"""Chance, told by its share."""

from typing import TypeVar

import numpy as np

T = TypeVar("T")


def chance(rng: np.random.Generator, share: float) -> bool:
    """Return True in this share of cases."""
    return bool(rng.random() < share)


def one_of(rng: np.random.Generator, things: list[T]) -> T:
    """Return one of `things`, all alike likely."""
    return things[int(rng.integers(len(things)))]


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number whose logarithm is evenly spread between those of the bounds."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
