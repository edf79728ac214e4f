"""What a watch did, in numbers: counted as it goes, frozen at the end."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from heliograph.camera.captioning.drawing import DrawingCounters
from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.captioning.spool import SpoolCounters
from heliograph.camera.detection.choosing import DetectorFacts
from heliograph.camera.filtering.filters import FILTERS, FilterCounters
from heliograph.camera.reading.recording import Counters
from heliograph.camera.reconstruction.missed import MissKind
from heliograph.camera.sinks.clips import ClipCounters
from heliograph.camera.types import Caption, Track

LATENCIES_MAX = 10_000
"""How many of the newest tell the percentiles: a sensor is watched for months."""

MISSED: Mapping[MissKind, str] = {
    "few": "too few events",
    "late": "it took too long",
    "behind": "others were not done",
    "failed": "the network failed",
}
"""Why a picture was not reconstructed."""
UNTOLD = "not told"
"""The provider of a caption whose server is no gateway of ours."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One watch of one recording, in which `detector` found things.

    `captions_by_provider` counts those that a model said in time; `errors` those that
    the template said instead, `overtaken` of them without a question. `dropped` are
    jobs of which nothing was said when the watch ended, `known` those that a watch
    taken up again had its captions of. `spool` tells what waits for a model and what
    came later, `clips` what became of those, `drawing` what became of pictures that a
    network makes of events, None without. `passed_over` are tracks
    that never became a job because the rate was used up. `longest_gap_s` is wall time
    between two captions that came, None with fewer than two. `late_windows` are those a
    paced watch took up more than a window too late. `lines_dropped` were for standard
    output, and nobody read them. `broken` says where the file went wrong, `stopped`
    that somebody ended the watch.
    """

    recording: str
    detector: DetectorFacts
    windows: int
    events: int
    recording_s: float
    wall_s: float
    tracks: int
    asked: int
    captions: int
    captions_by_provider: Mapping[str, int]
    attempts: int
    fallbacks: int
    errors: int
    error_last: str | None
    overtaken: int
    dropped: int
    known: int
    passed_over: int
    late_windows: int
    longest_gap_s: float | None
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    counters: Counters
    filtered: FilterCounters
    spool: SpoolCounters | None = None
    clips: ClipCounters | None = None
    drawing: DrawingCounters | None = None
    lines_dropped: int = 0
    broken: str | None = None
    stopped: bool = False


@dataclass(slots=True)
class Tally:
    """Counts as a watch goes. Windows come from one thread, captions from another."""

    windows: int = 0
    events: int = 0
    tracks: int = 0
    asked: int = 0
    known: int = 0
    late_windows: int = 0
    captions: int = 0
    attempts: int = 0
    fallbacks: int = 0
    errors: int = 0
    error_last: str | None = None
    providers: Counter[str] = field(default_factory=Counter)
    latencies_ms: deque[float] = field(
        default_factory=lambda: deque(maxlen=LATENCIES_MAX)
    )
    longest_gap_s: float | None = None
    lines_dropped: int = 0
    _confirmed: set[int] = field(default_factory=set)
    _answered_s: float | None = None

    def window(self, events: int, tracks: Sequence[Track], *, late: bool) -> None:
        """Count a window and the tracks that were confirmed in it."""
        self.windows += 1
        self.events += events
        self.late_windows += late
        believed = {track.id for track in tracks if track.state != "tentative"}
        self.tracks += len(believed - self._confirmed)
        self._confirmed = believed

    def caption(self, caption: Caption) -> None:
        """Count a caption of a new alert, by a model or by the template."""
        self.attempts += caption.attempts or 0
        if caption.error is not None:
            self.errors += 1
            self.error_last = caption.error
            return
        self.captions += 1
        self.fallbacks += caption.fallback is True
        self.providers[caption.provider or UNTOLD] += 1
        self.latencies_ms.append(caption.latency_ms)
        if self._answered_s is not None:
            gap_s = max(0.0, caption.answered_s - self._answered_s)
            self.longest_gap_s = max(self.longest_gap_s or 0.0, gap_s)
        self._answered_s = caption.answered_s


def freeze(
    tally: Tally,
    queue: QueueCounters,
    *,
    recording: str,
    detector: DetectorFacts,
    recording_s: float,
    wall_s: float,
    passed_over: int,
    counters: Counters,
    spool: SpoolCounters | None,
    clips: ClipCounters | None,
    drawing: DrawingCounters | None,
    filtered: FilterCounters,
    broken: str | None,
    stopped: bool,
) -> Summary:
    """Return the summary of a watch that has ended."""
    ordered = sorted(tally.latencies_ms)
    return Summary(
        recording=recording,
        detector=detector,
        windows=tally.windows,
        events=tally.events,
        recording_s=recording_s,
        wall_s=wall_s,
        tracks=tally.tracks,
        asked=tally.asked,
        captions=tally.captions,
        captions_by_provider=dict(tally.providers.most_common()),
        attempts=tally.attempts,
        fallbacks=tally.fallbacks,
        errors=tally.errors,
        error_last=tally.error_last,
        overtaken=queue.overtaken,
        dropped=queue.unfinished,
        known=tally.known,
        passed_over=passed_over,
        late_windows=tally.late_windows,
        longest_gap_s=tally.longest_gap_s,
        latency_ms_p50=percentile(ordered, 0.50),
        latency_ms_p95=percentile(ordered, 0.95),
        counters=counters,
        spool=spool,
        clips=clips,
        drawing=drawing,
        filtered=filtered,
        lines_dropped=tally.lines_dropped,
        broken=broken,
        stopped=stopped,
    )


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value that *share* of *ordered* do not exceed; None of nothing."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def words(counters: Counters) -> str:
    """Say how much was read, and what of it was of no use."""
    told = f"{counters.words:,}"
    for count, what in (
        (counters.unknown, "unknown"),
        (counters.dropped, "dropped"),
        (counters.out_of_bounds, "out of bounds"),
        (counters.time_steps_back, "time steps back"),
        (counters.packets_lost, "packets lost"),
    ):
        told += f", {count:,} {what}"
    return told


def spooled(spool: SpoolCounters) -> str:
    """Say what waits in the spool, and what became of the rest."""
    told = f"{spool.rows} wait, {spool.caught_up} caught up"
    for why, count in spool.lost.items():
        told += f", {count} {why}"
    if spool.unkept:
        told += f", {spool.unkept} not kept"
    return told if spool.trouble is None else f"{told}: {spool.trouble}"


def clipped(clips: ClipCounters) -> str:
    """Say how many clips there are, and what became of the others."""
    told = f"{clips.written} written"
    for count, what in (
        (clips.short, "of them short"),
        (clips.failed, "failed"),
        (clips.missed, "missed"),
    ):
        if count:
            told += f", {count} {what}"
    return told


def reconstructed(drawing: DrawingCounters) -> str:
    """Say how many pictures a network made of events, and why not the others."""
    told = f"{drawing.drawn} reconstructed"
    for why, count in drawing.missed.items():
        told += f", {count} not: {MISSED[why]}"
    return told


def left_out(filtered: FilterCounters) -> str:
    """Say how many events the filters left out, and which."""
    told = f"{filtered.removed:,} events"
    for name in FILTERS:
        if count := getattr(filtered, name):
            told += f", {name.replace('_', ' ')} {count:,}"
    return told


def render_summary(summary: Summary) -> str:
    """Return *summary* as a few aligned lines, without a newline at the end."""
    rate = summary.events / summary.recording_s / 1e6 if summary.recording_s else 0.0
    windows = f"{summary.windows:,}, {summary.late_windows} late"
    spans = f"{summary.recording_s:.2f} s of recording in {summary.wall_s:.1f} s"
    captions = f"{summary.captions} of {summary.asked} asked"
    for provider, count in summary.captions_by_provider.items():
        captions += f", {provider} {count}"
    latency = (
        "none"
        if summary.latency_ms_p50 is None
        else (
            f"p50 {summary.latency_ms_p50:.0f} ms, p95 {summary.latency_ms_p95:.0f} ms"
        )
    )
    gap = (
        "none: fewer than two captions"
        if summary.longest_gap_s is None
        else (f"{summary.longest_gap_s:.1f} s between two captions")
    )
    errors = f"{summary.errors}, {summary.overtaken} of them overtaken"
    if summary.error_last is not None:
        errors += f", the last: {summary.error_last}"
    rows = {
        "recording": summary.recording,
        "windows": f"{windows}, {spans}",
        "events": f"{summary.events:,}, {rate:.2f} Mev/s",
        "words": words(summary.counters),
        "left out": left_out(summary.filtered),
        "detector": str(summary.detector),
        "tracks": f"{summary.tracks} confirmed, {summary.passed_over} passed over",
        "captions": captions,
        "attempts": f"{summary.attempts}, {summary.fallbacks} captions by a fallback",
        "templates": errors,
        "dropped": str(summary.dropped),
        "latency": latency,
        "longest gap": gap,
    }
    if summary.drawing is not None:
        rows["pictures"] = reconstructed(summary.drawing)
    if summary.spool is not None:
        rows["spool"] = spooled(summary.spool)
    if summary.clips is not None:
        rows["clips"] = clipped(summary.clips)
    if summary.lines_dropped:
        rows["not shown"] = f"{summary.lines_dropped} lines that nobody read in time"
    if summary.known:
        rows["resumed"] = f"{summary.known} captioned before or waiting in the spool"
    return "\n".join(f"{name:<11} {told}" for name, told in rows.items())
