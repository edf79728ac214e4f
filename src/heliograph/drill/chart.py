"""The time line of a drill as SVG: who answered, how late, and the calls on the sick.

Colours are classes of the page's own style, so that it follows light and dark.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from heliograph.drill import figures
from heliograph.drill.scale import (
    Box,
    Linear,
    Logarithmic,
    linear,
    logarithmic,
    times,
)
from heliograph.drill.tally import Bucket, Tally

WIDTH = 960
LEFT, RIGHT = 58.0, 948.0
ANSWERS = Box(LEFT, RIGHT, 58, 188)
LATENCY = Box(LEFT, RIGHT, 250, 370)
ATTEMPTS = Box(LEFT, RIGHT, 432, 502)
HEIGHT = 532
SERIES = 5
SEEN_HEIGHT = 2.0
LABEL_CHARACTER = 6.6
EDGE = 20
Points = Iterable[tuple[float, float]]


def chart(told: Tally) -> str:
    """Draw everything."""
    names = providers_of(told)
    parts = [
        *phases(told),
        *answers(told, names),
        *latencies(told),
        *attempts(told),
        *time_axis(told),
        *hover(told),
    ]
    label = f"Time line of the drill {escape(told.name)}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">\n'
        + "\n".join(parts)
        + "\n</svg>"
    )


def providers_of(told: Tally) -> list[str]:
    """List who answered at all, the sick one first."""
    names = dict.fromkeys(n for b in told.buckets for n in b.answered_by)
    return sorted(names, key=lambda name: (name != told.sick, name))


def across(told: Tally) -> Callable[[float], float]:
    """Return what places a time."""
    return lambda at_s: LEFT + (RIGHT - LEFT) * min(at_s / told.duration_s, 1.0)


def phases(told: Tally) -> Iterator[str]:
    """Shade the sick phases, and write every phase's name above where it fits."""
    x = across(told)
    for phase in told.phases:
        left, right = x(phase.begin_s), x(phase.begin_s + phase.lasts_s)
        if phase.sick:
            yield (
                f'<rect class="sick" x="{left:.1f}" y="28" width="{right - left:.1f}" '
                f'height="{ATTEMPTS.bottom - 28:.0f}"/>'
            )
        if phase.begin_s:
            yield line("edge", left, 28, left, ATTEMPTS.bottom)
        name = phase.name
        room = int((right - left - 8) / LABEL_CHARACTER)
        shown = name if len(name) <= room else name[: max(0, room - 1)] + "…"
        if room > 1:
            kind = "phase ill" if phase.sick else "phase"
            yield text(kind, (left + right) / 2, 19, shown, "middle")


def answers(told: Tally, names: Sequence[str]) -> Iterator[str]:
    """Draw who answered, one upon the other, and what failed on top."""
    scale = linear(ANSWERS, [per_s(told, total(b)) for b in told.buckets])
    legend = [(f"s{place % SERIES}", name) for place, name in enumerate(names)]
    failed = any(bucket.failed for bucket in told.buckets)
    legend += [("failed", "failed")] if failed else []
    yield from panel(ANSWERS, "Requests a second, by who answered", legend)
    yield from grid(scale, lambda value: f"{value:g}")
    floor = [0.0] * len(told.buckets)
    layers = [
        (f"s{place % SERIES}", [b.answered_by.get(name, 0) for b in told.buckets])
        for place, name in enumerate(names)
    ]
    layers.append(("failed", [bucket.failed for bucket in told.buckets]))
    for kind, counts in layers:
        if not any(counts):
            continue
        roof = [low + n for low, n in zip(floor, counts, strict=True)]
        yield area(kind, told, scale, floor, roof)
        floor = [float(value) for value in roof]


def area(
    kind: str, told: Tally, scale: Linear, floor: Sequence[float], roof: Sequence[float]
) -> str:
    """Fill between two stairs."""
    up = stairs(told, [scale.y(per_s(told, value)) for value in roof])
    back = stairs(told, [scale.y(per_s(told, value)) for value in floor])
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*up, *reversed(list(back))])
    return f'<polygon class="area {kind}" points="{points}"/>'


