"""Which track deserves a caption now. Values in, values out; time is sensor time.

A track is first captioned at its best view: once its views have got worse for a
while, or soon after it was confirmed, whichever comes first. What goes before that is
captioned by its best view all the same. After that a track is captioned when it enters
a zone, stays in one or goes over a line, when it looks like another thing, and now and
then for as long as it moves. One that is not seen has no new views: what happens to it
is captioned by the last.

The same calls give the same answers: a watch can be replayed. Not known here: what a
picture looks like, whether a gateway answers, what it costs.
"""

from collections.abc import Sequence
from typing import get_args

from heliograph.camera.captioning.policy_memory import Memory
from heliograph.camera.captioning.policy_terms import Ask, PolicySettings, Verdict, View
from heliograph.camera.types import PlaceEvent, PlaceKind, Reason, Track

ORDER: tuple[Reason, ...] = (
    "enter",
    "cross",
    "dwell",
    "exit",
    "first",
    "left",
    "changed",
    "again",
)
"""Who goes first of those of one priority: what happened, then what is new."""
HAPPENED = frozenset(get_args(PlaceKind))
UNSEEN = {
    "coasting": "it is not seen just now",
    "stationary": "it rests and is not seen",
}


class CaptionPolicy:
    """Chooses views to caption. `passed_over` counts tracks that never got a caption.

    Call `notice` for what happened, `wanted`, judge those tracks' views, then call
    `decide`, each time with the same, never decreasing time. `verdicts` says of the
    last `decide` what it has not said of a track before.
    """

    def __init__(self, settings: PolicySettings | None = None) -> None:
        self.settings = settings or PolicySettings()
        self.passed_over = 0
        self.verdicts: tuple[Verdict, ...] = ()
        self._memories: dict[int, Memory] = {}
        self._inside: dict[int, set[str]] = {}
        self._waiting: dict[int, PlaceEvent] = {}
        self._told: dict[int, str] = {}
        self._next_us: int | None = None

    def notice(
        self, events: Sequence[PlaceEvent], asking: Sequence[PlaceEvent]
    ) -> None:
        """Take in what happened at places; *asking* are those worth a caption."""
        for event in events:
            inside = self._inside.setdefault(event.track_id, set())
            if event.kind == "enter":
                inside.add(event.place)
            elif event.kind == "exit":
                inside.discard(event.place)
        self._waiting |= {event.track_id: event for event in asking}

    def wanted(self, tracks: Sequence[Track], now_us: int) -> tuple[Track, ...]:
        """Return the tracks whose view would matter at *now_us*."""
        return tuple(
            track
            for track in tracks
            if self._unworthy(track) is None and self._is_open(track.id, now_us)
        )

    def decide(
        self, tracks: Sequence[Track], views: Sequence[View], now_us: int
    ) -> tuple[Ask, ...]:
        """Take in what is there at *now_us*, and return what to ask for now.

        *tracks* are all that live; *views* those of the wanted ones.
        """
        for view in views:
            memory = self._memories.setdefault(view.track.id, Memory(now_us))
            memory.take(view, now_us, self.settings)
        worthy = {track.id for track in tracks if self._unworthy(track) is None}
        for id_, memory in self._memories.items():
            memory.present = id_ in worthy
            memory.inside = set(self._inside.get(id_, ()))
            memory.event = self._waiting.pop(id_, memory.event)
            if memory.event and now_us - memory.event.t_us > self.settings.stale_us:
                memory.event = None
        asks: list[Ask] = []
        for ask in self._candidates(now_us):
            if self._next_us is not None and now_us < self._next_us:
                break
            self._spend(ask, now_us)
            asks.append(ask)
        self._tell(tracks, asks, now_us)
        self._forget({track.id for track in tracks}, now_us)
        return tuple(asks)

    def finish(self, now_us: int) -> tuple[Ask, ...]:
        """Return the last asks at the end of a recording; the rest is passed over."""
        asks = self.decide((), (), now_us)
        self.passed_over += sum(
            memory.asked_us is None for memory in self._memories.values()
        )
        self._memories.clear()
        return asks

    def _unworthy(self, track: Track) -> tuple[str, str] | None:
        """Return in a word and in a sentence why *track* is not looked at, if so."""
        box, settings = track.box, self.settings
        if track.state == "tentative":
            return "tentative", "it is not believed yet"
        if track.state != "confirmed":
            return "unseen", UNSEEN[track.state]
        side = min(box.width, box.height)
        if side < settings.side_px_min:
            least = f"{settings.side_px_min:g} are needed"
            return "small", f"it is {side:.0f} pixels wide or high, {least}"
        if box.area < settings.area_px_min:
            least = f"{settings.area_px_min:g} are needed"
            return "small", f"it has {box.area:.0f} square pixels, {least}"
        places = self._inside.get(track.id, ())
        if places and not any(settings.priorities.get(one, 1) for one in places):
            return "priority", "it is in a zone of priority 0"
        return None

    def _is_open(self, id_: int, now_us: int) -> bool:
        """Say whether a view of the track would be of use."""
        memory = self._memories.get(id_)
        if memory is None or memory.asked_us is None:
            return True
        if id_ in self._waiting or memory.event or self._inside.get(id_):
            return True
        since_us, settings = now_us - memory.asked_us, self.settings
        soon_us = settings.changed_us
        if settings.again_us is not None:
            soon_us = min(soon_us, settings.again_us)
        return since_us >= soon_us

    def _candidates(self, now_us: int) -> list[Ask]:
        """Return what is due: by priority, by what it is for, better views first."""
        due: list[tuple[int, int, float, Ask]] = []
        for memory in self._memories.values():
            found = memory.due(now_us, self.settings)
            priority = memory.priority(self.settings)
            if found is None or not priority:
                continue
            reason, view = found
            event = memory.event if reason in HAPPENED else None
            ask = Ask(view, reason, event, memory.moments(view))
            due.append((-priority, ORDER.index(reason), -view.score, ask))
        due.sort(key=lambda one: one[:3])
        return [one[3] for one in due]

    def _spend(self, ask: Ask, now_us: int) -> None:
        self._memories[ask.view.track.id].spend(ask.view, now_us)
        # A bucket of one: captions keep their distance and never come as a burst.
        self._next_us = now_us + round(1e6 / self.settings.captions_per_s)

    def _tell(self, tracks: Sequence[Track], asks: Sequence[Ask], now_us: int) -> None:
        """Say of each track what has become of it, where that is news."""
        found = [
            Verdict(
                now_us,
                ask.view.track.id,
                kind=f"asked {ask.reason}",
                text=_why(ask, now_us),
                asked=True,
            )
            for ask in asks
        ]
        asked = {verdict.track_id for verdict in found}
        for track in tracks:
            if track.id not in asked and track.state != "tentative":
                kind, text = self._unworthy(track) or self._waits(track.id, now_us)
                found.append(Verdict(now_us, track.id, kind=kind, text=text))
        self.verdicts = tuple(
            verdict
            for verdict in found
            if self._told.get(verdict.track_id) != verdict.kind
        )
        self._told |= {verdict.track_id: verdict.kind for verdict in self.verdicts}

    def _waits(self, id_: int, now_us: int) -> tuple[str, str]:
        """Return why a track that is looked at is not asked about now."""
        memory = self._memories[id_]
        if memory.due(now_us, self.settings) is not None:
            return "rate", "others were asked about just now"
        if memory.asked_us is None:
            return "better", "its views may get better yet"
        again_us = self.settings.again_us
        if again_us is None:
            return "done", "it has its caption"
        return (
            "done",
            f"it has its caption; the next one is due after {again_us / 1e6:g} s",
        )

    def _forget(self, alive: set[int], now_us: int) -> None:
        """Drop what is gone and needs no caption any more."""
        for id_, memory in list(self._memories.items()):
            if id_ in alive:
                continue
            last = memory.recent if memory.event else memory.best
            waits = memory.event is not None or memory.asked_us is None
            if not waits or last is None:
                del self._memories[id_]
            elif now_us - last.t_us > self.settings.stale_us:
                del self._memories[id_]
                self.passed_over += memory.asked_us is None
        for known in (self._inside, self._waiting, self._told):
            for id_ in [id_ for id_ in known if id_ not in alive]:
                del known[id_]


def _why(ask: Ask, now_us: int) -> str:
    """Say what a caption is asked for."""
    ago = f"by the view of {(now_us - ask.view.t_us) / 1e6:.2f} s ago"
    place = ask.event.place if ask.event else ""
    told: dict[Reason, str] = {
        "first": f"it is new, {ago}",
        "left": f"it is gone or rests, {ago}",
        "again": "it goes on moving",
        "changed": "it looks like another thing",
        "enter": f"it entered {place}, {ago}",
        "exit": f"it left {place}, {ago}",
        "dwell": f"it stays in {place}, {ago}",
        "cross": f"it went over {place}, {ago}",
    }
    return told[ask.reason]
