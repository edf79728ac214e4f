"""What a drill says on a terminal: progress while it plays, tables afterwards."""

import os
import sys
import time
from collections.abc import Sequence
from typing import TextIO

from heliograph.drill import figures
from heliograph.drill.script import Script
from heliograph.drill.tally import Judged, PhaseTally, Tally

LOOK_S = 0.1
BAR = 24
BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"
COLUMNS = (
    "phase",
    "from",
    "requests",
    "answered",
    "p50",
    "p99",
    "worst",
    "added p99",
    "on sick",
    "answered by",
)
LEFT = frozenset({"phase", "answered by", "objective"})


class Progress:
    """One line that moves, on a terminal; elsewhere a line for each phase."""

    def __init__(self, script: Script, to: TextIO = sys.stderr) -> None:
        self.script = script
        self.to = to
        self.moves = to.isatty()
        self.began_s = time.monotonic()
        self.next_s = 0.0
        self.phase = -1

    def __call__(self, at_s: float, sent: int) -> None:
        """Tell the drill's time and how many requests were sent."""
        if not self.moves:
            self.tell_phase(at_s)
            return
        now_s = time.monotonic()
        if now_s < self.next_s:
            return
        self.next_s = now_s + LOOK_S
        share = at_s / self.script.duration_s
        bar = "━" * round(share * BAR)
        name = self.script.phases[self.place(at_s)].name
        self.to.write(
            f"\r\x1b[K{bar:─<{BAR}} {figures.clock(at_s)} of "
            f"{figures.clock(self.script.duration_s)}  {name}, {sent:,} requests"
        )
        self.to.flush()

    def tell_phase(self, at_s: float) -> None:
        """Say that a phase has begun."""
        place = self.place(at_s)
        if place != self.phase:
            self.phase = place
            phase = self.script.phases[place]
            self.to.write(f"{figures.clock(at_s):>8}  {phase.name}\n")
            self.to.flush()

    def place(self, at_s: float) -> int:
        """Return the place of the phase at *at_s*."""
        begun = [begin_s for begin_s in self.script.begins_s if begin_s <= at_s]
        return max(0, len(begun) - 1)

    def end(self) -> float:
        """Clear the line; return how long the drill took."""
        if self.moves:
            self.to.write("\r\x1b[K")
            self.to.flush()
        return time.monotonic() - self.began_s


class Ink:
    """Colours, where they can be seen and are wanted."""

    def __init__(self, to: TextIO) -> None:
        self.on = to.isatty() and not os.environ.get("NO_COLOR")

    def __call__(self, text: str, *codes: str) -> str:
        """Write *text* in colour."""
        if not self.on or not text.strip():
            return text
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m"


def render(told: Tally, took_s: float, ink: Ink) -> str:
    """Write the whole result."""
    title = f"{told.name}: {figures.span(told.duration_s)} played in {took_s:.1f} s"
    head = [
        ink(title, BOLD),
        *([told.about] if told.about else []),
        "",
        f"{'config':<10} {told.config}, {told.model}",
        f"{'providers':<10} SIMULATED; no key was sent anywhere",
        f"{'traffic':<10} {figures.traffic(told)}, seed {told.seed}",
        f"{'sick':<10} {told.sick}",
    ]
    colour = GREEN if told.held else RED
    tail = [
        f"{'failed':<10} {figures.failures(told)}",
        f"{'tokens':<10} {figures.tokens(told)}",
        "",
        ink(figures.outcome(told), BOLD, colour),
    ]
    parts = [head, phase_table(told, ink), objective_table(told, ink), tail]
    return "\n".join("\n".join([*part, ""]) for part in parts)


def phase_table(told: Tally, ink: Ink) -> list[str]:
    """Write a row for each phase."""
    lines = table(COLUMNS, [phase_row(phase) for phase in told.phases])
    marks = [DIM, *(YELLOW if phase.sick else "" for phase in told.phases)]
    return [
        ink(line, mark) if mark else line
        for line, mark in zip(lines, marks, strict=True)
    ]


def phase_row(phase: PhaseTally) -> tuple[str, ...]:
    """Write one phase's cells."""
    share = phase.answered / phase.requests if phase.requests else 0.0
    return (
        phase.name,
        figures.clock(phase.begin_s),
        f"{phase.requests:,}",
        figures.percent(share) if phase.requests else figures.NOTHING,
        figures.latency(phase.p50_ms),
        figures.latency(phase.p99_ms),
        figures.latency(phase.worst_ms),
        figures.more(phase.added_p99_ms),
        f"{phase.attempts_on_sick:,}",
        figures.by_whom(phase.answered_by),
    )


def objective_table(told: Tally, ink: Ink) -> list[str]:
    """Write a row for each objective."""
    heading, *lines = table(
        ("objective", "stated", "measured", ""),
        [objective_row(judged, told) for judged in told.objectives],
    )
    return [
        ink(heading, DIM),
        *(
            f"{line} {ink(figures.verdict(judged), *shade(judged))}"
            for line, judged in zip(lines, told.objectives, strict=True)
        ),
    ]


def objective_row(judged: Judged, told: Tally) -> tuple[str, ...]:
    """Write one objective's cells."""
    title = figures.title(judged, told)
    return (title, figures.stated(judged), figures.measured(judged), "")


def shade(judged: Judged) -> tuple[str, ...]:
    """Choose the colour of an objective's verdict."""
    if judged.stated is None:
        return (DIM,)
    return (GREEN,) if judged.met else (BOLD, RED)


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Align cells in columns: texts to the left, figures to the right."""
    cells = [heading, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if name in LEFT else cell.rjust(width)
            for cell, width, name in zip(row, widths, heading, strict=True)
        ).rstrip()
        for row in cells
    ]
