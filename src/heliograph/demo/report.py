"""What the outage looked like from the captions' side."""

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from heliograph.camera.types import Caption

PHASES = ("before", "503", "silence", "after")


class Outage(NamedTuple):
    """When the primary was down, in seconds from the first window."""

    down_s: float
    silent_s: float
    back_s: float


def render_outage(
    captions: Sequence[Caption], outage: Outage, begin_s: float
) -> list[str]:
    """Write who captioned in each phase of *outage*, and what it cost in time.

    A caption belongs to the phase it was asked for in; *begin_s* is the clock's time
    of the first window.
    """
    phases: dict[str, list[Caption]] = {name: [] for name in PHASES}
    for caption in captions:
        if caption.error is None:
            asked_s = caption.asked_s - begin_s
            phases[phase_of(asked_s, outage)].append(caption)
    rows = [f"{'outage':<11} {'captions':<9} {'p50':<8} by"]
    rows += [phase_row(name, came) for name, came in phases.items()]
    added = [
        f"{round(latency_ms(phases[name]) - latency_ms(phases['before'])):+d} ms {told}"
        for name, told in (("503", "under 503"), ("silence", "under silence"))
        if phases["before"] and phases[name]
    ]
    if added:
        rows.append(f"added latency {', '.join(added)} (p50)")
    return rows


def phase_of(asked_s: float, outage: Outage) -> str:
    """Name the phase that a caption asked for at *asked_s* belongs to."""
    if asked_s < outage.down_s:
        return "before"
    if asked_s < outage.silent_s:
        return "503"
    return "silence" if asked_s < outage.back_s else "after"


def phase_row(name: str, came: Sequence[Caption]) -> str:
    """Write one phase: how many captions, how long they took, who gave them."""
    if not came:
        return f"{name:<11} {0:<9} {'-':<8} nobody"
    by = Counter(caption.provider or "not told" for caption in came)
    told = ", ".join(f"{provider} {count}" for provider, count in by.most_common())
    return f"{name:<11} {len(came):<9} {latency_ms(came):<4.0f} ms  {told}"


def latency_ms(came: Sequence[Caption]) -> float:
    """Return the median latency."""
    return median(caption.latency_ms for caption in came)
