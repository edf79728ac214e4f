"""`heliograph simulate camera`: arguments in, a recording and one line out."""

from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from heliograph.camera.sinks.console import write_line
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.types import Size
from heliograph.simulation.camera.write import RecordingFacts, write_recording

SEED = 1
SECONDS = 30.0
WIDTH = 640
HEIGHT = 480


def run_simulate_camera(
    out: Path,
    *,
    seconds: float = SECONDS,
    seed: int = SEED,
    width: int = WIDTH,
    height: int = HEIGHT,
    force: bool = False,
) -> int:
    """Write a simulated recording to `out` and say what is in it.

    Returns the exit code: 0, or 1 after a message on standard error. A file that is
    there already stays, unless `force` is set: it may be a real recording.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    if out.exists() and not force:
        errors.print(
            f"error: {out} is already there; --force overwrites it", markup=False
        )
        return 1
    try:
        facts = _film(out, seconds, seed, Size(width, height))
    except OSError as error:
        errors.print(f"error: cannot write {out}: {error.strerror}", markup=False)
        return 1
    except ValueError as error:
        errors.print(f"error: cannot simulate: {error}", markup=False)
        return 1
    try:
        write_line(summary(out, facts))
    except SinkError as error:
        errors.print(f"error: {out} is written, but {error}", markup=False)
        return 1
    return 0


def summary(out: Path, facts: RecordingFacts) -> str:
    """Return one line: what was written, how much and how fast it comes."""
    seconds = facts.duration_us / 1e6
    return (
        f"{out}: {facts.events:,} events in {seconds:g} s "
        f"({facts.events / facts.duration_us:.2f} Mev/s), "
        f"{facts.size.width}x{facts.size.height}, {facts.bytes / 1e6:.1f} MB, "
        f"people and cars: {len(facts.actors)}"
    )


def _film(out: Path, seconds: float, seed: int, size: Size) -> RecordingFacts:
    errors = Console(stderr=True)
    with Progress(
        console=errors, transient=True, disable=not errors.is_terminal
    ) as bar:
        task = bar.add_task("simulating", total=1.0)
        return write_recording(
            out,
            seconds=seconds,
            seed=seed,
            size=size,
            progress=lambda share: bar.update(task, completed=share),
        )
