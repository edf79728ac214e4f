"""Tracks, jobs and captions as the captioning tests need them."""

from dataclasses import replace
from math import inf

from heliograph.camera.types import Box, Caption, CaptionJob, Track

TRACK = Track(
    id=1,
    box=Box(100.0, 80.0, 60.0, 120.0),
    state="confirmed",
    first_us=0,
    last_seen_us=0,
    hits=10,
)
CAPTION = Caption(
    t_us=1_250_000,
    track_id=1,
    box=TRACK.box,
    text="a person walks to the left",
    provider="openai",
    model="gpt-4o",
    attempts=1,
    latency_ms=412.34,
    asked_s=10.0,
    answered_s=10.412,
    fallback=False,
    id="door-3f2a91c4-1250000-1",
    recording="door.raw",
    at_s=0.25,
)


def job(number: int = 1, *, deadline_s: float = inf) -> CaptionJob:
    """Return the job of track *number*."""
    return CaptionJob(
        track=replace(TRACK, id=number),
        t_us=number * 1000,
        png=b"\x89PNG secret picture",
        prompt="what is it?",
        deadline_s=deadline_s,
        id=f"door-{number}",
    )


def answer_to(asked: CaptionJob) -> Caption:
    """Return a caption of *asked*."""
    return replace(CAPTION, track_id=asked.track.id, t_us=asked.t_us, id=asked.id)


class HandClock:
    """A clock that stands until somebody sets it."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def wall_s(self) -> float:
        """Return the same as the other one."""
        return self.now_s

    def monotonic_s(self) -> float:
        """Return what it was set to."""
        return self.now_s
