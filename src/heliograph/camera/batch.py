"""Many recordings, each scene captioned once however often the batch is begun anew.

What was captioned is in the spool's file, alert by alert, and so is which recordings
were read to their end. So a batch that was killed, ran into its cap or lost its gateway
goes on where it was: nothing is asked about twice, and nothing is left out.
"""

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from heliograph import camera
from heliograph.camera.captioning.spool_file import SpoolFile
from heliograph.camera.command import (
    INTERRUPTED,
    KEY_VARIABLE,
    TOLD_IN_ONE_LINE,
    ended_by_signals,
    fail,
    told_by,
)
from heliograph.camera.config import CameraConfig, SettingError, SpoolSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.sinks.console import write_line
from heliograph.camera.sinks.streams import name_stream
from heliograph.camera.summary import Summary
from heliograph.camera.types import Caption, Size

CATCH_UP_PER_S = 100.0
"""A file has no hurry, and the workers bound how much is asked for at once."""


@dataclass(slots=True)
class Batch:
    """How far a batch is. `why` says what ended it before its end, if anything did."""

    recordings: int = 0
    done: int = 0
    captions: int = 0
    broken: int = 0
    foreign: int = 0
    cost_usd: float = 0.0
    why: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def caption(self, caption: Caption, cost_max_usd: float | None) -> bool:
        """Count *caption*; say whether there is money for more.

        A price that is not known is no price of 0: with a cap it ends the batch.
        """
        if caption.rung != "cloud":
            return True
        with self._lock:
            self.captions += 1
            self.cost_usd += caption.cost_usd or 0.0
            if cost_max_usd is None:
                return True
            if caption.cost_usd is None:
                self.why = (
                    "the gateway told no price, so the cap cannot be kept: give the "
                    "model a price there, or leave --cost-max out"
                )
                return False
        return not self.is_spent(cost_max_usd)

    def is_spent(self, cost_max_usd: float | None) -> bool:
        """Say whether the cap is reached, if there is one."""
        with self._lock:
            if cost_max_usd is None or self.cost_usd < cost_max_usd:
                return False
            self.why = f"the cap of ${cost_max_usd:g} is reached"
            return True


def caption_all(
    folder: Path,
    out: Path,
    *,
    config: CameraConfig,
    size: Size | None = None,
    api_key: str | None = None,
    resume: bool = False,
    cost_max_usd: float | None = None,
    stop: threading.Event | None = None,
    tell: Callable[[str], None] | None = None,
) -> Batch:
    """Caption every recording below *folder* into *out*, in the order of their names.

    Other files are passed over. *resume* goes on with a batch that was begun; without
    it one that was begun raises `SettingError`. At *cost_max_usd* it ends; what is
    under way then, a few captions, still costs. Raises what `watch` does.
    """
    spool = config.watch.spool or SpoolSettings(out.with_suffix(".spool"))
    if spool.file.exists() and not resume:
        raise SettingError(
            f"a batch was begun: {spool.file} is there. Go on with it by --resume, or "
            f"remove it and {out} to begin anew"
        )
    spool = replace(spool, captions_per_s=CATCH_UP_PER_S)
    settings = replace(config.watch, spool=spool)
    stop, batch = stop or threading.Event(), Batch()
    batch.cost_usd = _cost_so_far(out) if resume else 0.0
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    batch.recordings = len(found)

    def count(caption: Caption) -> None:
        if not batch.caption(caption, cost_max_usd):
            stop.set()

    def one(path: Path) -> Summary:
        return watch(
            path,
            size=size,
            gateway=config.url,
            model=config.model,
            out=out,
            api_key=api_key,
            stop=stop,
            on_caption=count,
            settings=settings,
            resume=True,
        )

    for path in found:
        if batch.is_spent(cost_max_usd) or stop.is_set() or batch.why is not None:
            break
        summary = _step(batch, one, path, spool.file)
        if summary is not None and tell is not None:
            tell(_progress(batch, path.relative_to(folder), summary))
    return batch


def run_batch(
    folder: Path,
    out: Path,
    *,
    config: Path | None = None,
    gateway: str | None = None,
    model: str | None = None,
    size: Size | None = None,
    resume: bool = False,
    cost_max_usd: float | None = None,
) -> int:
    """Caption what is below *folder*; return the exit code and say why it is not 0.

    0: every recording was read and every scene has its caption. 1: something is left,
    and standard error says why. 130: interrupted. *resume* goes on in all cases.
    """
    told = told_by(config, os.environ)
    if told is None:
        return 1
    told = replace(told, url=gateway or told.url, model=model or told.model)
    key = os.environ.get(KEY_VARIABLE) if told.key is None else told.key.reveal()
    stop = threading.Event()
    try:
        if not folder.is_dir():
            raise SettingError(f"{folder} is no folder")
        with ended_by_signals(stop):
            batch = caption_all(
                folder,
                out,
                config=told,
                size=size,
                api_key=key,
                resume=resume,
                cost_max_usd=cost_max_usd,
                stop=stop,
                tell=write_line,
            )
        write_line(_in_all(batch))
    except TOLD_IN_ONE_LINE as error:
        return fail(str(error))
    except OSError as error:
        return fail(f"{error.filename}: {(error.strerror or str(error)).lower()}")
    if batch.why is not None:
        return fail(f"{batch.why}; --resume goes on")
    if stop.is_set():
        return INTERRUPTED
    return fail(f"{batch.broken} recordings break off") if batch.broken else 0


def _step(
    batch: Batch, one: Callable[[Path], Summary], path: Path, spool: Path
) -> Summary | None:
    """Take the next file; None where there was nothing to do."""
    mark = name_stream(path)
    with SpoolFile(spool) as file:
        is_done = file.is_whole(mark)
    if is_done:
        batch.done += 1
        return None
    try:
        summary = one(path)
    except camera.ForeignFileError:
        batch.foreign += 1
        return None
    _judge(batch, summary, spool, mark)
    return summary


def _judge(batch: Batch, summary: Summary, spool: Path, mark: str) -> None:
    """Note what came of one recording."""
    waits = 0 if summary.spool is None else summary.spool.rows
    if summary.broken is not None:
        batch.broken += 1
    elif not summary.stopped and not waits:
        with SpoolFile(spool) as file:
            file.note_whole(mark)
        batch.done += 1
    if waits and not summary.stopped:
        batch.why = f"{waits} pictures wait for the gateway: {summary.error_last}"


def _progress(batch: Batch, path: Path, summary: Summary) -> str:
    """Say in one line what came of the recording at *path*, and of all so far."""
    at = batch.done + batch.broken + batch.foreign
    told = f"{at}/{batch.recordings} {path}: {summary.captions} captions"
    if summary.known:
        told += f", {summary.known} had before"
    if summary.broken is not None:
        told += f", {summary.broken}"
    return f"{told}, ${batch.cost_usd:.4f} so far"


def _is_whole(spool: Path, mark: str) -> bool:
    with SpoolFile(spool) as file:
        return file.is_whole(mark)


def _in_all(batch: Batch) -> str:
    left = batch.recordings - batch.foreign - batch.done
    return (
        f"{batch.done} recordings done, {left} left, {batch.captions} captions, "
        f"${batch.cost_usd:.4f} in all"
    )


def _cost_so_far(out: Path) -> float:
    """Add up what the captions in *out* cost; 0 where there are none."""
    spent_usd = 0.0
    with suppress(FileNotFoundError), out.open(encoding="utf-8") as lines:
        for line in lines:
            with suppress(ValueError, AttributeError):
                spent_usd += json.loads(line).get("cost_usd") or 0.0
    return spent_usd
