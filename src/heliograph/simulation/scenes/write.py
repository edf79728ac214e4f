"""Write scenes: a RAW EVT3, its labels beside it, and what all of them are made of.

`scene-000123.raw`, `scene-000123_bbox.npy` and `scenes.json`. Each appears under its
name only when it is whole. Scenes that are there already are kept when they were made
with the same settings, so that an interrupted run goes on where it stopped.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np

from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.simulation.scenes.film import Filmed, film
from heliograph.simulation.scenes.library import Library, load_library
from heliograph.simulation.scenes.plan import Plan, draw_plan
from heliograph.simulation.scenes.settings import SceneSettings
from heliograph.simulation.scenes.sprites import CLASSES

VERSION = 7
"""Of scenes: another version makes other events or labels of the same seed."""

INDEX = "scenes.json"
NO_DATE = datetime(1970, 1, 1, tzinfo=UTC)
"""Scenes are the same on every day."""

SAVED_EVERY = 50
"""After so many scenes the index is written, for whoever is interrupted."""

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many scenes there are by now, and how many there will be."""

Facts: TypeAlias = dict[str, Any]


class OtherScenesError(Exception):
    """The folder holds scenes that were made with other settings."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it: scenes made now, scenes kept, events and boxes of all."""

    made: int
    kept: int
    events: int
    boxes: int


def scene(
    settings: SceneSettings, library: Library, number: int
) -> tuple[Plan, Filmed]:
    """Film scene `number` in memory. The same arguments give the same scene."""
    plan = draw_plan(settings, library, number)
    return plan, film(plan)


def write_scenes(
    out: Path,
    settings: SceneSettings,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> Written:
    """Write the scenes of `settings` into the folder `out`, by `workers` processes.

    Raises `OtherScenesError` when `out` holds scenes of other settings,
    `PicturesMissingError` when there is nothing to make them of, `ValueError` for
    less than one worker and `OSError` when `out` cannot be written.
    """
    if workers < 1:
        raise ValueError(f"workers must be 1 or more, not {workers}")
    out.mkdir(parents=True, exist_ok=True)
    index = _Index(out, settings)
    missing = [n for n in range(settings.scenes) if not index.has(n)]
    kept = settings.scenes - len(missing)
    if progress is not None:
        progress(kept, settings.scenes)
    if workers == 1:
        made = _made_here(out, settings, missing)
    else:
        made = _made_by(workers, out, settings, missing)
    try:
        for done, (number, facts) in enumerate(made, 1):
            index.add(number, facts)
            if progress is not None:
                progress(kept + done, settings.scenes)
            if done % SAVED_EVERY == 0:
                index.save()
    finally:
        index.save()
    return index.written(made=len(missing), kept=kept)


class _Index:
    """`scenes.json`, in memory."""

    def __init__(self, out: Path, settings: SceneSettings) -> None:
        self._out = out
        self._scenes = settings.scenes
        size = settings.size
        self._head: Facts = {
            "version": VERSION,
            "split": settings.split,
            "seed": settings.seed,
            "seconds": settings.seconds,
            "size": None if size is None else [size.width, size.height],
            "classes": list(CLASSES),
        }
        self._facts: dict[int, Facts] = {}
        path = out / INDEX
        if path.exists():
            told = json.loads(path.read_text())
            for key, value in self._head.items():
                if told.get(key) != value:
                    raise OtherScenesError(
                        f"{path} is of scenes with {key} {told.get(key)}, not {value}: "
                        "choose another folder, or delete it"
                    )
            self._facts = {int(row["number"]): row for row in told["scenes"]}

    def has(self, number: int) -> bool:
        """Tell whether a scene is there, whole."""
        return number in self._facts and all(
            p.is_file() for p in _paths(self._out, number)
        )

    def add(self, number: int, facts: Facts) -> None:
        """Remember a scene."""
        self._facts[number] = facts

    def save(self) -> None:
        """Write the index, whole or not at all."""
        rows = [self._facts[number] for number in sorted(self._facts)]
        part = self._out / (INDEX + ".part")
        part.write_text(json.dumps({**self._head, "scenes": rows}, indent=1) + "\n")
        part.replace(self._out / INDEX)

    def written(self, *, made: int, kept: int) -> Written:
        """Return the sums over the scenes that were asked for."""
        rows = [self._facts[number] for number in range(self._scenes)]
        events = sum(int(row["events"]) for row in rows)
        return Written(made, kept, events, sum(int(row["boxes"]) for row in rows))


def _paths(out: Path, number: int) -> tuple[Path, Path]:
    name = f"scene-{number:06d}"
    return out / f"{name}.raw", out / f"{name}_bbox.npy"


def _write_one(
    out: Path, settings: SceneSettings, library: Library, number: int
) -> Facts:
    plan, filmed = scene(settings, library, number)
    raw, boxes = _paths(out, number)
    raw_part, boxes_part = (p.with_name(p.name + ".part") for p in (raw, boxes))
    try:
        with boxes_part.open("wb") as file:
            np.save(file, filmed.labels)
        with Evt3Writer(raw_part, plan.size, date=NO_DATE) as writer:
            writer.append(filmed.events)
            writer.advance(filmed.duration_us)
        # The labels first: a recording without them would be taken for an empty one.
        boxes_part.replace(boxes)
        raw_part.replace(raw)
    finally:
        raw_part.unlink(missing_ok=True)
        boxes_part.unlink(missing_ok=True)
    return {
        "number": number,
        "recording": raw.name,
        "size": [plan.size.width, plan.size.height],
        "seconds": settings.seconds,
        "camera": plan.camera.motion,
        "pictures_per_s": round(len(plan.times_us()) / plan.seconds),
        "background": plan.background_source,
        "sources": sorted({name for actor in plan.actors for name in actor.sources}),
        "events": int(filmed.events.size),
        "boxes": int(filmed.labels.size),
    }


def _made_here(
    out: Path, settings: SceneSettings, numbers: list[int]
) -> Iterator[tuple[int, Facts]]:
    if not numbers:
        return
    library = load_library(settings.images, settings.videos, settings.split)
    with _one_thread():
        for number in numbers:
            yield number, _write_one(out, settings, library, number)


def _made_by(
    workers: int, out: Path, settings: SceneSettings, numbers: list[int]
) -> Iterator[tuple[int, Facts]]:
    if not numbers:
        return
    # Read here once before, so that what is missing is said once, and by us.
    load_library(settings.images, settings.videos, settings.split)
    # Spawned: a fork beside the threads of a progress bar may stand still for good.
    pool = ProcessPoolExecutor(
        min(workers, len(numbers)),
        mp_context=get_context("spawn"),
        initializer=_start_worker,
        initargs=(out, settings),
    )
    try:
        waiting = {pool.submit(_work, number): number for number in numbers}
        for done in as_completed(waiting):
            yield waiting[done], done.result()
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep OpenCV to one thread: pictures this small are slower with more."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


_worker: dict[str, Any] = {}
"""What a worker process has read; filled in its own process only."""


def _start_worker(out: Path, settings: SceneSettings) -> None:
    cv2.setNumThreads(1)
    _worker["out"], _worker["settings"] = out, settings
    _worker["library"] = load_library(settings.images, settings.videos, settings.split)


def _work(number: int) -> Facts:
    return _write_one(_worker["out"], _worker["settings"], _worker["library"], number)