def stairs(told: Tally, heights: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield both ends of every bucket at its height."""
    x = across(told)
    for bucket, height in zip(told.buckets, heights, strict=True):
        yield x(bucket.begin_s), height
        yield x(bucket.begin_s + told.bucket_s), height


def latencies(told: Tally) -> Iterator[str]:
    """Draw p50 and p99, where anything was answered."""
    known = [v for b in told.buckets for v in (b.p50_ms, b.p99_ms) if v is not None]
    scale = logarithmic(LATENCY, known)
    legend = [("p50", "p50"), ("p99", "p99")]
    yield from panel(LATENCY, "Time to the answer, or to a stream's first text", legend)
    yield from grid(scale, figures.round_latency)
    for kind in ("p99", "p50"):
        values = [b.p99_ms if kind == "p99" else b.p50_ms for b in told.buckets]
        for run in runs(told, values, scale):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            yield f'<polyline class="curve {kind}" points="{points}"/>'


def runs(
    told: Tally, values: Sequence[float | None], scale: Logarithmic
) -> Iterator[list[tuple[float, float]]]:
    """Yield stairs, broken where there is no value."""
    x = across(told)
    run: list[tuple[float, float]] = []
    for bucket, value in zip(told.buckets, values, strict=True):
        if value is None:
            if run:
                yield run
            run = []
            continue
        height = scale.y(value)
        run.append((x(bucket.begin_s), height))
        run.append((x(bucket.begin_s + told.bucket_s), height))
    if run:
        yield run


def attempts(told: Tally) -> Iterator[str]:
    """Draw how often the sick was asked."""
    counts = [float(bucket.attempts_on_sick) for bucket in told.buckets]
    scale = linear(ATTEMPTS, counts)
    title = f"Attempts on {told.sick}, in {figures.span(told.bucket_s)}"
    yield from panel(ATTEMPTS, title, [])
    yield from grid(scale, lambda value: f"{value:g}")
    x = across(told)
    for bucket, count in zip(told.buckets, counts, strict=True):
        if not count:
            continue
        left, right = x(bucket.begin_s), x(bucket.begin_s + told.bucket_s)
        height = max(SEEN_HEIGHT, ATTEMPTS.bottom - scale.y(count))
        gap = min(1.0, (right - left) / 4)
        yield (
            f'<rect class="attempts" x="{left:.1f}" '
            f'y="{ATTEMPTS.bottom - height:.1f}" width="{right - left - gap:.1f}" '
            f'height="{height:.1f}"/>'
        )


def time_axis(told: Tally) -> Iterator[str]:
    """Write the times below."""
    x = across(told)
    for at_s in times(told.duration_s):
        yield line("tick", x(at_s), ATTEMPTS.bottom, x(at_s), ATTEMPTS.bottom + 4)
        anchor = "end" if x(at_s) > RIGHT - EDGE else "middle"
        yield text("mark", x(at_s), ATTEMPTS.bottom + 18, figures.clock(at_s), anchor)


def hover(told: Tally) -> Iterator[str]:
    """Let every slice of time say its numbers under the pointer."""
    x = across(told)
    for bucket in told.buckets:
        left, right = x(bucket.begin_s), x(bucket.begin_s + told.bucket_s)
        yield (
            f'<rect class="hover" x="{left:.1f}" y="28" width="{right - left:.1f}" '
            f'height="{ATTEMPTS.bottom - 28:.0f}"><title>{escape(said(bucket))}'
            "</title></rect>"
        )


def said(bucket: Bucket) -> str:
    """Write one slice's numbers."""
    lines = [figures.clock(bucket.begin_s)]
    lines += [f"{name} {count}" for name, count in bucket.answered_by.items()]
    lines += [f"failed {bucket.failed}"] if bucket.failed else []
    lines.append(
        f"p50 {figures.latency(bucket.p50_ms)}, p99 {figures.latency(bucket.p99_ms)}"
    )
    lines.append(f"attempts on the sick {bucket.attempts_on_sick}")
    return "\n".join(lines)


def panel(box: Box, title: str, legend: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Write a panel's title, and its legend at the right."""
    baseline = box.top - 12
    yield text("title", box.left, baseline, title, "start")
    right = box.right
    for kind, name in reversed(legend):
        yield text("key", right, baseline, name, "end")
        right -= len(name) * LABEL_CHARACTER + 14
        yield (
            f'<rect class="swatch {kind}" x="{right - 2:.1f}" y="{baseline - 9:.1f}" '
            'width="10" height="10" rx="2"/>'
        )
        right -= 14


def grid(scale: Linear | Logarithmic, write: Callable[[float], str]) -> Iterator[str]:
    """Draw a thin line at every value worth one."""
    box = scale.box
    for value in scale.ticks:
        y = scale.y(value)
        yield line("grid", box.left, y, box.right, y)
        yield text("mark", box.left - 8, y + 4, write(value), "end")


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """Draw a line."""
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line class="{kind}" {ends}/>'


def text(kind: str, x: float, y: float, words: str, anchor: str) -> str:
    """Write words."""
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{escape(words)}</text>"
    )


def total(bucket: Bucket) -> int:
    """Count all that was asked in a slice."""
    return sum(bucket.answered_by.values()) + bucket.failed


def per_s(told: Tally, count: float) -> float:
    """Turn a slice's count into a rate."""
    return count / told.bucket_s
