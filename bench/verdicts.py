"""What we aim at, beside what was measured; what misses is written as missed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from cpu_per_request import OURS, YARDSTICK, Row
from latency import Added

TIMES = "×"  # noqa: RUF001 - the sign is meant, as the README quotes it
CPU_TARGETS: Mapping[str, float] = {"chat": 2.5, "picture": 2.0, "translated": 3.0}
CHUNK_US = 6.0
CHUNKS_OF = {"stream": "each a packet", "burst": "all at once"}
LATENCY_TARGETS: Mapping[str, tuple[float | None, float | None]] = {
    "one": (150.0, 1000.0),
    "chunk": (None, 1000.0),
}
IDLE_MB = 45.0
FIRST_ANSWER_S = 0.6
IMPORT_S = 0.25


@dataclass(frozen=True)
class Judged:
    """One target: what it bounds, the bound (empty: there is none), what came out."""

    what: str
    target: str
    measured: str
    met: bool

    @property
    def verdict(self) -> str:
        """Met, or missed; nothing where nothing is aimed at."""
        if not self.target:
            return ""
        return "met" if self.met else "**missed**"


def at_most(what: str, bound: float, measured: float, written: str) -> Judged:
    """Judge *measured* by an upper *bound*; *written* is how both are shown."""
    shown = written.format(measured)
    return Judged(what, f"≤ {written.format(bound)}", shown, measured <= bound)


def shown(what: str, measured: float, written: str) -> Judged:
    """Tell what nothing is aimed at for."""
    return Judged(what, "", written.format(measured), met=True)


def judge(
    rows: Sequence[Row], added: Sequence[Added], import_s: float | None
) -> list[Judged]:
    """Judge what was measured; what was not asked for has no line."""
    judged = [*cpu(rows), *chunks(rows), *latency(added)]
    if rows:
        memory = [row.memory[OURS] for row in rows]
        idle_mb = median(one.idle_mb for one in memory)
        first_s = median(one.first_answer_s for one in memory)
        judged.append(at_most("RSS idle", IDLE_MB, idle_mb, "{:.0f} MB"))
        judged.append(
            at_most("start to first answer", FIRST_ANSWER_S, first_s, "{:.2f} s")
        )
    if import_s is not None:
        judged.append(at_most("import", IMPORT_S, import_s, "{:.2f} s"))
    return judged


def cpu(rows: Iterable[Row]) -> Iterator[Judged]:
    """Judge CPU a request, as a multiple of nginx's."""
    for row in rows:
        bound = CPU_TARGETS.get(row.workload.name)
        if bound is not None:
            what = f"{row.workload.title}: CPU"
            ratio = row.times(OURS, YARDSTICK)
            yield at_most(what, bound, ratio, f"{{:.1f}} {TIMES} nginx")


def chunks(rows: Sequence[Row]) -> Iterator[Judged]:
    """Judge CPU a chunk above the first: two lengths of stream, and their difference.

    A packet for each chunk is a read, a write and a wake-up for each, in nginx too.
    """
    by_name = {row.workload.name: row for row in rows}
    first = by_name.get("first")
    for name, how in CHUNKS_OF.items():
        row = by_name.get(name)
        if row is None or first is None:
            continue
        count = row.workload.units
        chunk_us = (row.cpu_us(OURS) * count - first.cpu_us(OURS)) / (count - 1)
        what = f"stream of {count} chunks, {how}: CPU a chunk above the first"
        yield at_most(what, CHUNK_US, chunk_us, "{:.1f} µs")


def latency(added: Iterable[Added]) -> Iterator[Judged]:
    """Judge added latency, where there is a target for it."""
    for one in added:
        p50_us, p99_us = LATENCY_TARGETS.get(one.name, (None, None))
        found = one.added(OURS)
        if p50_us is not None:
            what = f"added latency, {one.title}: p50"
            yield at_most(what, p50_us, found.p50_us, "{:,.0f} µs")
        if p99_us is not None:
            what = f"added latency, {one.title}: p99"
            yield at_most(what, p99_us, found.p99_us, "{:,.0f} µs")


def judged_lines(judged: Iterable[Judged]) -> list[tuple[str, ...]]:
    """Write the lines of the table of targets, its head first."""
    head = ("what", "target", "measured", "verdict")
    return [
        head,
        *((one.what, one.target, one.measured, one.verdict) for one in judged),
    ]
