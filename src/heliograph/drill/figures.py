"""How numbers are written, on a terminal and in a report alike."""

from heliograph.drill.tally import Judged, Tally
from heliograph.gateway.catalog.money import print_usd

NOTHING = "–"  # noqa: RUF001 - a dash that stands for no value
TITLES = {
    "availability": "availability",
    "added_p99_ms": "added p99",
    "attempts_on_sick": "attempts on the sick",
    "recovery_s": "recovery",
    "silent_truncations": "silent truncations",
}
VERDICTS = {
    "refused": "refused with an error status",
    "told": "ended in an error event",
    "broken": "lost with the connection",
    "truncated": "truncated silently",
    "altered": "altered silently",
}


def clock(seconds: float) -> str:
    """Write a time of the drill: `5:00`, `1:30:00`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(seconds: float) -> str:
    """Write how long something lasts: `45 s`, `20 min`, `2 h 5 min`."""
    if seconds < 120:  # noqa: PLR2004 - below, seconds are easier to grasp
        return f"{seconds:.3g} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    parts = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "")
    return " ".join(part for part in parts if part)


def latency(value_ms: float | None) -> str:
    """Write a latency: `450 ms`, `1.60 s`, `30.9 s`."""
    if value_ms is None:
        return NOTHING
    if abs(value_ms) < 999.5:  # noqa: PLR2004 - from here it is written in seconds
        return f"{value_ms:.0f} ms"
    places = 2 if abs(value_ms) < 9995 else 1  # noqa: PLR2004 - three figures are enough
    return f"{value_ms / 1000:.{places}f} s"


def round_latency(value_ms: float) -> str:
    """Write a latency that is a round number, as on an axis: `200 ms`, `5 s`."""
    return f"{value_ms:g} ms" if value_ms < 1000 else f"{value_ms / 1000:g} s"  # noqa: PLR2004 - a second


def more(value_ms: float | None) -> str:
    """Write a difference of latencies, always with its sign."""
    if value_ms is None:
        return NOTHING
    if abs(value_ms) < 0.5:  # noqa: PLR2004 - it is written to the millisecond
        return "+0 ms"
    return ("+" if value_ms > 0 else "−") + latency(abs(value_ms))  # noqa: RUF001 - a minus sign


def percent(share: float) -> str:
    """Write a share; what is not all of them is never written as 100 %."""
    if share >= 1:
        return "100 %"
    text = f"{share * 100:.2f}"
    return f"{'99.99' if text == '100.00' else text} %"


def by_whom(answered_by: dict[str, int]) -> str:
    """Write who answered, and which share of it."""
    total = sum(answered_by.values())
    return (
        ", ".join(
            f"{name} {percent_short(count / total)}"
            for name, count in answered_by.items()
        )
        or "nobody"
    )


def percent_short(share: float) -> str:
    """Write a share to the whole percent, but for those that would vanish."""
    if 0 < share < 0.01:  # noqa: PLR2004 - a percent
        return "<1 %"
    if 0.99 < share < 1:  # noqa: PLR2004 - the same from above
        return ">99 %"
    return f"{share * 100:.0f} %"


def title(objective: Judged, told: Tally) -> str:
    """Name an objective."""
    named = TITLES[objective.name]
    if objective.name == "added_p99_ms" and told.onset_s:
        return f"{named} after {span(told.onset_s)}"
    return named


def stated(objective: Judged) -> str:
    """Write what an objective asks for."""
    if objective.stated is None:
        return NOTHING
    sign = "≥" if objective.name == "availability" else "≤"
    value = amount(objective.name, objective.stated)
    if objective.name == "silent_truncations" and objective.stated == 0:
        return value
    return value if value == "100 %" else f"{sign} {value}"


def measured(objective: Judged) -> str:
    """Write what came of it."""
    if objective.measured is None:
        return "never" if objective.name == "recovery_s" else NOTHING
    return amount(objective.name, objective.measured)


def amount(name: str, value: float) -> str:
    """Write a value in the unit of its objective."""
    if name == "availability":
        return percent(value)
    if name == "added_p99_ms":
        return latency(value)
    if name == "recovery_s":
        return f"{value:.3g} s"
    return f"{value:,.0f}"


def verdict(objective: Judged) -> str:
    """Say whether an objective was met."""
    if objective.stated is None:
        return "not asked"
    return "held" if objective.met else "MISSED"


def traffic(told: Tally) -> str:
    """Say what was sent."""
    return (
        f"{told.requests:,} requests at {told.requests_per_s:g}/s, "
        f"{percent_short(told.stream_share)} streams"
    )


def tokens(told: Tally) -> str:
    """Say what was spent."""
    known = f"cost ${print_usd(told.cost_nano)}"
    if told.unknown_costs:
        calls = f"{told.unknown_costs:,} call{'' if told.unknown_costs == 1 else 's'}"
        unknown = f"what {calls} cost is unknown"
        known = f"{known} at least: {unknown}" if told.cost_nano else unknown
    return f"{told.input_tokens:,} in, {told.output_tokens:,} out; {known}"


def failures(told: Tally) -> str:
    """Say what became of the requests without a whole answer."""
    parts = [f"{count:,} {VERDICTS[kind]}" for kind, count in told.failures.items()]
    return ", ".join(parts) or "none"


def outcome(told: Tally) -> str:
    """Say in a few words how the drill went."""
    missed = sum(not objective.met for objective in told.objectives)
    asked = sum(objective.stated is not None for objective in told.objectives)
    if not missed:
        return f"held: all {asked} objectives"
    return f"missed {missed} of {asked} objectives"
