"""What a minute of outage is held against."""

from itertools import pairwise
from typing import Any

from outage import BEGINS_S, ENDS_S, OVER_S, PER_S, Asked, in_flight_max, judged

PROBES_S = [BEGINS_S + at for at in (0.0, 0.1, 0.2, 0.3, 0.4, 7.0, 13.5, 20.0)]


def by(at_s: float) -> str:
    """Say who answers then, when all goes well: the ramp takes every third."""
    if at_s < BEGINS_S or at_s >= ENDS_S + 5:
        return "primary"
    return "primary" if at_s >= ENDS_S + 2 and round(at_s * PER_S) % 3 else "fallback"


def asked(took_s: float = 0.03) -> list[Asked]:
    """List what was asked, as it should go; in the outage it takes so long."""
    times = [n / PER_S for n in range(int(OVER_S * PER_S))]
    out = [BEGINS_S <= at_s < ENDS_S for at_s in times]
    return [
        Asked(at_s, took_s if late else 0.02, by(at_s))
        for at_s, late in zip(times, out, strict=True)
    ]


def seen(*times_s: float) -> list[dict[str, Any]]:
    """Write the primary's log of calls at these times."""
    return [{"started_s": at_s, "ended_s": at_s + 0.01} for at_s in times_s]


def missed(asked: list[Asked], seen: list[dict[str, Any]]) -> list[str]:
    """Name the targets that were missed."""
    return [one.what.partition(",")[0] for one in judged(asked, seen) if not one.met]


def test_what_goes_well_is_met() -> None:
    assert missed(asked(), seen(*PROBES_S)) == []


def test_each_target_can_be_missed() -> None:
    lost = [one._replace(by="") if one.at_s == BEGINS_S else one for one in asked()]
    assert missed(lost, seen()) == ["requests not answered"]
    assert missed(asked(0.09), seen()) == ["added after the outage's first second"]
    many = seen(*(BEGINS_S + n for n in range(1, 17)))
    assert missed(asked(), many) == ["attempts on the primary while it was out"]
    two = seen(BEGINS_S + 7, BEGINS_S + 7.005)
    assert missed(asked(), two) == ["probes in flight at once"]
    never = [o._replace(by="fallback") if o.at_s > ENDS_S else o for o in asked()]
    assert missed(never, seen()) == ["all traffic back on the primary after"]
    at_once = [o._replace(by="primary") if o.at_s >= ENDS_S else o for o in asked()]
    assert missed(at_once, seen()) == ["share of the primary while it came back"]


def test_calls_that_follow_each_other_are_not_at_once() -> None:
    calls = seen(1.0, 2.0, 3.0)
    assert all(a["ended_s"] < b["started_s"] for a, b in pairwise(calls))
    assert in_flight_max(calls) == 1
    assert in_flight_max(seen(1.0, 1.005)) == 2
