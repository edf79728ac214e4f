"""`heliograph simulate scenes`: arguments in, labelled recordings and one line out."""

from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from heliograph.camera.sinks.console import write_line
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.types import Size
from heliograph.simulation.scenes.masked_pictures import PicturesMissingError
from heliograph.simulation.scenes.settings import SceneSettings
from heliograph.simulation.scenes.sprites import Split
from heliograph.simulation.scenes.write import OtherScenesError, Written, write_scenes


def run_simulate_scenes(
    out: Path,
    *,
    images: Path,
    videos: Path,
    scenes: int,
    seconds: float,
    seed: int,
    split: Split,
    workers: int,
    width: int | None,
    height: int | None,
) -> int:
    """Write labelled scenes into `out` and say what is in them.

    Returns the exit code: 0, or 1 after a message on standard error. Interrupted, it
    goes on where it stopped when it is called again.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    if (width is None) != (height is None):
        errors.print("error: give both --width and --height, or neither", markup=False)
        return 1
    try:
        size = None if width is None or height is None else Size(width, height)
        settings = SceneSettings(images, videos, scenes, split, seed, seconds, size)
        written = _write(out, settings, workers)
    except OSError as error:
        errors.print(f"error: cannot write {out}: {error.strerror}", markup=False)
        return 1
    except (ValueError, PicturesMissingError, OtherScenesError) as error:
        errors.print(f"error: cannot simulate: {error}", markup=False)
        return 1
    try:
        write_line(summary(out, written))
    except SinkError as error:
        errors.print(f"error: {out} is written, but {error}", markup=False)
        return 1
    return 0


def summary(out: Path, written: Written) -> str:
    """Return one line: how many scenes, events and boxes there are."""
    return (
        f"{out}: {written.made} scenes made, {written.kept} kept, "
        f"{written.events:,} events, {written.boxes:,} boxes"
    )


def _write(out: Path, settings: SceneSettings, workers: int) -> Written:
    errors = Console(stderr=True)
    columns = (
        TextColumn("scenes"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=errors, transient=True, disable=not errors.is_terminal
    ) as bar:
        task = bar.add_task("scenes", total=settings.scenes)
        return write_scenes(
            out,
            settings,
            workers=workers,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
