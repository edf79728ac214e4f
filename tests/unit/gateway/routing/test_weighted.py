"""Weights are shares of the traffic, whatever they add up to."""

import random
from collections import Counter

import pytest

from heliograph.gateway.routing.weighted import pick
from heliograph.gateway.types import Key, Secret


def keys(*weights: float) -> list[Key]:
    return [Key(str(i), Secret("x"), weight) for i, weight in enumerate(weights)]


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ((0.5, 0.5), (0.5, 0.5)),
        ((3, 1), (0.75, 0.25)),
        ((0.001, 0.003), (0.25, 0.75)),
        ((1, 0), (1, 0)),
    ],
)
def test_traffic_is_shared_by_weight(
    weights: tuple[float, ...], shares: tuple[float, ...]
) -> None:
    draw = random.Random(7)
    rounds = 20_000
    seen = Counter(pick(keys(*weights), draw.random()).id for _ in range(rounds))
    for index, share in enumerate(shares):
        assert seen[str(index)] / rounds == pytest.approx(share, abs=0.02)


def test_when_only_keys_of_weight_zero_are_left_one_of_them_is_chosen() -> None:
    assert pick(keys(0, 0), 0.6).id == "1"


def test_the_largest_draw_still_chooses_a_key() -> None:
    assert pick(keys(0.1, 0.2, 0.7), 1 - 2**-53).id == "2"
