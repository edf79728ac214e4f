"""Film the street with the simulated sensor and write what it saw as RAW EVT3."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path

from heliograph.camera.reading.evt3_writer import Evt3Writer
from heliograph.camera.types import Box, Size
from heliograph.simulation.camera.cast import Actor
from heliograph.simulation.camera.scene import Scene
from heliograph.simulation.camera.sensor import Sensor, SensorTraits

STEP_US = 5_000
"""200 pictures a second: the fastest car moves by two pixels between two of them."""

LOOK_US = 100_000
"""How often an actor's box is noted."""

Progress = Callable[[float], None]
"""Told the share done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """Where an actor really was: (time in us, visible part of the box), in order."""

    label: str
    path: tuple[tuple[int, Box], ...]

    @property
    def first_us(self) -> int:
        """When the actor was first noted in the picture."""
        return self.path[0][0]

    @property
    def last_us(self) -> int:
        """When the actor was last noted in the picture."""
        return self.path[-1][0]


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What a simulated recording holds: the truth to judge a detector by."""

    size: Size
    duration_us: int
    events: int
    bytes: int
    actors: tuple[ActorFacts, ...]


def write_recording(
    out: Path,
    *,
    seconds: float,
    seed: int,
    size: Size,
    traits: SensorTraits | None = None,
    progress: Progress | None = None,
) -> RecordingFacts:
    """Write `seconds` of street to `out`, over what was there; return what is in it.

    The same arguments give the same events. The file appears under its name only
    when it is whole; until then it is `out` with `.part` after it. Raises `OSError`
    when `out` cannot be written and `ValueError` for a size that EVT3 cannot carry,
    no time at all or a seed below 0.
    """
    if not STEP_US / 1e6 <= seconds < inf:
        raise ValueError(f"a recording takes at least {STEP_US / 1e6} s, not {seconds}")
    if seed < 0:
        raise ValueError(f"the seed must be 0 or more, not {seed}")
    duration_us = round(seconds * 1e6)
    part = out.with_name(out.name + ".part")
    try:
        with Evt3Writer(part, size) as writer:
            # After the writer, which refuses a size that nobody could draw.
            scene = Scene(size, seconds=seconds, seed=seed)
            sensor = Sensor(size, traits, seed=seed)
            sensor.step(scene.log_brightness(0), 0)
            for t_us in _steps(duration_us):
                writer.append(sensor.step(scene.log_brightness(t_us), t_us))
                if progress is not None:
                    progress(t_us / duration_us)
            writer.advance(duration_us)
        part.replace(out)
    finally:
        # A recording that was interrupted is no recording.
        part.unlink(missing_ok=True)
    return RecordingFacts(
        size=size,
        duration_us=duration_us,
        events=writer.events,
        bytes=writer.bytes_written,
        actors=_paths(scene, duration_us),
    )


def _steps(duration_us: int) -> list[int]:
    """Return the time of every picture after the first; the last one ends it."""
    whole = list(range(STEP_US, duration_us, STEP_US))
    return [*whole, duration_us]


def _paths(scene: Scene, duration_us: int) -> tuple[ActorFacts, ...]:
    """Return everybody who was in the picture, in order of entry."""
    facts = (_path(scene, actor, duration_us) for actor in scene.actors)
    return tuple(fact for fact in facts if fact.path)


def _path(scene: Scene, actor: Actor, duration_us: int) -> ActorFacts:
    looks = range(0, duration_us + 1, LOOK_US)
    boxes = ((t_us, scene.box(actor, t_us)) for t_us in looks)
    return ActorFacts(
        actor.label, tuple((t_us, box) for t_us, box in boxes if box is not None)
    )
