"""A recording becomes captions: windows in, jobs out, and a watch around them.

One thread reads and reckons; a few more wait for the gateway. Paced by a clock, a slow
gateway costs captions, and the queue counts which. Read as fast as it goes, a file has
no hurry: there a slow gateway slows the reader, and every caption is had.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from math import inf
from pathlib import Path

from heliograph import camera
from heliograph.camera.captioning.alerts import Alerts, AlertSettings, Origin, Stream
from heliograph.camera.captioning.client import Captioner, GatewayClient, GatewayError
from heliograph.camera.captioning.drawing import Drawing, Reckons
from heliograph.camera.captioning.explaining import verdict_line
from heliograph.camera.captioning.limits import Limits
from heliograph.camera.captioning.policy_terms import Verdict
from heliograph.camera.captioning.spool import Spool, open_spool
from heliograph.camera.config import (
    GATEWAY_URL,
    SettingError,
    WatchSettings,
    clean_gateway_url,
)
from heliograph.camera.counted_alerts import CountedAlerts
from heliograph.camera.detection.choosing import Chosen
from heliograph.camera.jit import settle
from heliograph.camera.metrics import Counts, serve_metrics
from heliograph.camera.pace import Pace
from heliograph.camera.reconstruction.choosing import reckoner_of
from heliograph.camera.screen import Facts, OpenScreen, Screen
from heliograph.camera.sinks.clips import clips_of
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.sinks.outlets import Outlets, open_outlets
from heliograph.camera.sinks.streams import file_of, keep_apart, mark_of
from heliograph.camera.stages import Stages, detector_of
from heliograph.camera.summary import Summary, Tally, freeze
from heliograph.camera.types import Caption, Size
from heliograph.clock import Clock, SystemClock

DISCARD_DRAIN_S = 1.0
"""How long captions under way are waited for once somebody said stop."""


def watch(
    source: str | os.PathLike[str],
    *,
    size: Size | None = None,
    follow: bool = False,
    gateway: str = GATEWAY_URL,
    model: str | None = None,
    out: Path | None = None,
    speed: float | None = None,
    explain: Callable[[str], None] | None = None,
    screens: Sequence[OpenScreen] = (),
    api_key: str | None = None,
    stop: threading.Event | None = None,
    on_caption: Callable[[Caption], None] | None = None,
    settings: WatchSettings | None = None,
    resume: bool = False,
    limits: Limits | None = None,
    warn: Callable[[str], object] | None = None,
    clock: Clock | None = None,
) -> Summary:
    """Caption the recording at *source* and return what came of it.

    *size* is the sensor's geometry, for files that do not tell it; *follow* waits for
    what is written to a file that grows. *model* None takes the first one the gateway
    lists. Captions are added to *out* as JSON lines and given to *on_caption*, by one
    thread at a time. *speed* is a factor of recording time, None as fast as it goes.
    *screens* show it; *explain* is given a line on why each track was chosen or not.
    Setting *stop* ends the watch. Pictures without a model wait in the settings' spool;
    with *resume* nobody asks about what it knows. *limits* of a batch stand before each
    question; no template speaks for what waits. *warn* hears of what ends nothing.

    Raises, before anything is asked for, `OSError` or `RecordingError` for the
    recording, `SettingError` for a setting, `GatewayError` where the gateway must be
    asked for its models and cannot be, `SpoolError` for the spool, `SinkError` where
    *out* cannot be written; that one later too. A file that breaks: `Summary.broken`.
    """
    _check_speed(speed)
    url = clean_gateway_url(gateway)
    settings, clock = settings or WatchSettings(), clock or SystemClock()
    stop = stop or threading.Event()
    keep_apart(source, out, settings.spool, resume=resume)
    with ExitStack() as stack:
        opened = camera.open(
            source, settings.delta_t_us, size=size, follow=follow, stop=stop
        )
        recording = stack.enter_context(opened)
        chosen, reckons = detector_of(settings, recording.size), reckoner_of(settings)
        client = stack.enter_context(closing(_client(url, api_key, settings, clock)))
        model = model or _first_model(client, settings)
        facts = _facts(recording, speed, model, chosen)
        run = _Run(recording, facts, settings, clock, chosen)
        spool = open_spool(settings.spool, clock, must_open=resume, warn=warn)
        kept, mark = stack.enter_context(spool), mark_of(source, resume=resume)
        run.ask_by(client, kept, mark=mark, resume=resume, limits=limits)
        run.draw_by(reckons, stop=stop, warn=warn)
        delivering = run.delivering(out, source, mark=mark, resume=resume, stop=stop)
        stack.enter_context(delivering)
        run.tell(on_caption, explain)
        run.screens += [stack.enter_context(run.shown_on(one)) for one in screens]
        return run.through(stop)


def _check_speed(speed: float | None) -> None:
    if speed is not None and not 0 < speed < inf:
        raise SettingError(f"speed must be a factor above 0, not {speed}")


def _facts(
    recording: camera.Recording, speed: float | None, model: str | None, chosen: Chosen
) -> Facts:
    """Say what is watched, and how."""
    return Facts(
        name=Path(recording.name).name,
        size=recording.size,
        format=recording.format,
        speed=speed,
        begin_us=recording.begin_us,
        model=model,
        detector=chosen.facts,
    )


class _Run:
    """One way through a recording, and where its captions go."""

    def __init__(
        self,
        recording: camera.Recording,
        facts: Facts,
        settings: WatchSettings,
        clock: Clock,
        chosen: Chosen,
    ) -> None:
        self.alerts: Alerts
        self.drawing: Drawing
        self.tally = Tally()
        self.outlets = Outlets()
        self.screens: list[Screen] = []
        self._explain: Callable[[Verdict], None] | None = None
        self.on_caption: Callable[[Caption], None] | None = None
        self._recording = recording
        self._facts = facts
        self._settings = settings
        self._clock = clock
        self._chosen = chosen
        recording.lends = True
        recording.warm_up()
        settle()
        self._screen_error: SinkError | None = None

    def ask_by(
        self,
        client: GatewayClient,
        spool: Spool | None,
        *,
        mark: str,
        resume: bool,
        limits: Limits | None,
    ) -> None:
        """Ask *client* about the alerts; *mark* is what their ids begin with."""
        facts, settings = self._facts, self._settings
        ask = Captioner(
            client,
            facts.model,
            clock=self._clock,
            timeout_s=settings.deadline_s,
            answer=settings.answer,
            camera=settings.camera,
        )
        self.alerts = Alerts(
            ask if limits is None else limits.around(ask),
            self._deliver,
            clock=self._clock,
            settings=AlertSettings(
                workers=settings.workers,
                queue_max=settings.queue_max,
                patient=facts.speed is None,
                template=limits is None,
                timeout_s=settings.deadline_s,
            ),
            stream=Stream(mark, facts.name, facts.begin_us),
            spool=spool,
            resume=resume,
        )

    def draw_by(
        self,
        reckons: Reckons | None,
        *,
        stop: threading.Event,
        warn: Callable[[str], object] | None,
    ) -> None:
        """Have *reckons*, if there is one, make pictures of events for the alerts."""
        self.drawing = Drawing(
            reckons,
            CountedAlerts(self.alerts, self.tally, stop),
            clock=self._clock,
            patient=self._facts.speed is None,
            stop=stop,
            warn=warn,
        )

    def shown_on(self, screen: OpenScreen) -> Screen:
        """Make a screen that shows this run."""
        return screen(self._facts, self.tally, lambda: self.alerts.counters)

    def tell(
        self,
        on_caption: Callable[[Caption], None] | None,
        explain: Callable[[str], None] | None,
    ) -> None:
        """Have one called with each caption, the other with each verdict in a line."""
        self.on_caption = on_caption
        if explain is None:
            return
        explain(f"things are found by {self._facts.detector}")
        begin_us = self._facts.begin_us
        self._explain = lambda verdict: explain(
            verdict_line(verdict, begin_us=begin_us)
        )

    @contextmanager
    def delivering(
        self,
        out: Path | None,
        source: str | os.PathLike[str],
        *,
        mark: str,
        resume: bool,
        stop: threading.Event,
    ) -> Iterator[None]:
        """Have all sinks open, *out* for JSON lines, and answer for the metrics.

        Clips are cut from *source*, if that is a file.
        """
        settings, clock = self._settings, self._clock
        with ExitStack() as stack:
            clips = clips_of(
                settings.clips,
                self._recording,
                file_of(source),
                clock=clock,
                patient=self._facts.speed is None,
                marked=resume,
                stop=stop,
            )
            outlets = open_outlets(settings, out, mark=mark, clock=clock, clips=clips)
            self.outlets = stack.enter_context(outlets)
            self.alerts.clips = clips
            if settings.metrics is not None:
                stack.enter_context(serve_metrics(settings.metrics, self.counts))
            yield

    def counts(self) -> Counts:
        """Return all that is counted, as it is now."""
        alerts, outlets = self.alerts, self.outlets.counters
        return Counts(
            self.tally,
            alerts.counters,
            self._facts.detector,
            alerts.spooled,
            outlets,
            self.drawing.counters,
        )

    def through(self, stop: threading.Event) -> Summary:
        """Read to the end, wait for the captions under way, and count."""
        recording, settings, speed = self._recording, self._settings, self._facts.speed
        with self.alerts, self.drawing:
            stages = Stages(
                recording.size,
                self.drawing.put,
                settings=settings,
                clock=self._clock,
                deadline_s=None if speed is None else settings.deadline_s,
                explain=self._explain,
                chosen=self._chosen,
            )
            begin_s = self._clock.monotonic_s()
            broken = self._read(stages, stop)
            stopped = stop.is_set()
            if not stopped:
                stages.finish(recording.now_us)
            self.drawing.close()
            self.outlets.end()
            self.alerts.close(
                drain_s=DISCARD_DRAIN_S if stopped else settings.drain_s,
                discard=stopped,
            )
        self.outlets.settle()
        if (error := self._sink_error) is not None:
            raise error
        return freeze(
            self.tally,
            self.alerts.counters,
            recording=self._facts.name,
            detector=self._facts.detector,
            recording_s=(recording.now_us - recording.begin_us) / 1e6,
            wall_s=self._clock.monotonic_s() - begin_s,
            passed_over=stages.passed_over,
            filtered=stages.filtered,
            counters=recording.counters,
            spool=self.alerts.spooled,
            clips=self.outlets.counters.clips,
            drawing=self.drawing.counters,
            broken=broken,
            stopped=stopped,
        )

    def _read(self, stages: Stages, stop: threading.Event) -> str | None:
        """Take every window through *stages*; return where the file went wrong."""
        recording = self._recording
        pace = Pace(self._facts.speed, clock=self._clock, stop=stop)
        try:
            for packet in recording:
                elapsed_us = recording.now_us - recording.begin_us
                late = pace.wait(elapsed_us, window_us=recording.delta_t_us)
                if stop.is_set() or self._sink_error is not None:
                    break
                self.outlets.packet(recording, packet)
                now_us, unread = recording.now_us, recording.unread
                tracks = stages.step(packet, now_us, late=late, unread=unread)
                if self._facts.speed is not None:
                    recording.one_of = stages.one_of
                self.tally.window(len(packet) + unread, tracks, late=late)
                self.outlets.window(recording.now_us, tracks)
                for screen in self.screens:
                    screen.window(recording.now_us, len(packet), tracks, stages.picture)
        except camera.BrokenRecordingError as error:
            return str(error)
        return None

    @property
    def _sink_error(self) -> SinkError | None:
        return self.outlets.error or self._screen_error

    def _deliver(self, caption: Caption, png: bytes, origin: Origin) -> bool:
        """Take *caption* everywhere; one thread at a time does."""
        if origin in {"live", "waits"}:
            self.tally.caption(caption)
        if origin == "waits":
            return True
        self.outlets.append(caption, png, in_doubt=origin == "recovered")
        try:
            for screen in self.screens:
                screen.caption(caption)
        except SinkError as error:
            self._screen_error = self._screen_error or error
        if self.on_caption is not None:
            self.on_caption(caption)
        return self._sink_error is None


def _client(
    url: str, api_key: str | None, settings: WatchSettings, clock: Clock
) -> GatewayClient:
    return GatewayClient(
        url,
        clock=clock,
        api_key=api_key,
        connect_s=settings.connect_s,
        # One more asks about what waits in the spool.
        connections=settings.workers + 1,
    )


def _first_model(client: GatewayClient, settings: WatchSettings) -> str | None:
    """Return the first model that is listed; with a spool that may come later: None."""
    try:
        return client.models(timeout_s=settings.deadline_s)[0]
    except GatewayError:
        if settings.spool is None:
            raise
        return None
