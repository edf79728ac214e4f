"""One window on its way: packet, filters, surface, boxes, tracks, policy, draft.

It waits for nobody and talks to nobody: `submit` is given a draft and may hold it up.
"""

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.captioning.draft import Draft
from heliograph.camera.captioning.policy import CaptionPolicy
from heliograph.camera.captioning.policy_terms import Ask, PolicySettings, Verdict, View
from heliograph.camera.captioning.prompt import Asking
from heliograph.camera.captioning.score import score_view
from heliograph.camera.captioning.sight import see, signed_events, whole
from heliograph.camera.config import SettingError, WatchSettings
from heliograph.camera.config.places import Line, Zone
from heliograph.camera.detection.blobs import TAU_US, BlobDetector
from heliograph.camera.detection.choosing import Chosen, choose_detector
from heliograph.camera.filtering.filters import FilterCounters, Filters
from heliograph.camera.jit import settle
from heliograph.camera.reconstruction.recent import SPAN_US, RecentEvents
from heliograph.camera.surfaces.levels import Levels
from heliograph.camera.surfaces.picture import Picture
from heliograph.camera.tracking.places import Places
from heliograph.camera.tracking.settings import TrackerSettings
from heliograph.camera.tracking.tracker import Tracker
from heliograph.camera.types import EVENT, CaptionJob, Packet, PlaceEvent, Size, Track
from heliograph.clock import Clock

LOOKS_EVERY_US = 20_000
"""How often a network looks where nobody said: it sees no more in twice as many looks,
and they cost more than all else that is done with a window."""
BLIND_US_MAX = 90_000
"""For how long a watch that is late may leave out a detector that costs much, before
what it has found counts as out of sight."""
BEYOND_DWELL_US = 10_000_000
"""How much longer a thing at rest is waited for than the config's longest dwell."""


class _Surface(Protocol):
    """What packets leave something behind on."""

    def update(self, packet: Packet) -> None: ...


