"""From rows to numbers: what each phase was like, and which objectives were met."""

import math
from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from heliograph.drill.casting import Cast
from heliograph.drill.judge import SILENT
from heliograph.drill.play import Row, Tried
from heliograph.drill.script import Script

RECOVERED_REQUESTS = 40
BUCKETS_MAX = 120
WIDTHS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900)


class PhaseTally(Struct, frozen=True):
    """One phase. Latencies are of answered requests; `added` is against the first."""

    name: str
    begin_s: float
    lasts_s: float
    sick: bool
    requests: int
    answered: int
    p50_ms: float | None
    p99_ms: float | None
    worst_ms: float | None
    added_p50_ms: float | None
    added_p99_ms: float | None
    attempts_on_sick: int
    answered_by: dict[str, int]


class Bucket(Struct, frozen=True):
    """A slice of time, for the chart."""

    begin_s: float
    answered_by: dict[str, int]
    failed: int
    p50_ms: float | None
    p99_ms: float | None
    attempts_on_sick: int


class Judged(Struct, frozen=True):
    """An objective: what was stated, what was measured. `stated` None: nothing was."""

    name: str
    stated: float | None
    measured: float | None
    met: bool


class Tally(Struct, frozen=True):
    """All that a report says."""

    name: str
    about: str
    config: str
    model: str
    sick: str
    seed: int
    duration_s: float
    requests: int
    requests_per_s: float
    stream_share: float
    availability: float
    failures: dict[str, int]
    added_p99_ms: float | None
    onset_s: float
    attempts_on_sick: int
    recovery_s: float | None
    silent_truncations: int
    input_tokens: int
    output_tokens: int
    phases: tuple[PhaseTally, ...]
    bucket_s: float
    buckets: tuple[Bucket, ...]
    objectives: tuple[Judged, ...]
    cost_nano: int
    """Of the calls whose cost is known; `unknown_costs` counts the others."""
    unknown_costs: int

    @property
    def held(self) -> bool:
        """Every objective was met."""
        return all(objective.met for objective in self.objectives)


def tally(rows: Sequence[Row], script: Script, cast: Cast, config_source: str) -> Tally:
    """Count."""
    phases = phases_of(rows, script, cast)
    answered = sum(row.verdict == "whole" for row in rows)
    sick_attempts = sum(phase.attempts_on_sick for phase in phases if phase.sick)
    availability = answered / len(rows)
    silent = sum(row.verdict in SILENT for row in rows)
    recovery_s = recovery(rows, script, cast)
    onset_s = script.objectives.onset_s
    judged = phases if not onset_s else phases_of(settled(rows, script), script, cast)
    added_p99_ms = worst_added(judged)
    width_s = next(
        (w for w in WIDTHS_S if script.duration_s / w <= BUCKETS_MAX), WIDTHS_S[-1]
    )
    asked = script.objectives
    costs = [tried.cost_nano for row in rows for tried in row.tried]
    return Tally(
        name=script.name,
        about=script.about,
        config=config_source,
        model=cast.model,
        sick=cast.sick_name,
        seed=script.seed,
        duration_s=script.duration_s,
        requests=len(rows),
        requests_per_s=script.traffic.requests_per_s,
        stream_share=script.traffic.stream_share,
        availability=availability,
        failures=failures_of(rows),
        added_p99_ms=added_p99_ms,
        onset_s=onset_s,
        attempts_on_sick=sick_attempts,
        recovery_s=recovery_s,
        silent_truncations=silent,
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        phases=phases,
        bucket_s=width_s,
        buckets=buckets_of(rows, script, cast, width_s),
        objectives=(
            at_least("availability", asked.availability, availability),
            at_most("added_p99_ms", asked.added_p99_ms, added_p99_ms),
            at_most("attempts_on_sick", asked.attempts_on_sick, sick_attempts),
            at_most("recovery_s", asked.recovery_s, recovery_s),
            at_most("silent_truncations", asked.silent_truncations, silent),
        ),
        cost_nano=sum(cost for cost in costs if cost is not None),
        unknown_costs=costs.count(None),
    )


def at_least(name: str, stated: float | None, measured: float) -> Judged:
    """Judge what may not be less."""
    return Judged(name, stated, measured, stated is None or measured >= stated)


def at_most(name: str, stated: float | None, measured: float | None) -> Judged:
    """Judge what may not be more; what never came about is too much."""
    met = stated is None or (measured is not None and measured <= stated)
    return Judged(name, stated, measured, met)


def failures_of(rows: Sequence[Row]) -> dict[str, int]:
    """Count what else than a whole answer callers got."""
    counted = Counter(row.verdict for row in rows if row.verdict != "whole")
    return dict(sorted(counted.items()))


