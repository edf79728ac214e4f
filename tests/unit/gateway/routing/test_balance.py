"""Orders among equals, over many draws."""

import random
from collections import Counter

from heliograph.gateway.routing.balance import (
    ORDERS,
    Weighed,
    fastest,
    least_busy,
    sticky,
    weighted,
)

A, B, C = Weighed("a", 0.7), Weighed("b", 0.2), Weighed("c", 0.0)
DRAW = random.Random(7).random


def firsts(offers: list[Weighed], count: int = 4000) -> Counter[str]:
    return Counter(offers[next(weighted(offers, DRAW))].name for _ in range(count))


def test_weights_are_shares_of_what_is_left() -> None:
    found = firsts([A, B])
    assert 0.75 < found["a"] / 4000 < 0.81  # 0.7 of 0.9


def test_a_weight_of_zero_comes_only_when_no_other_is_left() -> None:
    assert "c" not in firsts([A, B, C])
    for _ in range(50):
        assert list(weighted([A, B, C], DRAW))[-1] == 2
    assert set(firsts([C, C._replace(name="d")])) == {"c", "d"}


def test_every_order_names_each_once() -> None:
    offers = [Weighed(str(n), n / 3, n, n / 10) for n in range(5)]
    for order in ORDERS.values():
        assert sorted(order(offers, DRAW)) == list(range(5))
    assert sorted(sticky(offers, "x")) == list(range(5))


def test_the_least_busy_for_its_weight_comes_first() -> None:
    offers = [Weighed("a", 1.0, 3), Weighed("b", 4.0, 7), Weighed("c", 1.0, 2)]
    assert list(least_busy(offers, DRAW)) == [1, 2, 0]


def test_the_fastest_is_weighed_by_the_calls_before_ours() -> None:
    offers = [Weighed("a", 1, 0, 0.9), Weighed("b", 1, 4, 0.2), Weighed("c", 1, 9, 0.0)]
    assert list(fastest(offers, DRAW)) == [2, 0, 1]


def test_sticky_moves_only_the_tokens_of_what_went() -> None:
    offers = [Weighed(name, 1.0) for name in "abcd"]
    before = {n: offers[next(sticky(offers, f"t{n}"))].name for n in range(400)}
    left = offers[:3]
    after = {n: left[next(sticky(left, f"t{n}"))].name for n in range(400)}
    assert all(after[n] == name for n, name in before.items() if name != "d")
    assert 60 < Counter(before.values())["d"] < 140


def test_sticky_shares_by_weight() -> None:
    offers = [Weighed("a", 3.0), Weighed("b", 1.0), Weighed("c", 0.0)]
    found = Counter(offers[next(sticky(offers, f"t{n}"))].name for n in range(2000))
    assert 0.7 < found["a"] / 2000 < 0.8
    assert "c" not in found
