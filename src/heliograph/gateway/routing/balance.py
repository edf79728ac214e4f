"""In which order equals are offered: by weight, by load, by latency, or always alike.

Each is a generator of the offers that are left, drawn only when the next is asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from math import inf, log
from typing import NamedTuple, Protocol

from heliograph.gateway.types import Balance


class Offer(Protocol):
    """What is balanced: a choice of a route, or a key of a choice."""

    @property
    def name(self) -> str:
        """What sticky callers are held to."""

    @property
    def weight(self) -> float:
        """Its share."""

    @property
    def in_flight(self) -> int:
        """Calls under way."""

    @property
    def peak_s(self) -> float:
        """Its latency, rising at once and falling slowly."""


class Weighed(NamedTuple):
    """An offer as it stands when it is asked for."""

    name: str
    weight: float
    in_flight: int = 0
    peak_s: float = 0.0


Order = Iterator[int]
"""Positions in the list of offers, each once."""


def weighted(offers: Sequence[Offer], draw: Callable[[], float]) -> Order:
    """Draw by weight; weights need not add up to one.

    An offer of weight 0 comes only when no other is left.
    """
    left = list(range(len(offers)))
    while left:
        if len(left) == 1:
            yield left.pop()
            continue
        total = sum(offers[place].weight for place in left)
        if total <= 0:
            yield left.pop(int(draw() * len(left)))
            continue
        rest = draw() * total
        chosen = left[-1]
        for place in left:
            rest -= offers[place].weight
            if rest < 0:
                chosen = place
                break
        left.remove(chosen)
        yield chosen


def least_busy(offers: Sequence[Offer], draw: Callable[[], float]) -> Order:
    """Offer first what has the fewest calls under way for its weight."""
    return ranked(offers, draw, lambda offer: offer.in_flight + 1)


def fastest(offers: Sequence[Offer], draw: Callable[[], float]) -> Order:
    """Offer first what should answer soonest: latency times the calls before ours.

    What was never asked counts as fast, so that it gets asked. See "peak EWMA" in
    https://twitter.github.io/finagle/guide/Clients.html
    """
    return ranked(offers, draw, lambda offer: offer.peak_s * (offer.in_flight + 1))


def ranked(
    offers: Sequence[Offer],
    draw: Callable[[], float],
    cost: Callable[[Offer], float],
) -> Order:
    """Offer the cheapest for its weight first; among equals *draw* decides."""
    left = list(range(len(offers)))
    while left:
        costs = [
            (cost(offers[place]) / offers[place].weight, draw())
            if offers[place].weight
            else (inf, draw())
            for place in left
        ]
        yield left.pop(costs.index(min(costs)))


def sticky(offers: Sequence[Offer], token: str) -> Order:
    """Offer in an order that is always the same for *token*, and fair over tokens.

    Weighted rendezvous hashing: when an offer goes, only its own tokens move.
    """
    scores = [(score(offer, token), place) for place, offer in enumerate(offers)]
    return iter([place for _, place in sorted(scores, reverse=True)])


def score(offer: Offer, token: str) -> float:
    """Score one offer: the highest has the token."""
    digest = blake2b(f"{offer.name}\0{token}".encode(), digest_size=8).digest()
    share = (int.from_bytes(digest) + 1) / (2**64 + 1)
    return offer.weight / -log(share) if offer.weight else -1 / share


ORDERS: dict[Balance, Callable[[Sequence[Offer], Callable[[], float]], Order]] = {
    "weighted": weighted,
    "least_busy": least_busy,
    "fastest": fastest,
}
