"""From a real recording to captions over a real socket."""

import pytest

from heliograph import camera
from heliograph.camera.pipeline import watch
from heliograph.camera.summary import Summary
from heliograph.camera.types import Caption
from loopback_gateway import Asked, loopback_gateway
from recordings.shared_data import recording_path


def watched(name: str) -> tuple[Summary, list[Caption], list[Asked]]:
    """Watch the recording *name*; return the captions in the order of their time."""
    captions: list[Caption] = []
    with loopback_gateway() as gateway:
        summary = watch(
            recording_path(name), gateway=gateway.url, on_caption=captions.append
        )
        asked = gateway.questions
    return summary, sorted(captions, key=lambda caption: caption.t_us), asked


def test_the_person_who_sweeps_through_is_one_track_and_one_caption() -> None:
    name = "gen31_person_sweep_evt3.raw"
    summary, captions, asked = watched(name)
    begin_us = recording_begin_us(name)
    at_s = [(caption.t_us - begin_us) / 1e6 for caption in captions]
    assert summary.events == 343_474
    assert summary.recording_s == pytest.approx(2.078, abs=0.01)
    assert summary.tracks == 1
    # The scene is at rest until the person comes into it at 0.76 s.
    (when,) = at_s
    assert 0.76 < when < 2.0
    (sweep,) = captions
    assert sweep.box.height > 300
    assert 250 < sweep.box.x + sweep.box.width / 2 < 450
    assert sweep.text
    assert len(asked) == summary.captions == 1
    assert (summary.errors, summary.dropped) == (0, 0)


def recording_begin_us(name: str) -> int:
    """Return where the recording's own time begins."""
    with camera.open(recording_path(name)) as recording:
        return recording.begin_us


def test_noise_is_not_captioned() -> None:
    summary, captions, asked = watched("imx636_noise_evt3.raw")
    assert summary.events == 82_469
    assert summary.windows == 126
    assert captions == []
    assert asked == []
    assert summary.tracks == 0


@pytest.mark.parametrize(
    ("name", "events"),
    [("gen41_street_evt3.raw", 219_596), ("gen3_laser_evt2.raw", 539_481)],
)
def test_a_recording_too_short_for_a_track_is_read_wholly_without_captions(
    name: str, events: int
) -> None:
    summary, captions, _ = watched(name)
    assert summary.events == events
    assert captions == []
    assert summary.broken is None


def test_the_captions_of_a_recording_are_the_same_each_time() -> None:
    first, second = (
        [(c.t_us, c.track_id, c.box) for c in watched("gen31_person_sweep_evt3.raw")[1]]
        for _ in range(2)
    )
    assert first == second
    assert len(first) == 1
