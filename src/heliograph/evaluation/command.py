"""`heliograph eval detector`: what is judged, what is said, and the exit code."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

from heliograph import camera
from heliograph.camera.config import DetectorChoice, SettingError
from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.types import Size
from heliograph.evaluation.false_alarms import Stretch
from heliograph.evaluation.labelled_set import (
    RESAMPLES,
    LabelledSet,
    SetFigures,
    judge_set,
)
from heliograph.evaluation.report import (
    ALARM_HEADS,
    CAMERA_HEADS,
    HEADS,
    Report,
    alarm_rows,
    camera_rows,
    rows,
    write_report,
)
from heliograph.evaluation.scenery import Scenery, judge_scenery
from heliograph.evaluation.subject import subject_of
from heliograph.labelled import (
    CLASS_MAPS,
    PROPHESEE_1MPX,
    PROPHESEE_GEN1,
    Judging,
    LabelError,
)
from heliograph.labelled.boxes import EVERY_LABEL, PROPHESEE

HISTORY_US = 500_000
"""How much comes before a label, where the recording has as much."""
EVERY_US = 100_000
"""How often a simulated scene is looked at: what is nearer is nearly the same."""
SWEEP_EMPTY = (Stretch(0.0, 0.7), Stretch(2.0, inf))
"""Where nothing moves in the person sweep: before and after, no more pixels fire there
than elsewhere."""

OLD_US = 200_000
"""From when on a simulated scene is as old as what a detector remembers: scenes begin
with a sensor that has seen nothing, which a watch meets once a start."""
PIPE_COLUMNS = 132
"""How wide a table is that no terminal shows."""
NAMES = 2
"""Columns with texts; those behind them hold numbers."""
AS_A_WATCH = DetectorChoice()
JUDGINGS = {"all": EVERY_LABEL, "gen1": PROPHESEE_GEN1, "1mpx": PROPHESEE_1MPX}
TOLD_IN_ONE_LINE = (LabelError, SettingError, camera.RecordingError, OSError)


@dataclass(frozen=True, slots=True)
class EvalRequest:
    """What `heliograph eval detector` was asked; paths that are None are left out."""

    detector: DetectorChoice = AS_A_WATCH
    simulated: Path | None = None
    pedro: Path | None = None
    data: Path | None = None
    classes: str | None = None
    size: Size | None = None
    judging: str | None = None
    visible_min: float = 0.0
    noise: Path | None = None
    sweep: Path | None = None
    street: Path | None = None
    out: Path | None = None
    background_ms: float | None = None
    resamples: int = RESAMPLES
    seed: int = 1


def run_eval_detector(request: EvalRequest, *, command: str) -> int:
    """Judge a detector and print the tables; return the exit status.

    *command* goes into the report, which says how to make it again.
    """
    try:
        report = judge(request, command=command)
        written = [] if request.out is None else write_report(report, request.out)
    except TOLD_IN_ONE_LINE as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - what a command says
        return 1
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_COLUMNS)
    _print(console, "On labels", HEADS, rows(report))
    _print(console, "By how the camera moved", CAMERA_HEADS, camera_rows(report))
    _print(console, "On nothing", ALARM_HEADS, alarm_rows(report))
    for path in written:
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)
    return 0


def judge(request: EvalRequest, *, command: str) -> Report:
    """Run everything that was asked for; raises as the readers do."""
    filters = FilterSettings()
    if request.background_ms is not None:
        filters = replace(filters, background_us=round(request.background_ms * 1_000))
    sets, sceneries = _sets(request), _sceneries(request)
    if not sets and not sceneries:
        raise SettingError(
            "there is nothing to judge on: give --simulated, --pedro, --data, --noise, "
            "--sweep or --street"
        )
    subject = subject_of(request.detector.over(DetectorSettings()), filters)
    figures: list[SetFigures] = []
    for given in sets:
        with _progress(given.name) as told:
            figures.append(
                judge_set(
                    given,
                    subject,
                    filters,
                    resamples=request.resamples,
                    seed=request.seed,
                    progress=told,
                )
            )
    return Report(
        command,
        subject,
        {
            "background filter, ms": filters.background_us / 1_000,
            "resamples": request.resamples,
            "seed": request.seed,
        },
        tuple(figures),
        tuple(judge_scenery(one, subject, filters) for one in sceneries),
    )


def _sets(request: EvalRequest) -> list[LabelledSet]:
    """Return the labelled data that was named."""
    sets = []
    if request.simulated is not None:
        sets.append(
            LabelledSet(
                "simulated",
                request.simulated,
                HISTORY_US,
                every_us=EVERY_US,
                judging=replace(
                    _judging(request, or_else=PROPHESEE),
                    skip_us=OLD_US,
                    visible_min=request.visible_min,
                ),
            )
        )
    if request.pedro is not None:
        sets.append(LabelledSet("pedro", request.pedro, HISTORY_US))
    if request.data is not None:
        sets.append(
            LabelledSet(
                "data",
                request.data,
                HISTORY_US,
                classes=CLASS_MAPS[request.classes] if request.classes else None,
                size=request.size,
                judging=_judging(request, or_else=EVERY_LABEL),
            )
        )
    return sets


def _judging(request: EvalRequest, *, or_else: Judging) -> Judging:
    return or_else if request.judging is None else JUDGINGS[request.judging]


def _sceneries(request: EvalRequest) -> list[Scenery]:
    """Return the recordings that were named."""
    named = (
        ("noise", request.noise, (Stretch(),)),
        ("sweep", request.sweep, SWEEP_EMPTY),
        ("street", request.street, ()),
    )
    return [Scenery(name, path, empty) for name, path, empty in named if path]


@contextmanager
def _progress(name: str) -> Iterator[Callable[[int], None]]:
    """Show how far it is, where somebody looks."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(name)
        yield lambda count: progress.update(
            task, description=f"{name}: {count} windows"
        )


def _print(
    console: Console, title: str, heads: Sequence[str], body: Sequence[Sequence[str]]
) -> None:
    if not body:
        return
    table = Table(title=title, title_justify="left")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number > NAMES else "left")
    for row in body:
        table.add_row(*row)
    console.print(table)
