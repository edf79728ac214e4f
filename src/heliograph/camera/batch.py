"""Many recordings to captions, each scene once, whatever ends a run.

Beside the captions, OUT, stands `OUT.spool`. It holds the pictures that are asked
about, from before the question until the caption is in OUT, and knows the recordings
that were read wholly and of which no picture waits. It is there from one run to the
next, so a run after a kill asks about nothing that has its caption.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Literal

from heliograph import camera
from heliograph.camera.captioning.limits import Limits, nano_of
from heliograph.camera.captioning.spool_file import SpoolFile
from heliograph.camera.config import SettingError, SpoolSettings, WatchSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.reading.errors import UnknownSizeError
from heliograph.camera.reading.formats import is_recording
from heliograph.camera.screen import OpenScreen
from heliograph.camera.sinks.streams import name_stream
from heliograph.camera.summary import Summary
from heliograph.camera.types import Size

KEEP_S = 10 * 365 * 86_400.0
"""A batch has no hurry: its pictures do not grow old."""
SPOOLED_MAX = 1_000_000
SPOOLED_PER_S = 50.0

End = Literal["captioned", "known", "waiting", "broken", "unread", "skipped", "ended"]
"""What became of a file: all captioned, now or *known* from an earlier run; pictures
that still wait for a model; it broke off; it could not be read; it is no recording; or
the batch ended within it."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where a batch's captions go, and what it remembers beside them."""

    out: Path

    @property
    def spool(self) -> Path:
        """The pictures that are asked about."""
        return self.out.with_name(f"{self.out.name}.spool")

    def begin(self, *, resume: bool) -> None:
        """Refuse to mix a new batch with one that was.

        Raises `SettingError` where there is one and nobody said *resume*.
        """
        for path in (self.out, self.spool):
            if not resume and path.exists():
                raise SettingError(
                    f"{path} is there already: go on with --resume, or name another "
                    "--out"
                )

    def is_own(self, path: Path) -> bool:
        """Say whether *path* is one of these, or what SQLite writes beside them."""
        near = path.parent.resolve() == self.out.parent.resolve()
        return near and (
            path.name == self.out.name or path.name.startswith(self.spool.name)
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file; `why` where that was not to caption all of it.

    `captions` came in this run, `cost_usd` is what they cost, of `unknown` of them
    nobody knows. `known` scenes have theirs from an earlier run, `waiting` none yet.
    """

    path: Path
    end: End
    why: str | None = None
    captions: int = 0
    refused: int = 0
    known: int = 0
    waiting: int = 0
    recording_s: float = 0.0
    cost_usd: float = 0.0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the captions of earlier runs are and cost."""

    captions: int = 0
    cost_usd: float = 0.0
    dearest_usd: float | None = None


@dataclass(slots=True)
class Batch:
    """How a batch is run, and what came of it so far.

    `warn` is told what is wrong and ends nothing, as `watch` tells it.
    """

    files: Files
    limits: Limits
    stop: threading.Event
    settings: WatchSettings
    gateway: str
    model: str | None = None
    api_key: str | None = None
    size: Size | None = None
    warn: Callable[[str], object] | None = None
    results: list[Result] = field(default_factory=list)

    def run(
        self,
        paths: Sequence[Path],
        *,
        told: Callable[[Result], None],
        screen: OpenScreen,
    ) -> None:
        """Caption every file of *paths*, until something ends the batch.

        *told* is given what became of each; *screen* shows each watch.
        Raises `SettingError`, `SpoolError` and `SinkError` as `watch` does.
        """
        for path in paths:
            if self.stop.is_set():
                return
            result = self._caption(path, screen)
            self.results.append(result)
            told(result)

    def _caption(self, path: Path, screen: OpenScreen) -> Result:
        try:
            if not is_recording(path):
                return Result(path, "skipped", "no recording that we read")
            mark = name_stream(path)
            with SpoolFile(self.files.spool) as file:
                if file.is_whole(mark):
                    return Result(path, "known")
            return self._watch(path, mark, screen)
        except camera.RecordingError as error:
            foreign = isinstance(error, camera.ForeignFileError)
            sized = not isinstance(error, UnknownSizeError)
            why = str(error).removeprefix(f"{path}: ")
            return Result(path, "skipped" if foreign and sized else "unread", why)
        except OSError as error:
            return Result(path, "unread", (error.strerror or str(error)).lower())

    def _watch(self, path: Path, mark: str, screen: OpenScreen) -> Result:
        limits = self.limits
        spent, unknown = nano_of(limits.spent_usd), limits.unknown
        summary = watch(
            path,
            size=self.size,
            gateway=self.gateway,
            model=self.model,
            out=self.files.out,
            api_key=self.api_key,
            stop=self.stop,
            settings=self.settings,
            screens=(screen,),
            resume=True,
            limits=limits,
            warn=self.warn,
        )
        result = replace(
            _result(path, summary),
            cost_usd=(nano_of(limits.spent_usd) - spent) / 1e9,
            unknown=limits.unknown - unknown,
        )
        if result.end == "captioned":
            with SpoolFile(self.files.spool) as file:
                file.note_whole(mark)
        return result


def batch_settings(settings: WatchSettings, files: Files) -> WatchSettings:
    """Return *settings* for a batch: it writes to its own files and tells nobody."""
    spool = SpoolSettings(
        files.spool,
        rows_max=SPOOLED_MAX,
        bytes_max=SPOOLED_MAX << 10,
        keep_s=KEEP_S,
        captions_per_s=SPOOLED_PER_S,
    )
    return replace(
        settings,
        spool=spool,
        mqtt=None,
        webhook=None,
        snapshots=None,
        clips=None,
        metrics=None,
    )


def files_below(paths: Iterable[Path], files: Files) -> list[Path]:
    """Return every file at or below *paths*, in order, each once, but not *files*.

    Raises `SettingError` for a path where nothing is.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise SettingError(f"there is nothing at {path}")
        below = sorted(path.rglob("*")) if path.is_dir() else [path]
        found |= dict.fromkeys(
            each for each in below if each.is_file() and not files.is_own(each)
        )
    return list(found)


def earlier(out: Path) -> Earlier:
    """Read what the captions in *out* cost. Raises `OSError` where it cannot."""
    captions, spent, dearest = 0, 0, -1
    for line in json_lines(out):
        captions += line.get("rung") == "cloud"
        cost = line.get("cost_usd")
        if isinstance(cost, int | float) and 0 <= cost < inf:
            spent += nano_of(cost)
            dearest = max(dearest, nano_of(cost))
    return Earlier(captions, spent / 1e9, None if dearest < 0 else dearest / 1e9)


def json_lines(path: Path) -> Iterator[dict[str, object]]:
    """Yield the objects in a file of lines, none of a line that a kill cut."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict):
                yield line


def _result(path: Path, summary: Summary) -> Result:
    """Say what a watch came to."""
    spool = summary.spool
    assert spool is not None  # noqa: S101 - a batch has one
    end: End = "captioned"
    why = spool.trouble
    if summary.broken is not None:
        end, why = "broken", summary.broken
    elif summary.stopped:
        end = "ended"
    elif spool.rows or spool.unkept:
        end, why = "waiting", why or summary.error_last
    return Result(
        path,
        end,
        why,
        captions=summary.captions + spool.caught_up,
        refused=spool.lost.get("refused", 0),
        known=summary.known,
        waiting=spool.rows,
        recording_s=summary.recording_s,
    )
