"""What is said of a track without a model: the rung below every cloud.

Only what is known goes into it: what the detector calls the track, where the config
says that is, where it goes, for how long it has been there, and how sure the detector
is. `person in loading-bay, moving left, 12 s, 0.87`, or, where something happened,
`person enters loading-bay, 12 s, 0.87`.
"""

from collections.abc import Sequence
from dataclasses import replace

from heliograph.camera.captioning.prompt import way_of
from heliograph.camera.types import Caption, CaptionJob, Track, TrackState

UNSEEN: dict[TrackState, str] = {"stationary": "at rest", "coasting": "out of sight"}


def describe(
    track: Track, t_us: int, *, zones: Sequence[str] = (), happened: str | None = None
) -> str:
    """Say in one line what is known of *track*, which at *t_us* is in *zones*.

    What *happened* at one of them says more than where it is and moves.
    """
    what = track.box.label
    if happened is not None:
        what += f" {happened}"
    else:
        where = f" in {' and '.join(zones)}" if zones else ""
        what += f"{where}, {_motion(track)}"
    there_s = max(0, t_us - track.first_us) / 1e6
    return f"{what}, {there_s:.0f} s, {track.box.score:.2f}"


def in_words_of_ours(caption: Caption, job: CaptionJob) -> Caption:
    """Return *caption*, which no model gave a text, with that of the template."""
    return replace(caption, text=_describe(job), rung="template")


def unasked(job: CaptionJob, why: str, *, now_s: float) -> Caption:
    """Return the template's caption of *job*, about which nobody was asked."""
    return Caption(
        t_us=job.t_us,
        track_id=job.track.id,
        box=job.track.box,
        text=_describe(job),
        provider=None,
        model=None,
        attempts=None,
        latency_ms=0.0,
        asked_s=now_s,
        answered_s=now_s,
        error=why,
        reason=job.reason,
        id=job.id,
        recording=job.recording,
        at_s=job.at_s,
        rung="template",
        zones=job.zones,
        clip=job.clip,
    )


def _describe(job: CaptionJob) -> str:
    return describe(job.track, job.t_us, zones=job.zones, happened=job.happened)


def _motion(track: Track) -> str:
    if track.state in UNSEEN:
        return UNSEEN[track.state]
    way = way_of(track)
    return "moving in place" if way is None else f"moving {way}"
