"""What a batch looks like: a bar in a terminal, a line a recording anywhere else."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from heliograph.camera.batch import Batch, Earlier, Result
from heliograph.camera.captioning.limits import dollars
from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.screen import Facts, Look
from heliograph.camera.sinks.console import write_line
from heliograph.camera.summary import Tally
from heliograph.camera.types import Caption, Track

BAR_COLUMNS = 24
SHOWN_EVERY_US = 200_000
"""Recording time between two looks of the bar at a watch."""


class Progressing(Protocol):
    """What shows a batch, while it is entered."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, *raised: object) -> None:
        """Put the terminal back."""

    def watched(
        self, facts: Facts, tally: Tally, counters: Callable[[], QueueCounters]
    ) -> "Glance":
        """Return what looks on at the next watch."""

    def told(self, result: Result) -> None:
        """Show what became of a file."""


class Glance:
    """Looks on at one watch, now and then."""

    def __init__(
        self, facts: Facts, tally: Tally, show: Callable[[str, int], None]
    ) -> None:
        self._facts = facts
        self._tally = tally
        self._show = show
        self._next_us = facts.begin_us

    def window(
        self, now_us: int, events: int, tracks: Sequence[Track], picture: Look
    ) -> None:
        """Show how far the recording is read."""
        del events, tracks, picture
        if now_us >= self._next_us:
            self._next_us = now_us + SHOWN_EVERY_US
            seconds = (now_us - self._facts.begin_us) / 1e6
            self._show(f"{self._facts.name} {seconds:.1f} s", self._tally.captions)

    def caption(self, caption: Caption) -> None:
        """Leave captions to the file that they are written to."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        """There is nothing to put back."""


class Lines:
    """One line a file, for pipes and logs."""

    def __init__(self, paths: Sequence[Path], batch: Batch) -> None:
        self._number = len(paths)
        self._batch = batch

    def watched(
        self, facts: Facts, tally: Tally, counters: Callable[[], QueueCounters]
    ) -> Glance:
        """Look on, and show nothing: a line a file is enough."""
        del counters
        return Glance(facts, tally, lambda _, __: None)

    def told(self, result: Result) -> None:
        """Print the line of a file."""
        at = len(self._batch.results)
        spent = dollars(self._batch.limits.spent_usd)
        so_far = f"{spent} so far, {self._number - at} left"
        write_line(f"[{at}/{self._number}] {render_result(result)}; {so_far}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        """There is nothing to put back."""


class Bar:
    """A bar that fills with the files' bytes, below a line for each that is done."""

    def __init__(
        self, paths: Sequence[Path], batch: Batch, before: Earlier, console: Console
    ) -> None:
        self._number = len(paths)
        self._bytes = {path: _size(path) for path in paths}
        self._batch = batch
        self._captions = before.captions
        self._progress = Progress(
            BarColumn(BAR_COLUMNS),
            TextColumn("{task.fields[done]}", markup=False),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.description}", markup=False, style="dim"),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task(
            "", total=sum(self._bytes.values()), done=self._done(0)
        )

    def watched(
        self, facts: Facts, tally: Tally, counters: Callable[[], QueueCounters]
    ) -> Glance:
        """Show how far the recording is read."""
        del counters
        return Glance(facts, tally, self._show)

    def told(self, result: Result) -> None:
        """Print the line of a file above the bar."""
        self._captions += result.captions
        self._progress.console.print(
            render_result(result), markup=False, highlight=False, soft_wrap=True
        )
        self._progress.update(
            self._task,
            advance=self._bytes[result.path],
            description="",
            done=self._done(0),
        )

    def _show(self, name: str, captions: int) -> None:
        self._progress.update(self._task, description=name, done=self._done(captions))

    def _done(self, more: int) -> str:
        left = self._number - len(self._batch.results)
        spent = dollars(self._batch.limits.spent_usd)
        return f"{self._captions + more} captions  {spent}  {left} left"

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()


def open_progress(
    paths: Sequence[Path],
    batch: Batch,
    before: Earlier,
    *,
    console: Console | None = None,
) -> Progressing:
    """Return what suits *console*, standard output by default."""
    console = console or Console(highlight=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return Bar(paths, batch, before, console)
    return Lines(paths, batch)


def render_result(result: Result) -> str:
    """Say in one line what became of a file."""
    if result.end in {"skipped", "unread"}:
        said = "skipped" if result.end == "skipped" else "not read"
        return f"{result.path}: {said}: {result.why}"
    if result.end == "known":
        return f"{result.path}: captioned before"
    told = f"{result.path}: {_count(result.captions, 'caption')}"
    for count, what in (
        (result.known, "from before"),
        (result.refused, "refused"),
        (result.waiting, "waiting"),
    ):
        told += f", {count} {what}" if count else ""
    told += f", {result.recording_s:.2f} s, {_cost(result.cost_usd, result.unknown)}"
    if result.end == "ended":
        told += ", not read to its end"
    return told if result.why is None else f"{told}: {result.why}"


def render_batch(batch: Batch, paths: Sequence[Path], before: Earlier) -> str:
    """Say in one line what became of all files, and what they cost with *before*."""
    results = batch.results
    ends = [result.end for result in results]
    whole = ends.count("captioned") + ends.count("known")
    told = f"{whole} of {_count(len(paths) - ends.count('skipped'), 'recording')} done"
    for end, what in (
        ("waiting", "with pictures that wait"),
        ("broken", "broken off"),
        ("unread", "not read"),
        ("skipped", "skipped"),
    ):
        told += f", {ends.count(end)} {what}" if end in ends else ""
    captions = sum(result.captions for result in results)
    told += f"; {_count(captions, 'caption')}"
    if before.captions:
        told += f" and {before.captions} from before"
    return f"{told}, {_cost(batch.limits.spent_usd, batch.limits.unknown)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _cost(usd: float, unknown: int) -> str:
    told = dollars(usd)
    return f"{told} and {unknown} of unknown cost" if unknown else told


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # gone since it was found
