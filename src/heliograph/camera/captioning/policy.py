"""Which track deserves a caption now. Values in, values out; time is sensor time.

A track is first captioned at its best view: once its views have got worse for a
while, or `patience_us` after it was confirmed, whichever comes first. What goes
before that is captioned by its best view all the same. After that a track is
captioned again every `again_us` for as long as it moves. A coasting or
stationary track has no views: an event camera does not see it.

Not known here: what a picture looks like, whether a gateway answers, what it costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.types import Reason, Track


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """When a caption is worth its price.

    A box counts from `side_px_min` and `area_px_min` on. `again_us` None means one
    caption a track. A best view settles when views have stayed below `worse_share` of
    its score for `settle_us`. A track that found no room among `captions_per_s` within
    `stale_us` of its best view, and is gone, is passed over.
    """

    side_px_min: float = 16.0
    area_px_min: float = 600.0
    patience_us: int = 700_000
    settle_us: int = 60_000
    worse_share: float = 0.75
    again_us: int | None = 1_000_000
    stale_us: int = 2_000_000
    captions_per_s: float = 2.0


@dataclass(frozen=True, slots=True)
class View:
    """A track as it was seen at `t_us`; `picture`, shape (H, W), is not looked at."""

    track: Track
    t_us: int
    score: float
    picture: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for a caption of this view, for this reason."""

    view: View
    reason: Reason


@dataclass(slots=True)
class _Memory:
    """What is known of one track. `best` is None right after a caption."""

    confirmed_us: int
    best: View | None = None
    good_us: int = 0
    asked_us: int | None = None
    present: bool = True


class CaptionPolicy:
    """Chooses views to caption. `passed_over` counts tracks that never got a caption.

    Call `wanted`, judge those tracks' views, then call `decide`, each time with the
    same, never decreasing time.
    """

    def __init__(self, settings: PolicySettings | None = None) -> None:
        self.settings = settings or PolicySettings()
        self.passed_over = 0
        self._memories: dict[int, _Memory] = {}
        self._next_us: int | None = None

    def wanted(self, tracks: Sequence[Track], now_us: int) -> tuple[Track, ...]:
        """Return the tracks whose view would matter at *now_us*."""
        return tuple(
            track
            for track in tracks
            if self._is_worthy(track) and self._is_open(track.id, now_us)
        )

    def decide(
        self, tracks: Sequence[Track], views: Sequence[View], now_us: int
    ) -> tuple[Ask, ...]:
        """Take in what is there at *now_us*, and return what to ask for now.

        *tracks* are all that live; *views* those of the wanted ones.
        """
        for view in views:
            self._take(view, now_us)
        worthy = {track.id for track in tracks if self._is_worthy(track)}
        for id_, memory in self._memories.items():
            memory.present = id_ in worthy
        asks = []
        for ask in self._candidates(now_us):
            if self._next_us is not None and now_us < self._next_us:
                break
            self._spend(ask, now_us)
            asks.append(ask)
        self._forget({track.id for track in tracks}, now_us)
        return tuple(asks)

    def finish(self, now_us: int) -> tuple[Ask, ...]:
        """Return the last asks at the end of a recording; the rest is passed over."""
        asks = self.decide((), (), now_us)
        self.passed_over += len(self._memories)
        self._memories.clear()
        return asks

    def _is_worthy(self, track: Track) -> bool:
        box, settings = track.box, self.settings
        return (
            track.state == "confirmed"
            and min(box.width, box.height) >= settings.side_px_min
            and box.area >= settings.area_px_min
        )

    def _is_open(self, id_: int, now_us: int) -> bool:
        """Say whether a first caption is due or the next one is."""
        memory = self._memories.get(id_)
        if memory is None or memory.asked_us is None:
            return True
        again_us = self.settings.again_us
        return again_us is not None and now_us - memory.asked_us >= again_us

    def _take(self, view: View, now_us: int) -> None:
        """Keep *view* when it is the best; for a repeat the newest is the best."""
        memory = self._memories.setdefault(view.track.id, _Memory(now_us))
        best = memory.best
        if (
            best is None
            or memory.asked_us is not None
            or view.score > best.score
            or now_us - best.t_us > self.settings.stale_us
        ):
            memory.best = view
            memory.good_us = now_us
        elif view.score >= self.settings.worse_share * best.score:
            memory.good_us = now_us

    def _candidates(self, now_us: int) -> list[Ask]:
        """Return what is due: first captions before repeats, better views first."""
        due = [
            Ask(memory.best, reason)
            for memory in self._memories.values()
            if memory.best is not None
            and (reason := self._reason(memory, now_us)) is not None
        ]
        due.sort(key=lambda ask: (ask.reason == "again", -ask.view.score))
        return due

    def _reason(self, memory: _Memory, now_us: int) -> Reason | None:
        if memory.asked_us is not None:
            return "again" if memory.present else None
        if not memory.present:
            return "left"
        settled = now_us - memory.good_us >= self.settings.settle_us
        waited = now_us - memory.confirmed_us >= self.settings.patience_us
        return "first" if settled or waited else None

    def _spend(self, ask: Ask, now_us: int) -> None:
        memory = self._memories[ask.view.track.id]
        memory.asked_us = now_us
        memory.best = None
        # A bucket of one: captions keep their distance and never come as a burst.
        self._next_us = now_us + round(1e6 / self.settings.captions_per_s)

    def _forget(self, alive: set[int], now_us: int) -> None:
        """Drop what is gone and needs no caption any more."""
        for id_, memory in list(self._memories.items()):
            best = memory.best
            if id_ in alive:
                continue
            if memory.asked_us is not None or best is None:
                del self._memories[id_]
            elif now_us - best.t_us > self.settings.stale_us:
                del self._memories[id_]
                self.passed_over += 1
