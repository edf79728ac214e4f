"""`heliograph render`: a recording as an annotated film, without a gateway.

Boxes and tracks are found anew, as a watch finds them; captions are those that a watch
wrote down. A caption goes to the track that is where its box was.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, inf
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from heliograph import camera
from heliograph.camera.captioning.draft import Draft
from heliograph.camera.config import DetectorChoice, SettingError, WatchSettings
from heliograph.camera.sinks.console import write_line
from heliograph.camera.sinks.film import ENDINGS, write_film
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.sinks.overlay import COLOURS_USED, Overlay, Scene
from heliograph.camera.stages import Stages
from heliograph.camera.tracking.affinity import affinity
from heliograph.camera.types import Box, Size, Track
from heliograph.clock import SystemClock

FPS = 30.0
FPS_MAX = 240.0
SAME_MIN = 0.3
"""How alike a caption's box and a track's must be."""


@dataclass(frozen=True, slots=True)
class Said:
    """A caption of something at *box* in the picture of `t_us`."""

    t_us: int
    box: Box
    text: str


def read_captions(path: Path) -> list[Said]:
    """Read what a watch wrote with `--out`, by time; failed ones are left out.

    Raises `SettingError` with the line for what is no such file.
    """
    found = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingError(f"cannot read {path}: {why}") from error
    except UnicodeDecodeError as error:
        raise SettingError(f"{path} is no file of captions: it is no text") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
            x, y, width, height = map(float, one["box"])
            said = Said(int(one["t"]), Box(x, y, width, height), str(one["text"]))
        except (ValueError, TypeError, KeyError) as error:
            raise SettingError(
                f"{path}, line {number}: no caption as `heliograph watch --out` "
                "writes it"
            ) from error
        if said.text:
            found.append(said)
    return sorted(found, key=lambda said: said.t_us)


def render(
    source: Path,
    out: Path,
    *,
    size: Size | None = None,
    captions: Sequence[Said] = (),
    fps: float = FPS,
    speed: float = 1.0,
    settings: WatchSettings | None = None,
    progress: Callable[[float], None] | None = None,
) -> int:
    """Write the recording at *source* as a film to *out*; return its frames.

    The film plays *fps* frames a second, at *speed* times recording time. *progress*
    is told the share that was read. Raises `OSError` or `RecordingError` for the
    recording, `SettingError` for an argument, `SinkError` for the film; a recording
    that breaks off raises too, after the film of what was read is written.
    """
    if not 1 <= fps <= FPS_MAX:
        raise SettingError(f"fps must be from 1 to {FPS_MAX:g}, not {fps}")
    if not 0 < speed < float("inf"):
        raise SettingError(f"speed must be a factor above 0, not {speed}")
    settings = settings or WatchSettings()
    frame_us = max(1, round(1e6 * speed / fps))
    windows = max(1, ceil(frame_us / settings.delta_t_us))
    # Of a pipe nobody knows how much is still to come.
    size_bytes = (source.stat().st_size or 1) if source.is_file() else inf
    delta_t_us = max(1, frame_us // windows)
    with camera.open(source, delta_t_us, size=size) as recording:
        frames = Frames(recording, source.name, windows, captions, settings)

        def told() -> Iterator[NDArray[np.uint8]]:
            for frame in frames:
                if progress is not None:
                    progress(recording.counters.bytes_read / size_bytes)
                yield frame

        number = write_film(out, told(), fps=fps, colours=COLOURS_USED)
    if frames.broken is not None:
        raise frames.broken
    return number


class Frames:
    """The frames of *recording*, one for each *windows* windows of it."""

    def __init__(
        self,
        recording: camera.Recording,
        name: str,
        windows: int,
        captions: Sequence[Said],
        settings: WatchSettings,
    ) -> None:
        self.broken: camera.BrokenRecordingError | None = None
        self._recording = recording
        self._windows = windows
        self._overlay = Overlay(recording.size, name)
        self._captions = list(reversed(captions))
        self._said: dict[int, str] = {}
        self._stages = Stages(
            recording.size,
            nobody,
            # How much may stay of a window depends on how long it is.
            settings=replace(settings, delta_t_us=recording.delta_t_us),
            clock=SystemClock(),
            deadline_s=None,
        )

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        recording = self._recording
        events = windows = 0
        tracks: tuple[Track, ...] = ()
        try:
            for packet in recording:
                tracks = self._stages.step(packet, recording.now_us)
                self._bind(tracks, recording.now_us)
                events += len(packet)
                windows += 1
                if windows == self._windows:
                    yield self._frame(tracks, events, windows)
                    events = windows = 0
        except camera.BrokenRecordingError as error:
            self.broken = error
        if windows:
            yield self._frame(tracks, events, windows)

    def _frame(
        self, tracks: Sequence[Track], events: int, windows: int
    ) -> NDArray[np.uint8]:
        recording = self._recording
        past_s = windows * recording.delta_t_us / 1e6
        return self._overlay.draw(
            Scene(
                picture=self._stages.picture(recording.now_us),
                tracks=tracks,
                at_s=(recording.now_us - recording.begin_us) / 1e6,
                events_per_s=events / past_s,
                said=self._said,
            )
        )

    def _bind(self, tracks: Sequence[Track], now_us: int) -> None:
        """Give the captions that are due to the tracks that are where they were."""
        captions = self._captions
        while captions and captions[-1].t_us <= now_us:
            said = captions.pop()
            alike = [(affinity(at(said.box, track), track.box), track.id)
                     for track in tracks]  # fmt: skip
            best = max(alike, default=(0.0, 0))
            if best[0] >= SAME_MIN:
                self._said[best[1]] = said.text


def at(box: Box, track: Track) -> Box:
    """Return *box* with the label of *track*: where it was counts, not what."""
    return Box(box.x, box.y, box.width, box.height, track.box.label)


def nobody(draft: Draft) -> None:
    """Ask nobody: a film has the captions that were had."""
    del draft


def run_render(
    source: Path,
    out: Path,
    *,
    size: Size | None = None,
    captions: Path | None,
    fps: float,
    speed: float,
    force: bool,
    detector: DetectorChoice | None = None,
) -> int:
    """Render in the terminal; return the exit code and say why it is not 0."""
    if out.suffix.lower() not in ENDINGS:
        return _fail(f"{out}: a film's name ends in {' or '.join(ENDINGS)}")
    if out.exists() and not force:
        return _fail(f"{out} is already there; --force overwrites it")
    try:
        said = read_captions(captions) if captions is not None else []
        usual = WatchSettings()
        chosen = (detector or DetectorChoice()).over(usual.detector)
        settings = replace(usual, detector=chosen)
        number = _shown(
            source, out, said, settings=settings, size=size, fps=fps, speed=speed
        )
        write_line(
            f"{out}: {number} frames, {number / fps:.1f} s, "
            f"{out.stat().st_size / 1e6:.1f} MB"
        )
    except (camera.RecordingError, SettingError, SinkError) as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"cannot read {source}: {(error.strerror or str(error)).lower()}")
    return 0


def _shown(
    source: Path,
    out: Path,
    said: Sequence[Said],
    *,
    settings: WatchSettings,
    size: Size | None,
    fps: float,
    speed: float,
) -> int:
    errors = Console(stderr=True)
    with Progress(
        console=errors, transient=True, disable=not errors.is_terminal
    ) as bar:
        task = bar.add_task("rendering", total=1.0)
        return render(
            source,
            out,
            size=size,
            captions=said,
            settings=settings,
            fps=fps,
            speed=speed,
            progress=lambda share: bar.update(task, completed=share),
        )


def _fail(why: str) -> int:
    sys.stderr.write(f"error: {why}\n")
    return 1
