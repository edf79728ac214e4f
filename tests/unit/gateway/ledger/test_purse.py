"""Purses: what they take of caps, and that nothing is lost on the way."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.ledger.caps import Cap, Hold, reserve
from heliograph.gateway.ledger.charges import charges_of
from heliograph.gateway.ledger.purse import PART, SHARES, Purse, Share
from heliograph.gateway.ledger.purses import Purses
from heliograph.gateway.types import (
    Attempt,
    Budget,
    CapKind,
    CapRule,
    Charge,
    Endpoint,
    Exchange,
    Provider,
    Target,
    Usage,
)

TARGET = Target(Provider("p", Endpoint("p", "openai", "http://x/v1")), "m", None)
KINDS: tuple[CapKind, ...] = ("usd", "tokens", "requests", "concurrent")
SHARE = Share(10, 5)
NOW_S = 1_800_000_030.5
"""In the middle of a minute, and of a second."""


def caps_with(free: int) -> dict[str, Cap]:
    rules = [
        CapRule(kind, free, "day" if kind == "usd" else "minute") for kind in KINDS
    ]
    found: dict[str, Cap] = {
        rule.kind: Cap(rule.kind, rule, Budget("b", (rule,))) for rule in rules
    }
    for cap in found.values():
        cap.slice = cap.free = free
    return found


def ended(nano: int, tokens: int) -> Attempt:
    usage = Usage(tokens, 0)
    return Attempt(TARGET, 0.0, 1.0, usage=usage, cost_nano=nano, cost_basis="usage")


def filled(purses: Purses, found: dict[str, Cap], share: Share = SHARE) -> Purse | None:
    entry = (found["requests"], found["concurrent"])
    purse = purses.make(entry, (found["usd"], found["tokens"]), share)
    if purse is not None:
        purse.fill(NOW_S)
    return purse


def test_a_purse_is_reserved_of_its_caps_until_it_is_emptied() -> None:
    purses, found = Purses(), caps_with(10_000)
    purse = filled(purses, found)
    assert purse is not None
    assert (purse.left, purse.nano, purse.tokens) == (SHARES, 10, 5)
    assert {kind: cap.reserved for kind, cap in found.items()} == {
        "usd": 10 * SHARES,
        "tokens": 5 * SHARES,
        "requests": SHARES,
        "concurrent": SHARES,
    }
    assert purses.empty()
    assert not purses.empty()
    assert purse.left == 0
    assert {cap.free for cap in found.values()} == {10_000}


def test_a_purse_takes_no_more_than_a_part_of_what_is_free() -> None:
    purses, found = Purses(), caps_with(10 * PART * 5)
    purse = filled(purses, found)
    assert purse is not None
    assert purse.shares == 5
    assert found["usd"].free == 50
    assert filled(purses, caps_with(10 * PART)) is None
    overdrawn = caps_with(10_000)
    overdrawn["usd"].free = -1
    assert filled(purses, overdrawn) is None
    assert filled(purses, overdrawn, Share(0, 0)) is not None


def test_it_is_good_for_as_long_as_its_shortest_bucket() -> None:
    found = caps_with(10_000)
    purse = filled(Purses(), found)
    assert purse is not None
    assert purse.fill(NOW_S) == 0.5
    day_s = NOW_S // 1440 * 1440
    assert [(kind, bucket_s) for kind, bucket_s, _ in purse.charged_to] == [
        ("requests", int(NOW_S)),
        ("usd", day_s),
        ("tokens", int(NOW_S)),
    ]


def test_what_has_ended_is_charged_and_the_rest_of_its_share_is_free() -> None:
    purses, found = Purses(), caps_with(10_000)
    purse = filled(purses, found)
    assert purse is not None
    purse.left -= 2
    purse.ended.append(ended(7, 3))
    purses.unsettled.append(purse)
    purses.empty()
    assert {kind: (cap.charged, cap.reserved) for kind, cap in found.items()} == {
        "usd": (7, 10),
        "tokens": (3, 5),
        "requests": (1, 1),
        "concurrent": (0, 1),
    }


class World:
    """Caps that two kinds of exchanges share, one of which counts against fewer."""

    def __init__(self) -> None:
        self.caps = caps_with(400)
        self.purses = Purses()
        usd, tokens, requests, concurrent = self.caps.values()
        self.kinds = (
            ((requests, concurrent), (usd, tokens)),
            ((concurrent,), (usd,)),
        )
        self.open: list[Purse | None] = [None, None]
        self.under_way: list[Purse | Hold] = []
        self.charged: list[Charge] = []

    def do(self, what: str, which: int, number: int) -> None:
        """Take one step, if it can be taken."""
        entry, spending = self.kinds[which]
        purse = self.open[which]
        if what == "fill":
            made = self.purses.make(entry, spending, Share(number, number // 2))
            if made is not None:
                made.fill(NOW_S)
                self.open[which] = made
        elif what == "take" and purse is not None and purse.left:
            purse.left -= 1
            self.under_way.append(purse)
        elif what == "reserve":
            found = reserve((*entry, *spending), (number, number, 1, 1), NOW_S)
            if isinstance(found, Cap) and self.purses.empty():
                found = reserve((*entry, *spending), (number, number, 1, 1), NOW_S)
            if isinstance(found, Hold):
                self.under_way.append(found)
        elif what == "end" and self.under_way:
            self.end(self.under_way.pop(number % len(self.under_way)), number)
        elif what == "empty":
            self.purses.empty()

    def end(self, held: Purse | Hold, number: int) -> None:
        """End an exchange, or break it off: then its purse is left the slow way."""
        exchange = Exchange("r")
        charges: list[Charge] = []
        if isinstance(held, Hold):
            nano, tokens, _, _ = held.amount
            truth = (min(number, nano), min(number, tokens), 1, 0)
            held.settle(truth, charges)
        elif number % 5:
            attempt = ended(min(number, held.nano), min(number, held.tokens))
            exchange.attempts.append(attempt)
            exchange.charged_to = held.charged_to
            if not held.ended:
                self.purses.unsettled.append(held)
            held.ended.append(attempt)
        else:
            for part in (held.entry, held.spending):
                Hold(part, held.amount, held.at_s).settle((0, 0, 0, 0), [])
        self.charged += [*charges, *charges_of(exchange)]

    def check(self) -> None:
        """See that each cap's slice is what is free, held, in a purse or charged."""
        sums: Counter[str] = Counter()
        for key, _, amount in self.charged:
            sums[key] += amount
        pending: Counter[str] = Counter()
        for purse in self.purses.unsettled:
            for cap in (*purse.entry, *purse.spending):
                pending[cap.key] += len(purse.ended) * purse.amount[cap.measure]
        for cap in self.caps.values():
            assert cap.free >= 0
            held = sum(
                each.amount[cap.measure]
                for each in self.under_way
                if cap in (each.caps if isinstance(each, Hold) else own(each))
            )
            purses = sum(
                purse.left * purse.amount[cap.measure]
                for purse in self.purses.open
                if cap in own(purse)
            )
            assert cap.reserved == held + purses + pending[cap.key]
            assert sums[cap.key] <= cap.charged + pending[cap.key]


def own(purse: Purse) -> tuple[Cap, ...]:
    return (*purse.entry, *purse.spending)


STEPS = st.tuples(
    st.sampled_from(["fill", "take", "take", "reserve", "end", "end", "empty"]),
    st.integers(0, 1),
    st.integers(0, 60),
)


@given(st.lists(STEPS, max_size=60))
def test_nothing_is_lost_or_doubled_on_the_way_through_purses(
    steps: list[tuple[str, int, int]],
) -> None:
    world = World()
    for what, which, number in steps:
        world.do(what, which, number)
        world.check()
    for held in world.under_way:
        world.end(held, 7)
    world.under_way.clear()
    world.purses.empty()
    world.check()
    sums: Counter[str] = Counter()
    for key, _, amount in world.charged:
        sums[key] += amount
    for cap in world.caps.values():
        assert cap.charged == sums[cap.key]
        assert cap.free + cap.charged == 400