class Stages:
    """Packet by packet to drafts, for a sensor of *size*. Not safe for two threads.

    *submit* takes each draft of a job, *explain* each word on why a track was chosen
    or not. Jobs are worth asking about for *deadline_s*, None for as long as it takes.
    *chosen* is what finds things, None for what *settings* say.
    """

    def __init__(
        self,
        size: Size,
        submit: Callable[[Draft], None],
        *,
        settings: WatchSettings,
        clock: Clock,
        deadline_s: float | None,
        chosen: Chosen | None = None,
        explain: Callable[[Verdict], None] | None = None,
    ) -> None:
        self._settings = settings
        self._submit = submit
        self._explain = explain
        self._clock = clock
        self._deadline_s = inf if deadline_s is None else deadline_s
        filters = settings.filters
        self._filters = Filters(size, filters, window_us=settings.delta_t_us)
        self._picture = Picture(size, tau_us=settings.picture_tau_us)
        chosen = chosen or detector_of(settings, size)
        self._detector = chosen.detector
        self._surfaces: tuple[_Surface, ...] = (self._detector, self._picture)
        # What a look needs, drawn in no other window unless the detector sees it too.
        if isinstance(self._detector, BlobDetector):
            self._levels = self._detector.levels
        else:
            self._levels = Levels(size, tau_us=TAU_US)
            self._surfaces += (self._levels,)
        self._recent: RecentEvents | None = None
        if settings.reconstruction is not None:
            self._recent = RecentEvents()
            self._surfaces += (self._recent,)
        self._tracker = Tracker(size, tracker_settings(settings, parts=chosen.parts))
        self._places = Places(size, settings.zones, settings.lines)
        self._asked_on = {zone.id: zone.ask_on for zone in settings.zones}
        self._asking = Asking(
            settings.prompt, settings.answer, moments=settings.moments
        )
        self._policy = CaptionPolicy(policy_settings(settings))
        self._next_look_us: int | None = None
        self._tracks: tuple[Track, ...] = ()
        self._detected_us: int | None = None
        # What blobs cost is little; a network costs the same however little there is.
        self._blind_us_max = 0 if chosen.parts else BLIND_US_MAX
        usual_us = 0 if chosen.parts else LOOKS_EVERY_US
        every_us = settings.detector.every_us
        self._every_us = usual_us if every_us is None else every_us
        self._warm_up()

    @property
    def passed_over(self) -> int:
        """How many tracks never got a caption because the rate was used up."""
        return self._policy.passed_over

    @property
    def filtered(self) -> FilterCounters:
        """How many events each filter left out so far."""
        return self._filters.counters

    @property
    def one_of(self) -> int:
        """Of how many parts of the next window one is enough to be decoded."""
        return self._filters.one_of

    def step(
        self, packet: Packet, now_us: int, *, late: bool = False, unread: int = 0
    ) -> tuple[Track, ...]:
        """Take in the window that ends at *now_us*; return the tracks at its end.

        Where the detector looks less often than windows end, tracks are as they were
        in those between. Of a *late* window less is looked at, where there is much, and
        a network does not look at it unless it has not looked for long. *unread* events
        of it were not decoded.
        """
        kept = self._filters.apply(packet, late=late, unread=unread)
        self._take_in(kept)
        if self._is_due(now_us, late=late):
            self._tracks = self._tracker.update(self._detector.detect(now_us), now_us)
            self._detected_us = now_us
        tracks = self._tracks
        events = self._places.update(tracks, now_us)
        self._policy.notice(events, [one for one in events if self._is_asked_on(one)])
        if self._next_look_us is None or now_us >= self._next_look_us:
            self._next_look_us = now_us + self._settings.look_us
            self._look(tracks, now_us)
        return tracks

    def picture(self, now_us: int) -> NDArray[np.uint8]:
        """Return the picture at *now_us*, shape (H, W), grey where nothing moves."""
        return self._picture.render(now_us)

    def finish(self, now_us: int) -> None:
        """Ask for what still waited when the recording ended."""
        self._ask(self._policy.finish(now_us))

    def _warm_up(self) -> None:
        """Load the loops before a clock counts the windows, and let go of the rest."""
        nothing = np.empty(0, EVENT)
        self._filters.apply(nothing)
        self._take_in(nothing)
        self._picture.render(0)
        self._levels.at(0)
        self._detector.detect(0)
        settle()

    def _is_due(self, now_us: int, *, late: bool) -> bool:
        """Say whether the detector looks at the window that ends at *now_us*."""
        before_us = self._detected_us
        if before_us is None:
            return True
        passed_us = now_us - before_us
        if late and passed_us <= self._blind_us_max:
            return False
        return passed_us >= self._every_us

    def _take_in(self, kept: Packet) -> None:
        """Leave *kept* behind on each surface once."""
        for surface in self._surfaces:
            surface.update(kept)

    def _look(self, tracks: tuple[Track, ...], now_us: int) -> None:
        """Judge the views that matter now and ask for what is due."""
        wanted = self._policy.wanted(tracks, now_us)
        views: list[View] = []
        if wanted:
            picture, levels = self._picture.render(now_us), self._levels.at(now_us)
            scene, events = whole(picture), signed_events(levels)
            views = [
                View(
                    track,
                    now_us,
                    score_view(levels, picture, track.box),
                    see(picture, track.box, scene, events=events),
                )
                for track in wanted
            ]
        self._ask(self._policy.decide(tracks, views, now_us))

    def _told(self, event: PlaceEvent | None) -> str | None:
        """Say what happened in the words of the config."""
        if event is None:
            return None
        names = {zone.id: zone.name for zone in self._settings.zones}
        lines = {line.id: line for line in self._settings.lines}
        if event.kind == "cross":
            line = lines[event.place]
            does = line.forward if event.way == "forward" else line.back
            return f"{does} {line.name}"
        words = {"enter": "enters", "exit": "leaves", "dwell": "stays in"}
        return f"{words[event.kind]} {names[event.place]}"

    def _is_asked_on(self, event: PlaceEvent) -> bool:
        """Say whether a caption is worth asking for because of *event*."""
        return event.kind == "cross" or event.kind in self._asked_on[event.place]

    def _ask(self, asks: tuple[Ask, ...]) -> None:
        if self._explain is not None:
            for verdict in self._policy.verdicts:
                self._explain(verdict)
        for ask in asks:
            self._submit(self._draft(ask))

    def _draft(self, ask: Ask) -> Draft:
        """Return all that the model is shown and told is made of."""
        view, settings = ask.view, self._settings
        track = view.track
        zones = [one.zone for one in self._places.of(track.id)]
        names, happened = tuple(zone.name for zone in zones), self._told(ask.event)
        job = CaptionJob(
            track=track,
            t_us=view.t_us,
            png=b"",
            prompt="",
            deadline_s=self._clock.monotonic_s() + self._deadline_s,
            reason=ask.reason,
            zones=names,
            happened=happened,
            priority=max((zone.priority for zone in zones), default=1),
        )
        return Draft(
            job,
            view.sight,
            self._asking,
            moments=tuple(one.sight for one in ask.moments if settings.moments),
            form=settings.picture_form,
            events=self._events_before(view.t_us),
        )

    def _events_before(self, t_us: int) -> tuple[Packet, ...]:
        """Return what a picture of *t_us* is reckoned from, where one is to be."""
        if self._recent is None:
            return ()
        return self._recent.between(t_us - SPAN_US, t_us)


def detector_of(settings: WatchSettings, size: Size) -> Chosen:
    """Make the detector that *settings* say.

    Raises `SettingError` where that cannot be, and for a zone or line that is for what
    it never finds.
    """
    filtered = settings.filters.background_us > 0
    chosen = choose_detector(size, settings.detector, filtered=filtered)
    found = chosen.facts.classes
    places: tuple[Zone | Line, ...] = (*settings.zones, *settings.lines)
    for place in places:
        if unknown := [label for label in place.labels if label not in found]:
            raise SettingError(
                f"{place.id} is for {unknown[0]!r}, which the detector never finds; it "
                f"finds {', '.join(found)}"
            )
    return chosen


def tracker_settings(settings: WatchSettings, *, parts: bool = True) -> TrackerSettings:
    """Return what *settings* mean for the tracker: no dwell is longer than a rest.

    *parts* says whether boxes may be parts of things.
    """
    usual = TrackerSettings()
    dwells_us = [zone.dwell_us for zone in settings.zones if zone.dwell_us is not None]
    longest_us = max(dwells_us, default=0) + BEYOND_DWELL_US
    stationary_us = max(usual.stationary_us, longest_us)
    return replace(usual, stationary_us=stationary_us, parts=parts)


def policy_settings(settings: WatchSettings) -> PolicySettings:
    """Return what *settings* mean for the policy."""
    places: tuple[Zone | Line, ...] = (*settings.zones, *settings.lines)
    return PolicySettings(
        captions_per_s=settings.captions_per_s,
        patience_us=settings.patience_us,
        again_us=settings.again_us,
        priorities={place.id: place.priority for place in places},
    )
