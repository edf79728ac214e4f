"""Plays the demo: sets the stage, runs the camera over it, says what came of it."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from heliograph import camera
from heliograph.camera.captioning.client import GatewayError
from heliograph.camera.config import WatchSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.summary import Summary, render_summary
from heliograph.camera.types import Caption, Size
from heliograph.camera.view import open_screen
from heliograph.demo.processes import Child, ChildError
from heliograph.demo.report import PHASES, Outage, phase_of, render_outage
from heliograph.demo.staging import Staging
from heliograph.simulation.camera.write import write_recording

RECORDING_S = 30.0
SIZE = Size(640, 480)
SEED = 1
MODEL = "anthropic/claude-sonnet-4-6"
# Silence is the costly half of an outage: every caption asked for then waits so long
# before the fallback is tried. The default of 30 s is for long answers by real models.
SIMULATED_TIMEOUTS = "timeouts:\n  first_byte_s: 0.5\n"
SETTINGS = WatchSettings(again_us=700_000)
SIMULATED_KEY = "simulated-key"
JUDGED_S_MIN = 15.0
"""Below this a recording is too short to have something to caption in each third."""


def run(*, real: bool, recording: Path | None) -> int:
    """Play the demo; return the exit status.

    0: captions came in every phase of the outage, or with *real*, at all.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        with tempfile.TemporaryDirectory(prefix="heliograph-demo-") as folder:
            return play(Path(folder), console, real=real, recording=recording)
    except (
        ChildError,
        GatewayError,
        SinkError,
        camera.RecordingError,
        OSError,
    ) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


def play(folder: Path, console: Console, *, real: bool, recording: Path | None) -> int:
    """Set the stage in *folder* and let the camera run."""
    keys = real_keys() if real else {}
    source = recording or film(folder, console)
    outage = outage_of(RECORDING_S if recording is None else length_of(recording))
    with ExitStack() as stack:
        if real:
            gateway = stack.enter_context(served(folder, keys, ""))
            staging = None
        else:
            providers = stack.enter_context(simulated_providers(folder))
            gateway = stack.enter_context(simulated_gateway(folder, providers))
            staging = Staging(providers, outage)
        warm_up(folder, gateway)
        announce(console, outage, gateway, real=real)
        came: list[Caption] = []
        summary = watch(
            source,
            gateway=gateway,
            model=None if real else MODEL,
            speed=1.0,
            screens=[open_screen] if staging is None else [open_screen, staging.shown],
            on_caption=came.append,
            settings=SETTINGS,
            api_key=virtual_key(),
        )
    console.print(f"\n{render_summary(summary)}", markup=False)
    if staging is None:
        return 0 if summary.captions else 1
    console.print()
    for row in render_outage(came, staging.played, staging.begin_s):
        console.print(row, markup=False)
    return verdict(summary, came, staging.played, staging.begin_s)


def film(folder: Path, console: Console) -> Path:
    """Write the simulated recording."""
    out = folder / "street.raw"
    with Progress(console=console, transient=True) as bar:
        told = f"simulating {RECORDING_S:g} s of a street, seen by an event camera"
        task = bar.add_task(told, total=1.0)
        write_recording(
            out,
            seconds=RECORDING_S,
            seed=SEED,
            size=SIZE,
            progress=lambda share: bar.update(task, completed=share),
        )
    return out


def length_of(source: Path) -> float:
    """Read a recording through, to know its length in seconds."""
    try:
        opened = camera.open(source)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise camera.RecordingError(f"cannot read {source}: {why}") from error
    with opened as recording:
        for _ in recording:
            pass
        return (recording.now_us - recording.begin_us) / 1e6


def outage_of(length_s: float) -> Outage:
    """Plan the outage for the middle third: errors first, then silence."""
    return Outage(length_s / 3, length_s / 2, length_s * 2 / 3)


@contextmanager
def simulated_providers(folder: Path) -> Iterator[str]:
    """Run the simulated providers; yield their URL."""
    arguments = ["simulate", "providers", "--port", "0"]
    with Child(arguments, folder / "providers.log", {}) as child:
        yield child.url


@contextmanager
def simulated_gateway(folder: Path, providers: str) -> Iterator[str]:
    """Run the gateway with the article's config, its providers being the simulated."""
    environment = {
        "ANTHROPIC_KEY_1": f"{SIMULATED_KEY}-1",
        "ANTHROPIC_KEY_2": f"{SIMULATED_KEY}-2",
        "OPENAI_KEY": SIMULATED_KEY,
        "ANTHROPIC_BASE_URL": f"{providers}/anthropic/v1",
        "OPENAI_BASE_URL": f"{providers}/openai/v1",
        "HELIOGRAPH_LEDGER": "off",  # none of it is real
    }
    with served(folder, environment, SIMULATED_TIMEOUTS) as url:
        yield url


def real_keys() -> dict[str, str]:
    """Give the keys in the environment the names that the article's config uses."""
    anthropic = os.environ.get("ANTHROPIC_API_KEY", "")
    openai = os.environ.get("OPENAI_API_KEY", "")
    if not (anthropic and openai):
        said = "--real needs ANTHROPIC_API_KEY and OPENAI_API_KEY in the environment"
        raise ChildError(said)
    return {
        "ANTHROPIC_KEY_1": anthropic,
        "ANTHROPIC_KEY_2": anthropic,
        "OPENAI_KEY": openai,
    }


@contextmanager
def served(folder: Path, environment: dict[str, str], more: str) -> Iterator[str]:
    """Run the gateway with the article's config and *more* of it; yield its URL."""
    config = folder / "article.yaml"
    article = files("heliograph.demo").joinpath("article.yaml").read_text("utf-8")
    config.write_text(f"{article}{more}")
    arguments = ["serve", "-c", str(config), "--port", "0"]
    with Child(arguments, folder / "gateway.log", environment) as child:
        yield child.url


def warm_up(folder: Path, gateway: str) -> None:
    """Compile the decoders now: a first run must not be late for its own outage."""
    short = folder / "warm-up.raw"
    write_recording(short, seconds=0.2, seed=SEED, size=SIZE)
    watch(short, gateway=gateway, model=MODEL, api_key=virtual_key())


def virtual_key() -> str | None:
    """Take the key that a gateway on the user's own ledger may ask for."""
    return os.environ.get("HELIOGRAPH_API_KEY")


def announce(console: Console, outage: Outage, gateway: str, *, real: bool) -> None:
    """Say what is about to be seen."""
    console.print(f"gateway     {gateway} (the article's config)", markup=False)
    if real:
        console.print("providers   the REAL ones: every caption costs money")
        return
    console.print("providers   SIMULATED: no caption comes from a real model")
    console.print(
        f"outage      anthropic answers 503 from {at(outage.down_s)}, nothing at all "
        f"from {at(outage.silent_s)}, and is back at {at(outage.back_s)}\n",
        markup=False,
    )


def at(time_s: float) -> str:
    """Write a time to the tenth: `10 s`, `4.5 s`."""
    return f"{round(time_s, 1):g} s"


def verdict(
    summary: Summary, came: list[Caption], outage: Outage, begin_s: float
) -> int:
    """Judge whether the outage was bridged; say so if it was not."""
    phases = {
        phase_of(caption.asked_s - begin_s, outage)
        for caption in came
        if caption.error is None
    }
    missing = [name for name in PHASES if name not in phases]
    if missing and summary.recording_s >= JUDGED_S_MIN:
        sys.stderr.write(f"error: no caption came in phase {', '.join(missing)}\n")
        return 1
    return 0