def phases_of(
    rows: Sequence[Row], script: Script, cast: Cast
) -> tuple[PhaseTally, ...]:
    """Count each phase's requests by when they were asked."""
    made: list[PhaseTally] = []
    attempts = [tried for row in rows for tried in row.tried if is_sick(tried, cast)]
    for begin_s, phase in zip(script.begins_s, script.phases, strict=True):
        end_s = begin_s + phase.lasts_s
        inside = [row for row in rows if begin_s <= row.at_s < end_s]
        whole = [row for row in inside if row.verdict == "whole"]
        latencies = sorted(row.latency_s * 1000 for row in whole)
        p50_ms, p99_ms = percentile(latencies, 0.5), percentile(latencies, 0.99)
        before = made[0] if made else None
        made.append(
            PhaseTally(
                name=phase.name,
                begin_s=begin_s,
                lasts_s=phase.lasts_s,
                sick=phase.sick,
                requests=len(inside),
                answered=len(whole),
                p50_ms=p50_ms,
                p99_ms=p99_ms,
                worst_ms=percentile(latencies, 1),
                added_p50_ms=added(p50_ms, before.p50_ms) if before else None,
                added_p99_ms=added(p99_ms, before.p99_ms) if before else None,
                attempts_on_sick=sum(begin_s <= a.at_s < end_s for a in attempts),
                answered_by=by_whom(whole, cast),
            )
        )
    return tuple(made)


def buckets_of(
    rows: Sequence[Row], script: Script, cast: Cast, width_s: float
) -> tuple[Bucket, ...]:
    """Slice the drill's time."""
    count = math.ceil(script.duration_s / width_s)
    asked: list[list[Row]] = [[] for _ in range(count)]
    attempts = [0] * count
    for row in rows:
        asked[min(int(row.at_s / width_s), count - 1)].append(row)
        for tried in row.tried:
            place = int(tried.at_s / width_s)
            if is_sick(tried, cast) and place < count:
                attempts[place] += 1
    made = []
    for place, inside in enumerate(asked):
        whole = [row for row in inside if row.verdict == "whole"]
        latencies = sorted(row.latency_s * 1000 for row in whole)
        made.append(
            Bucket(
                begin_s=place * width_s,
                answered_by=by_whom(whole, cast),
                failed=len(inside) - len(whole),
                p50_ms=percentile(latencies, 0.5),
                p99_ms=percentile(latencies, 0.99),
                attempts_on_sick=attempts[place],
            )
        )
    return tuple(made)


def by_whom(whole: Sequence[Row], cast: Cast) -> dict[str, int]:
    """Count whole answers by the provider, or in a drill about a key by the key."""
    by_key = cast.sick_key is not None
    counted = Counter((row.key if by_key else row.provider) or "?" for row in whole)
    return dict(sorted(counted.items(), key=lambda each: (-each[1], each[0])))


def is_sick(tried: Tried | Row, cast: Cast) -> bool:
    """Say whether this went to what the drill is about."""
    if cast.sick_key is not None:
        return tried.key == cast.sick_key
    return tried.provider == cast.sick


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the smallest value that *share* of them do not exceed, to the tenth."""
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)


def added(value: float | None, before: float | None) -> float | None:
    """Subtract, where both are known."""
    return None if value is None or before is None else round(value - before, 1)


def settled(rows: Sequence[Row], script: Script) -> list[Row]:
    """Leave out what was asked in the onset of a sick phase."""
    onset_s = script.objectives.onset_s
    begins = [
        begin_s
        for begin_s, phase in zip(script.begins_s, script.phases, strict=True)
        if phase.sick
    ]
    return [
        row
        for row in rows
        if not any(begin_s <= row.at_s < begin_s + onset_s for begin_s in begins)
    ]


def worst_added(phases: Sequence[PhaseTally]) -> float | None:
    """Return the most that any phase added to p99; None when one answered nobody."""
    values = [phase.added_p99_ms for phase in phases[1:] if phase.requests]
    known = [value for value in values if value is not None]
    return max(known) if known and len(known) == len(values) else None


def recovery(rows: Sequence[Row], script: Script, cast: Cast) -> float | None:
    """Return how long after the worst sick phase the sick had its share back.

    Back it is from the first request on of which, with the next ones to 40 in all, it
    answers the share it had before, within what chance explains. None: never, or there
    is no healthy phase after a sick one.
    """
    first = script.phases[0]
    share = share_of([row for row in rows if row.at_s < first.lasts_s], cast)
    took: list[float | None] = []
    pairs = zip(script.phases, script.phases[1:], script.begins_s[1:], strict=False)
    for before, phase, begin_s in pairs:
        if before.sick and not phase.sick:
            inside = [
                row for row in rows if begin_s <= row.at_s < begin_s + phase.lasts_s
            ]
            took.append(back_after(inside, begin_s, share, cast))
    known = [seconds for seconds in took if seconds is not None]
    return max(known) if known and len(known) == len(took) else None


def back_after(
    rows: Sequence[Row], begin_s: float, share: float, cast: Cast
) -> float | None:
    """Return when the sick was back, in seconds from *begin_s*."""
    window = min(RECOVERED_REQUESTS, len(rows))
    chance = 2 * math.sqrt(share * (1 - share) / window) if window else 0.0
    wanted = share - max(chance, 1 / RECOVERED_REQUESTS)
    for place in range(len(rows) - window + 1 if window else 0):
        if share_of(rows[place : place + window], cast) >= wanted:
            return round(rows[place].at_s - begin_s, 1)
    return None


def share_of(rows: Sequence[Row], cast: Cast) -> float:
    """Return which share of *rows* the sick answered."""
    if not rows:
        return 0.0
    return sum(row.verdict == "whole" and is_sick(row, cast) for row in rows) / len(
        rows
    )
