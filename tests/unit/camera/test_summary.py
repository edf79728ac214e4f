"""What a watch did, counted and put into lines."""

from dataclasses import replace

import pytest

from caption_parts import CAPTION, TRACK
from heliograph.camera.captioning.drawing import DrawingCounters
from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.captioning.spool import SpoolCounters
from heliograph.camera.detection.choosing import BLOBS
from heliograph.camera.filtering.filters import FilterCounters
from heliograph.camera.reading.recording import Counters
from heliograph.camera.sinks.clips import ClipCounters
from heliograph.camera.summary import (
    LATENCIES_MAX,
    Summary,
    Tally,
    freeze,
    percentile,
    render_summary,
)
from heliograph.camera.types import TrackState

READ = Counters(
    words=1200,
    events=400,
    triggers=0,
    other=0,
    unknown=3,
    dropped=7,
    out_of_bounds=1,
    time_steps_back=9,
    wraps=0,
    bytes_read=2400,
)
NOTHING = QueueCounters(waiting=0, in_flight=0, full=0, expired=0, unfinished=0)


def frozen(tally: Tally, queue: QueueCounters = NOTHING) -> Summary:
    return freeze(
        tally,
        queue,
        recording="door.raw",
        detector=BLOBS,
        recording_s=2.0,
        wall_s=1.0,
        passed_over=1,
        counters=READ,
        spool=None,
        clips=None,
        drawing=None,
        filtered=FilterCounters(taken=400, thinned=1_000, hot_pixel=30),
        broken=None,
        stopped=False,
    )


def test_clips_are_told_of_and_what_went_wrong_with_them() -> None:
    clips = ClipCounters(written=5, short=2, removed=9, failed=1, missed=0)
    told = render_summary(replace(frozen(Tally()), clips=clips))
    assert "\nclips       5 written, 2 of them short, 1 failed" in told
    assert "\nclips" not in render_summary(frozen(Tally()))


def test_pictures_made_of_events_are_told_of_and_why_others_were_not() -> None:
    drawing = DrawingCounters(drawn=7, missed={"late": 2, "failed": 1})
    told = render_summary(replace(frozen(Tally()), drawing=drawing))
    row = "7 reconstructed, 2 not: it took too long, 1 not: the network failed"
    assert f"\npictures    {row}" in told
    assert "reconstructed" not in render_summary(frozen(Tally()))


def test_the_longest_gap_is_between_two_captions_that_came() -> None:
    tally = Tally()
    for answered_s, error in [(10.0, None), (10.5, None), (11.0, "no"), (12.0, None)]:
        tally.caption(replace(CAPTION, answered_s=answered_s, error=error))
    summary = frozen(tally)
    assert summary.longest_gap_s == pytest.approx(1.5)
    assert (summary.captions, summary.errors) == (3, 1)
    assert summary.error_last == "no"


def test_captions_attempts_and_fallbacks_are_counted_by_provider() -> None:
    tally = Tally()
    tally.caption(CAPTION)
    tally.caption(replace(CAPTION, provider="anthropic", attempts=3, fallback=True))
    tally.caption(replace(CAPTION, provider=None, attempts=None, fallback=None))
    tally.caption(replace(CAPTION, error="HTTP 503", attempts=2, fallback=True))
    summary = frozen(tally)
    assert summary.captions_by_provider == {
        "openai": 1,
        "anthropic": 1,
        "not told": 1,
    }
    assert (summary.attempts, summary.fallbacks) == (6, 1)


def test_a_track_is_counted_once_when_it_is_confirmed_and_also_after_a_rest() -> None:
    tally = Tally()
    states: tuple[TrackState, ...] = ("tentative", "confirmed", "coasting", "confirmed")
    for state in states:
        tally.window(10, [replace(TRACK, state=state)], late=state == "coasting")
    tally.window(10, [replace(TRACK, id=2)], late=False)
    assert (tally.windows, tally.events, tally.tracks) == (5, 50, 2)
    assert tally.late_windows == 1


def test_overtaken_jobs_are_told_apart_from_those_of_which_nothing_was_said() -> None:
    queue = replace(NOTHING, full=1, expired=2, unfinished=4)
    summary = frozen(Tally(), queue)
    assert (summary.overtaken, summary.dropped) == (3, 4)


def test_the_spool_has_a_line_with_all_that_became_of_its_pictures() -> None:
    spool = SpoolCounters(
        rows=12,
        waiting=12,
        bytes=400_000,
        caught_up=7,
        lost={"expired": 3, "full": 1},
        unkept=2,
        trouble="cannot write to the spool s.db: disk I/O error",
    )
    text = render_summary(replace(frozen(Tally()), spool=spool, known=5))
    assert (
        "spool       12 wait, 7 caught up, 3 expired, 1 full, 2 not kept: "
        "cannot write to the spool s.db: disk I/O error"
    ) in text
    assert "resumed     5 captioned before" in text


def test_a_watch_of_months_keeps_no_more_latencies_than_it_shows() -> None:
    tally = Tally()
    for number in range(LATENCIES_MAX + 5):
        tally.caption(replace(CAPTION, latency_ms=float(number)))
    assert len(tally.latencies_ms) == LATENCIES_MAX
    assert tally.latencies_ms[0] == 5.0


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 51.0), (0.95, 96.0), (1.0, 100.0), (0.0, 1.0)]
)
def test_percentiles_are_values_that_were_seen(share: float, value: float) -> None:
    assert percentile([float(n) for n in range(1, 101)], share) == value
    assert percentile([], share) is None


def test_the_lines_are_aligned_and_name_the_longest_gap() -> None:
    tally = Tally(asked=3)
    for answered_s in (10.0, 11.26):
        tally.caption(replace(CAPTION, answered_s=answered_s))
    lines = render_summary(frozen(tally)).splitlines()
    assert "longest gap 1.3 s between two captions" in lines
    assert "captions    2 of 3 asked, openai 2" in lines
    assert "latency     p50 412 ms, p95 412 ms" in lines
    assert all(line[11] == " " != line[12] for line in lines)


def test_a_watch_without_captions_says_so_in_every_line() -> None:
    text = render_summary(frozen(Tally()))
    assert "captions    0 of 0 asked" in text
    assert "longest gap none" in text
    assert "latency     none" in text
