"""`heliograph caption`: what is said, and the exit codes."""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

from heliograph.camera.batch import (
    Batch,
    Files,
    batch_settings,
    earlier,
    files_below,
)
from heliograph.camera.batch_view import open_progress, render_batch
from heliograph.camera.captioning.limits import Limits
from heliograph.camera.command import (
    INTERRUPTED,
    KEY_VARIABLE,
    TOLD_IN_ONE_LINE,
    ended_by_signals,
    fail,
    told_by,
    warn,
)
from heliograph.camera.config import (
    CameraConfig,
    DetectorChoice,
    WatchSettings,
    clean_gateway_url,
)
from heliograph.camera.sinks.console import write_line
from heliograph.camera.types import Size
from heliograph.clock import SystemClock

CAPPED = 3
"""The exit code of a batch that ended for its cost."""


def run_caption(
    paths: Sequence[Path],
    *,
    out: Path,
    resume: bool = False,
    cost_max_usd: float | None = None,
    unknown_cost: Literal["stop", "allow"] = "stop",
    size: Size | None = None,
    config: Path | None = None,
    gateway: str | None = None,
    model: str | None = None,
    detector: DetectorChoice | None = None,
    reconstruction: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Caption every recording at or below *paths* into *out*; return the exit code.

    What is None is as the file *config* says. *resume* goes on with what an earlier
    run wrote there.

    0: every recording is captioned. 1: the batch could not begin, a recording broke
    off or could not be read, the gateway stayed away, or pictures wait. 3: the cost
    cap, or a cost that is not known, ended it. 130: somebody ended it.
    """
    environ = os.environ if environ is None else environ
    told = told_by(config, environ)
    if told is None:
        return 1
    files, stop = Files(out), threading.Event()
    try:
        files.begin(resume=resume)
        found, before = files_below(paths, files), earlier(out)
        limits = Limits(
            cost_max_usd=cost_max_usd,
            unknown_cost=unknown_cost,
            stop=stop,
            clock=SystemClock(),
            spent_usd=before.cost_usd,
            dearest_usd=before.dearest_usd,
        )
        batch = Batch(
            files=files,
            limits=limits,
            stop=stop,
            settings=_settings(told, files, detector, reconstruction),
            gateway=clean_gateway_url(gateway or told.url),
            model=model or told.model,
            api_key=_key(told, environ),
            size=size or told.size,
            warn=cache(warn),  # the same of each recording is told once
        )
        shown = open_progress(found, batch, before)
        with ended_by_signals(stop), shown:
            batch.run(found, told=shown.told, screen=shown.watched)
        write_line(render_batch(batch, found, before))
    except TOLD_IN_ONE_LINE as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"cannot read {out}: {(error.strerror or str(error)).lower()}")
    return _judged(batch)


def _settings(
    told: CameraConfig,
    files: Files,
    choice: DetectorChoice | None,
    reconstruction: Path | None,
) -> WatchSettings:
    """Return what the file says, with the networks of the options."""
    changed = replace(
        told.watch,
        detector=(choice or DetectorChoice()).over(told.watch.detector),
        reconstruction=reconstruction or told.watch.reconstruction,
    )
    return batch_settings(changed, files)


def _key(told: CameraConfig, environ: Mapping[str, str]) -> str | None:
    return environ.get(KEY_VARIABLE) if told.key is None else told.key.reveal()


def _judged(batch: Batch) -> int:
    """Say what went wrong in a batch that ran, if anything did."""
    limits, ends = batch.limits, {result.end for result in batch.results}
    if limits.why is not None:
        fail(f"{limits.why}; --resume goes on from here")
        return CAPPED if limits.ended == "cost" else 1
    if batch.stop.is_set():
        return INTERRUPTED
    if not ends - {"skipped"}:
        return fail("there is no recording to caption")
    if ends & {"broken", "unread", "waiting"}:
        return fail("not every recording is captioned wholly; the lines above say why")
    return 0
