"""`heliograph train`: arguments in, a model's file and what it finds out."""

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from heliograph.camera.reading.errors import RecordingError
from heliograph.camera.sinks.console import write_line
from heliograph.evaluation.average_precision import Figures
from heliograph.labelled import LabelError
from heliograph.simulation.scenes.masked_pictures import PicturesMissingError
from heliograph.simulation.scenes.write import OtherScenesError
from heliograph.training.recipe import Outcome, run
from heliograph.training.settings import Recipe


def run_train(recipe: Recipe) -> int:
    """Train as *recipe* says. Returns the exit code: 0, or 1 after a message.

    Interrupted, it goes on where it stopped when it is called again.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        outcome = _run(recipe)
    except OSError as error:
        errors.print(f"error: {error.filename}: {error.strerror}", markup=False)
        return 1
    except (
        ValueError,
        LabelError,
        RecordingError,
        PicturesMissingError,
        OtherScenesError,
    ) as error:
        errors.print(f"error: cannot train: {error}", markup=False)
        return 1
    write_line(summary(outcome))
    return 0


def summary(outcome: Outcome) -> str:
    """Return what was made, what it weighs and what it finds, in two lines."""
    return (
        f"{outcome.model}: {outcome.model_bytes:,} bytes, "
        f"{outcome.parameters:,} parameters\n"
        f"AP50 on held-out scenes: int8 {_told(outcome.int8)}, "
        f"fp32 {_told(outcome.fp32)}"
    )


def _told(figures: Figures) -> str:
    if figures.ap50 is None:
        return "unknown (nothing is labelled there)"
    each = ", ".join(
        f"{one.label} {one.ap50.value:.3f}"
        for one in figures.classes
        if one.ap50 is not None
    )
    return f"{figures.ap50.value:.3f} ({each})"


def _run(recipe: Recipe) -> Outcome:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks: dict[str, TaskID] = {}

        def told(stage: str, share: float) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=1.0)
                if not console.is_terminal:
                    console.print(stage, markup=False)
            bar.update(tasks[stage], completed=share)

        return run(recipe, told)
