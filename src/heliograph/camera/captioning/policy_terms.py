"""What the trigger policy is told and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from heliograph.camera.captioning.sight import Sight
from heliograph.camera.types import PlaceEvent, Reason, Track


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """When a caption is worth its price. Times in sensor time.

    A box counts from `side_px_min` and `area_px_min` on. A best view settles when
    views have stayed below `worse_share` of its score for `settle_us`; a first caption
    waits for that, and no longer than `patience_us` after the track was confirmed.

    `again_us` is the time to a next caption of what goes on moving, None for none. What
    happens at a place, and what has changed since the last caption, does not wait for
    that: only `apart_us` and `changed_us`. Changed is another label, or an area that
    has grown by `area_ratio`.

    At most `captions_per_s` are asked for. What found no room within `stale_us` is
    worth nothing any more. `priorities` are those of zones and lines by their ids, 1
    where there is none: a higher one goes first, and what is in places of priority 0
    alone is not captioned.
    """

    side_px_min: float = 16.0
    area_px_min: float = 600.0
    patience_us: int = 1_000_000
    settle_us: int = 250_000
    worse_share: float = 0.75
    again_us: int | None = 10_000_000
    apart_us: int = 1_000_000
    changed_us: int = 3_000_000
    area_ratio: float = 3.0
    stale_us: int = 2_000_000
    captions_per_s: float = 2.0
    priorities: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class View:
    """A track as it was seen at `t_us`; the policy does not look at `sight`."""

    track: Track
    t_us: int
    score: float
    sight: Sight


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a caption of this view, for this reason.

    `event` is what happened at a place, where that is the reason. `moments` are the
    track when it was first seen, at its best and last.
    """

    view: View
    reason: Reason
    event: PlaceEvent | None = None
    moments: tuple[View, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a track was chosen at `t_us`, or not; told when it becomes another.

    `kind` is one of few words, `text` says it for people.
    """

    t_us: int
    track_id: int
    kind: str
    text: str
    asked: bool = False
