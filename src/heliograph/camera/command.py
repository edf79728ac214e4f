"""`heliograph watch` and the check of its file: what is said, and the exit codes."""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from heliograph import camera
from heliograph.camera.captioning.client import GatewayError
from heliograph.camera.captioning.spool_file import SpoolError
from heliograph.camera.config import (
    CameraConfig,
    Destinations,
    DetectorChoice,
    SettingError,
    WatchSettings,
    address,
    read_camera_file,
)
from heliograph.camera.config.summary import config_summary
from heliograph.camera.filtering.mask_file import MASK_ENDING, write_mask
from heliograph.camera.jit import spare
from heliograph.camera.masking import hot_pixels
from heliograph.camera.pipeline import watch
from heliograph.camera.screen import OpenScreen
from heliograph.camera.sinks.console import Lines, write_line
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.summary import Summary, render_summary
from heliograph.camera.types import Size
from heliograph.camera.view import open_screen
from heliograph.clock import SystemClock
from heliograph.yaml_reading.problems import Problem, render_problems

INTERRUPTED = 130
"""The exit code of a program that somebody interrupted: 128 + SIGINT."""
END_S = 20.0
"""How long a watch that shall end may take, which is more than all its sinks wait. Then
a write hangs, as to a pipe that nobody reads, and it ends as by a kill: the spool keeps
what was not told."""

TOLD_IN_ONE_LINE = (
    camera.RecordingError,
    SettingError,
    GatewayError,
    SinkError,
    SpoolError,
)
TOKEN_VARIABLE = "HELIOGRAPH_VIEW_TOKEN"  # noqa: S105 - its name, not a token
KEY_VARIABLE = "HELIOGRAPH_API_KEY"
NOTHING = (
    "there is nothing to watch: name a recording, or write it into the config as "
    "capture.source"
)


def run_watch(
    source: Path | None,
    *,
    size: Size | None = None,
    follow: bool = False,
    config: Path | None = None,
    gateway: str | None = None,
    model: str | None = None,
    out: Path | None = None,
    speed: float | None = None,
    destinations: Destinations | None = None,
    resume: bool = False,
    filters: Mapping[str, Any] | None = None,
    detector: DetectorChoice | None = None,
    reconstruction: Path | None = None,
    explain: bool = False,
    view: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Watch *source* in the terminal; return the exit code and say why it is not 0.

    What is None is as *config* says, else as ever. *speed* is infinite for as fast as
    it goes; *filters* are those that change; *explain* says why a track was captioned.

    0: the file was read wholly, and captions came where any were asked for. 1: the
    watch could not begin, the file broke off, or every caption failed. 130: somebody
    ended it by SIGINT or SIGTERM; a second one, or `END_S` in a sink, ends it at once.
    """
    spare()
    environ = os.environ if environ is None else environ
    told = told_by(config, environ)
    if told is None:
        return 1
    seen = told.source if source is None else str(source)
    if seen is None:
        return fail(NOTHING)
    key = environ.get(KEY_VARIABLE) if told.key is None else told.key.reveal()
    stop = threading.Event()
    try:
        with ended_by_signals(stop), Lines() as lines:
            summary = watch(
                seen,
                size=size or told.size,
                follow=follow or told.follow,
                gateway=gateway or told.url,
                model=model or told.model,
                out=out,
                speed=_pace(told.speed if speed is None else speed),
                explain=lines.put if explain else None,
                screens=_screens(view, told, environ, lines, plain=explain),
                api_key=key,
                stop=stop,
                settings=_merged(told, filters, detector, destinations, reconstruction),
                resume=resume,
                warn=warn,
            )
            lines.put(f"\n{render_summary(summary)}")
    except (*TOLD_IN_ONE_LINE, OSError) as error:
        return _refused(error, stop, seen)
    return _judged(summary)


def run_hot_pixels(
    source: Path, *, out: Path, hot_hz: float, size: Size | None = None
) -> int:
    """Write the mask of *source*'s hot pixels to *out*; return the exit code."""
    if out.suffix.lower() != MASK_ENDING:
        return fail(f"{out}: a mask's name ends in {MASK_ENDING}")
    try:
        hot, seconds = hot_pixels(source, hot_hz=hot_hz, size=size)
    except camera.RecordingError as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"cannot read {source}: {(error.strerror or str(error)).lower()}")
    try:
        write_mask(out, ~hot)
    except OSError as error:
        return fail(f"cannot write {out}: {(error.strerror or str(error)).lower()}")
    write_line(
        f"hot pixels: {np.count_nonzero(hot)} in {seconds:.2f} s of recording; "
        f"`heliograph watch --mask {out}` leaves them out"
    )
    return 0


