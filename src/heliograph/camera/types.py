"""The nouns of the camera. This file imports nothing of ours.

A *packet* is a sorted array of events; a *surface* is what a packet leaves behind
per pixel; a *box* is something found on a surface; a *track* is a box that goes on
existing; a *caption* is what a model said about a track.
"""

from dataclasses import dataclass
from math import hypot
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

EVENT = np.dtype([("x", "<u2"), ("y", "<u2"), ("p", "<i2"), ("t", "<i8")])
"""One event: pixel column and row, polarity (1 brighter, 0 darker), time in us.

The layout of Metavision's `EventCD`, which every tool of the field reads.
"""

TRIGGER = np.dtype([("p", "<i2"), ("t", "<i8"), ("id", "<i2")])
"""One external trigger edge: polarity, time in us, channel."""

Packet: TypeAlias = NDArray[np.void]
"""A one-dimensional array of dtype `EVENT`, in the order the sensor sent it."""


@dataclass(frozen=True, slots=True)
class Size:
    """A sensor's geometry in pixels."""

    width: int
    height: int


MOVING = "moving object"
"""What a thing is called of which nothing is known but that it moves."""


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box in sensor pixels; `x`, `y` is the top-left corner.

    One that `is_weak` keeps a track that is there, and begins none.
    """

    x: float
    y: float
    width: float
    height: float
    label: str = MOVING
    score: float = 1.0
    is_weak: bool = False

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height


TrackState = Literal["tentative", "confirmed", "coasting", "stationary"]


@dataclass(frozen=True, slots=True)
class Track:
    """A box that goes on existing. Times are sensor time in us.

    *tentative* until seen often and long enough, *coasting* while nothing can be told
    of it: it is hidden, or has just stopped. *stationary* when it came to rest, for an
    object at rest emits no events: the track waits where it stopped.
    """

    id: int
    box: Box
    state: TrackState
    first_us: int
    last_seen_us: int
    hits: int
    velocity_x_px_s: float = 0.0
    velocity_y_px_s: float = 0.0

    @property
    def speed_px_s(self) -> float:
        """How fast it moves in the picture."""
        return hypot(self.velocity_x_px_s, self.velocity_y_px_s)


PlaceKind = Literal["enter", "exit", "dwell", "cross"]


@dataclass(frozen=True, slots=True)
class PlaceEvent:
    """A track entered, left or stayed in the zone `place`, or went over the line.

    `way` is a line's: *forward* is to its right, looking from its begin to its end.
    """

    kind: PlaceKind
    place: str
    track_id: int
    t_us: int
    way: Literal["forward", "back"] | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of the recording that is to be at *file*, times as a caption's `at_s`.

    *short* says that it begins later than asked for, because memory held no more.
    """

    file: str
    from_s: float
    to_s: float
    short: bool = False


Reason = Literal["first", "left", "again", "changed", "enter", "exit", "dwell", "cross"]
"""Why a track is captioned: its best first view; the best one of a track that is gone
before its first caption; once more because it goes on moving, or looks like another
thing; or what happened at a place."""

Rung = Literal["cloud", "template"]
"""Where a caption came from: a model behind the gateway, or what is known without."""


@dataclass(frozen=True, slots=True)
class CaptionJob:
    """A picture of a track at `t_us`, worth asking about until `deadline_s`.

    `deadline_s` is monotonic and may be infinite. `at_s` is `t_us` as seconds since
    `recording` began. `zones` and what `happened` are in the words of the config, and
    `priority` is the highest of the places that the track is in.
    """

    track: Track
    t_us: int
    png: bytes
    prompt: str
    deadline_s: float
    reason: Reason = "first"
    id: str = ""
    recording: str = ""
    at_s: float = 0.0
    zones: tuple[str, ...] = ()
    happened: str | None = None
    priority: int = 1
    clip: Clip | None = None


@dataclass(frozen=True, slots=True)
class Caption:
    """What is said of one job. `cost_usd` is None where no price is known.

    `error` is set where no model's answer came; `text` is then made from a template, or
    empty. `fallback` is True where another target than the first one answered, None
    where nobody told. A job may get two captions with one `id`: a template at once, and
    a model's `age_s` after its picture was taken. `actions`, `carried` and `confidence`
    are the model's too, where it was asked for them.
    """

    t_us: int
    track_id: int
    box: Box
    text: str
    provider: str | None
    model: str | None
    attempts: int | None
    latency_ms: float
    asked_s: float
    answered_s: float
    cost_usd: float | None = None
    error: str | None = None
    fallback: bool | None = None
    reason: Reason = "first"
    id: str = ""
    recording: str = ""
    at_s: float = 0.0
    rung: Rung = "cloud"
    age_s: float = 0.0
    zones: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    confidence: float | None = None
    clip: Clip | None = None
