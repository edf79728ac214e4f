"""What the trigger policy remembers of one track."""

from dataclasses import dataclass, field

from heliograph.camera.captioning.policy_terms import PolicySettings, View
from heliograph.camera.types import Box, PlaceEvent, Reason

RECENT_US = 1_000_000
"""How long a good view of a track stands for what it looks like now."""


@dataclass(slots=True)
class Memory:
    """One track since `confirmed_us`.

    `start` is its first view, `best` the best one for a first caption, `recent` the
    best of the last second that it was seen in, `newest` the last one. `inside` are
    the zones it is in.
    """

    confirmed_us: int
    start: View | None = None
    best: View | None = None
    recent: View | None = None
    newest: View | None = None
    good_us: int = 0
    asked_us: int | None = None
    asked_box: Box | None = None
    present: bool = True
    event: PlaceEvent | None = None
    inside: set[str] = field(default_factory=set)

    def take(self, view: View, now_us: int, settings: PolicySettings) -> None:
        """Keep *view* for what it is the best of."""
        self.start = self.start or view
        self.newest = view
        if (
            self.recent is None
            or view.score >= self.recent.score
            or now_us - self.recent.t_us > RECENT_US
        ):
            self.recent = view
        if self.asked_us is not None:
            return
        best = self.best
        if (
            best is None
            or view.score > best.score
            or now_us - best.t_us > settings.stale_us
        ):
            self.best, self.good_us = view, now_us
        elif view.score >= settings.worse_share * best.score:
            self.good_us = now_us

    def due(self, now_us: int, settings: PolicySettings) -> tuple[Reason, View] | None:
        """Return for what a caption is due, and of which view; None where it is not."""
        reason = self._reason(now_us, settings)
        if reason is None:
            return None
        if self.asked_us is None:
            view = self.best
        else:
            view = self.newest if reason in {"again", "changed"} else self.recent
        return None if view is None else (reason, view)

    def _reason(self, now_us: int, settings: PolicySettings) -> Reason | None:
        if self.asked_us is None:
            return self._first(now_us, settings)
        since_us = now_us - self.asked_us
        if self.event is not None and since_us >= settings.apart_us:
            return self.event.kind
        if not self.present:
            return None
        if settings.again_us is not None and since_us >= settings.again_us:
            return "again"
        changed = since_us >= settings.changed_us and self.has_changed(settings)
        return "changed" if changed else None

    def _first(self, now_us: int, settings: PolicySettings) -> Reason | None:
        if self.event is not None:
            return self.event.kind
        if not self.present:
            return "left"
        settled = now_us - self.good_us >= settings.settle_us
        waited = now_us - self.confirmed_us >= settings.patience_us
        return "first" if settled or waited else None

    def has_changed(self, settings: PolicySettings) -> bool:
        """Say whether it looks like another thing than the one that was captioned."""
        if self.newest is None or self.asked_box is None:
            return False
        now, then = self.newest.track.box, self.asked_box
        # What became smaller goes away, or over the edge: that is no news.
        return now.label != then.label or now.area >= settings.area_ratio * then.area

    def spend(self, view: View, now_us: int) -> None:
        """Note that a caption of *view* is asked for."""
        self.asked_us, self.asked_box = now_us, view.track.box
        self.best = self.event = None

    def moments(self, view: View) -> tuple[View, ...]:
        """Return it as it was first seen, in *view*, and last, in their order."""
        views = {one.t_us: one for one in (self.start, view, self.newest) if one}
        return tuple(views[t_us] for t_us in sorted(views))

    def priority(self, settings: PolicySettings) -> int:
        """Return the highest of where it is and of what happened."""
        places = self.inside | ({self.event.place} if self.event else set())
        return max((settings.priorities.get(place, 1) for place in places), default=1)