def _screens(
    view: str | None,
    told: CameraConfig,
    environ: Mapping[str, str],
    lines: Lines,
    *,
    plain: bool,
) -> list[OpenScreen]:
    """Say what shows a watch: the terminal, and browsers as *view* or the file says."""
    terminal = partial(open_screen, plain=plain, lines=lines)
    listen = told.view if view is None else address(view)
    if listen is None:
        return [terminal]
    # A web server and its packages are 12 MB that most watches do without.
    from heliograph.camera.browser_view import BrowserScreen, Place  # noqa: PLC0415

    own = told.view_token
    token = environ.get(TOKEN_VARIABLE) if own is None else own.reveal()
    place = Place(listen, token, lambda url: lines.put(f"live view: {url}"))
    return [partial(BrowserScreen, place=place, clock=SystemClock()), terminal]


def check(path: Path) -> int:
    """Print what is wrong with the camera's file at *path*, or what it says."""
    read = read_camera_file(path, environ=os.environ)
    if isinstance(read, list):
        return _refuse(read)
    write_line(config_summary(read, file=str(path)))
    return 0


def told_by(path: Path | None, environ: Mapping[str, str]) -> CameraConfig | None:
    """Return what the file at *path* says; None where it was refused, and told so."""
    if path is None:
        return CameraConfig()
    read = read_camera_file(path, environ=environ)
    if not isinstance(read, list):
        return read
    _refuse(read)
    return None


def _merged(
    told: CameraConfig,
    filters: Mapping[str, Any] | None,
    detector: DetectorChoice | None,
    destinations: Destinations | None,
    reconstruction: Path | None,
) -> WatchSettings:
    """Return what the file *told*, with what the command says otherwise."""
    settings = told.watch
    changed = replace(
        settings,
        filters=replace(settings.filters, **(filters or {})),
        detector=(detector or DetectorChoice()).over(settings.detector),
        reconstruction=reconstruction or settings.reconstruction,
    )
    return changed if destinations is None else destinations.over(changed)


def _pace(speed: float | None) -> float | None:
    """Return *speed* as `watch` takes it: None for as fast as it goes."""
    return None if speed == inf else speed


def _refused(error: Exception, stop: threading.Event, seen: str) -> int:
    """Say why a watch of what is *seen* did not begin, or not go on."""
    if isinstance(error, OSError):
        return fail(f"cannot read {seen}: {(error.strerror or str(error)).lower()}")
    if stop.is_set() and isinstance(error, camera.RecordingError):
        # Ended while it waited for the first bytes: why there are none is known.
        return INTERRUPTED
    return fail(str(error))


def _judged(summary: Summary) -> int:
    """Say what went wrong in a watch that ran, if anything did."""
    if summary.stopped:
        # What it stopped in the middle of is not broken.
        return INTERRUPTED
    if summary.broken is not None:
        return fail(summary.broken)
    if summary.errors and not summary.captions and summary.spool is None:
        return fail(f"no caption came, the last error: {summary.error_last}")
    return 0


@contextmanager
def ended_by_signals(stop: threading.Event) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM set *stop*; the second one acts as ever."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    # None stands for a handler that Python did not set and cannot put back.
    before = {n: signal.getsignal(n) or signal.SIG_DFL for n in numbers}

    last = threading.Timer(END_S, os._exit, (INTERRUPTED,))
    last.daemon = True

    def end(number: int, frame: FrameType | None) -> None:
        del frame
        if not stop.is_set():
            last.start()
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in numbers:
        signal.signal(number, end)
    try:
        yield
    finally:
        last.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _refuse(problems: list[Problem]) -> int:
    sys.stderr.write(f"{render_problems(problems)}\n")
    return 1


def warn(what: str) -> None:
    """Say on standard error what is wrong and ends nothing; nobody need read it."""
    with suppress(OSError):
        sys.stderr.write(f"warning: {what}\n")


def fail(why: str) -> int:
    """Say *why* on standard error; return the exit code."""
    sys.stderr.write(f"error: {why}\n")
    return 1
