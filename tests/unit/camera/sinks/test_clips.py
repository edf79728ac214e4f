"""The recording beside a caption: the right part of it, whole, and bounded."""

import os
import resource
import threading
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from caption_parts import HandClock, job
from event_words import npy
from heliograph import camera
from heliograph.camera.config import ClipSettings, SettingError
from heliograph.camera.sinks import clips as clips_module
from heliograph.camera.sinks.clips import ClipCounters, Clips
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.types import CaptionJob, Clip, Packet, Size
from heliograph.clock import SystemClock
from moving_bar import SIZE, write_moving_bar

SECOND = 1_000_000
ID = "bar-00000000-11111111-{}-1"


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_moving_bar(tmp_path_factory.mktemp("bar") / "bar.raw", seconds=3.0)


def events_of(path: Path) -> Packet:
    with camera.open(path) as recording:
        return np.concatenate(list(recording))


def settings(folder: Path, **more: int) -> ClipSettings:
    plain = {"before_us": SECOND // 2, "after_us": SECOND // 4, "free_bytes_min": 0}
    return ClipSettings(folder, **{**plain, **more})


def at(t_us: int) -> CaptionJob:
    return replace(job(), t_us=t_us, id=ID.format(t_us))


def clipped(
    source: Path | bytes,
    wanted: ClipSettings,
    jobs: Sequence[tuple[int, CaptionJob]],
    *,
    patient: bool = True,
    size: Size | None = None,
) -> tuple[list[Clip | None], ClipCounters]:
    """Read *source* and begin the clip of each job once time has come to its first."""
    told: list[Clip | None] = []
    waiting = list(jobs)
    path = None if isinstance(source, bytes) else source
    with (
        # In memory it is read as a pipe is: once.
        camera.open(
            BytesIO(source) if isinstance(source, bytes) else source, size=size
        ) as recording,
        Clips(
            wanted,
            recording,
            path,
            clock=HandClock(),
            patient=patient,
            marked=False,
            stop=threading.Event(),
        ) as sink,
    ):
        for packet in recording:
            sink.window(recording, packet)
            while waiting and recording.now_us >= waiting[0][0]:
                told.append(sink.begin(waiting.pop(0)[1]).clip)
        sink.end()
    return told, sink.counters


@pytest.mark.parametrize("kind", ["file", "pipe", "events"])
def test_a_clip_is_what_the_sensor_sent_around_the_picture(
    bar: Path, tmp_path: Path, kind: str
) -> None:
    whole, wanted, size = events_of(bar), settings(tmp_path / "clips"), None
    source: Path | bytes = bar
    if kind == "pipe":
        source = bar.read_bytes()
    elif kind == "events":
        source, size = tmp_path / "bar.npy", SIZE
        source.write_bytes(npy(whole))
    jobs = [(1_800_000, at(1_500_000)), (1_900_000, at(1_700_000))]
    told, counters = clipped(source, wanted, jobs, size=size)
    begin_us = 0 if kind != "events" else int(whole["t"][0])
    for clip, (_, one) in zip(told, jobs, strict=True):
        assert clip is not None
        path = tmp_path / "clips" / f"{one.id}.raw"
        assert clip.file == str(path)
        assert not clip.short
        assert clip.to_s == pytest.approx((one.t_us + SECOND // 4 - begin_us) / 1e6)
        from_us = round(clip.from_s * 1e6) + begin_us
        # It begins and ends with a window.
        assert 0 <= one.t_us - SECOND // 2 - from_us < 10_000
        end_us = one.t_us + SECOND // 4
        end_us += -(end_us - begin_us) % 10_000
        t = whole["t"]
        expected = whole[(t >= from_us) & (t < end_us)]
        assert len(expected) > 10_000
        assert np.array_equal(events_of(path), expected)
    assert counters == ClipCounters(written=2, short=0, removed=0, failed=0, missed=0)


def test_the_words_of_a_file_are_not_written_anew(bar: Path, tmp_path: Path) -> None:
    jobs = [(1_500_000, at(1_500_000))]
    (clip,), _ = clipped(bar, settings(tmp_path), jobs)
    assert clip is not None
    payload = Path(clip.file).read_bytes().partition(b"% end\n")[2]
    # Before the sensor's own words stand time, row and base.
    assert payload[8:] in bar.read_bytes()
    assert len(payload) > 50_000


def test_the_end_of_a_recording_is_the_end_of_a_clip(bar: Path, tmp_path: Path) -> None:
    whole = events_of(bar)
    jobs = [(2_900_000, at(2_900_000)), (0, at(100_000))]
    told, counters = clipped(bar, settings(tmp_path), jobs)
    assert told[0] is not None
    assert told[0].to_s == 3.15
    assert np.array_equal(events_of(Path(told[0].file))["t"][-1:], whole["t"][-1:])
    assert counters.written == 2


def test_what_came_to_rest_long_ago_has_the_moment_of_its_alert(
    bar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips_module, "PAST_US", SECOND)
    (clip,), _ = clipped(bar, settings(tmp_path), [(2_500_000, at(900_000))])
    assert clip is not None
    assert (clip.from_s, clip.to_s) == (2.0, 2.75)


def test_a_clip_that_memory_does_not_hold_is_shorter_and_says_so(
    bar: Path, tmp_path: Path
) -> None:
    wanted = settings(tmp_path, memory_bytes_max=60_000)
    jobs = [(1_500_000, at(1_500_000)), (1_500_000, at(1_400_000))]
    told, counters = clipped(bar.read_bytes(), wanted, jobs)
    for clip, (_, one) in zip(told, jobs, strict=True):
        assert clip is not None
        assert clip.short
        assert 1.0 < clip.from_s < 1.5
        events = events_of(Path(clip.file))
        assert events["t"][0] >= round(clip.from_s * 1e6)
        assert events["t"][-1] > one.t_us + SECOND // 4 - 10_000
    assert (counters.written, counters.short) == (2, 2)


def test_what_a_slow_disk_leaves_no_time_for_is_cut_and_counted(
    bar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clips_module, "WRITE_BYTES", 0)
    begun, let, write = threading.Event(), threading.Event(), Clips._write_some

    def slowly(self: Clips, one: clips_module._Making) -> bool | None:
        done = write(self, one)
        begun.set()
        assert let.wait(20)
        return done

    monkeypatch.setattr(Clips, "_write_some", slowly)
    wanted = settings(tmp_path, memory_bytes_max=60_000)
    with camera.open(bar) as recording:
        sink = Clips(
            wanted,
            recording,
            None,
            clock=SystemClock(),
            patient=False,
            marked=False,
            stop=threading.Event(),
        )
        with sink:
            for packet in recording:
                sink.window(recording, packet)
                if recording.now_us == 1_500_000:
                    clip = sink.begin(at(1_500_000)).clip
                    assert begun.wait(20)
            let.set()
    assert clip is not None
    assert (sink.counters.written, sink.counters.short) == (1, 1)
    # What there is of it has no hole.
    part = events_of(Path(clip.file))
    whole = events_of(bar)
    first = int(np.searchsorted(whole["t"], part["t"][0]))
    assert np.array_equal(part, whole[first : first + len(part)])


def test_a_disk_that_fills_up_is_left_without_half_a_clip(
    bar: Path, tmp_path: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        jobs = [(1_500_000, at(1_500_000))]
        _, counters = clipped(bar, settings(tmp_path), jobs)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert counters == ClipCounters(written=0, short=0, removed=0, failed=1, missed=0)
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_gets_no_clip_and_loses_the_old_ones(
    bar: Path, tmp_path: Path
) -> None:
    (tmp_path / "door-00000000-5-1.raw").write_bytes(bytes(10))
    (tmp_path / "holiday.raw").write_bytes(bytes(10))
    wanted = settings(tmp_path, free_bytes_min=1 << 60)
    _, counters = clipped(bar, wanted, [(1_500_000, at(1_500_000))])
    assert (counters.removed, counters.failed) == (1, 1)
    assert [each.name for each in tmp_path.iterdir()] == ["holiday.raw"]


def test_clips_are_kept_by_size_and_by_age(bar: Path, tmp_path: Path) -> None:
    for name, at_s in (("door-00000000-1-1.raw", 10), ("door-00000000-2-1.raw", 90)):
        (tmp_path / name).write_bytes(bytes(10))
        os.utime(tmp_path / name, (at_s, at_s))
    # The clock of the test stands at 100 s.
    wanted = settings(tmp_path, keep_s=50)
    jobs = [(1_500_000, at(1_500_000)), (1_800_000, at(1_800_000))]
    _, counters = clipped(bar, wanted, jobs)
    assert counters.removed == 1
    assert len(list(tmp_path.iterdir())) == 3
    _, counters = clipped(bar, replace(wanted, bytes_max=1), jobs)
    assert {each.name for each in tmp_path.iterdir()} == {f"{jobs[1][1].id}.raw"}


def marked(folder: Path, recording: camera.Recording, source: Path) -> Clips:
    """Return what makes clips of alerts that may be seen again after a kill."""
    return Clips(
        settings(folder),
        recording,
        source,
        clock=SystemClock(),
        patient=True,
        marked=True,
        stop=threading.Event(),
    )


def test_a_clip_that_a_kill_cut_is_made_again_and_no_other(
    bar: Path, tmp_path: Path
) -> None:
    cut, done, gone = at(1_000_000), at(1_200_000), at(1_400_000)
    with camera.open(bar) as recording:
        sink = marked(tmp_path, recording, bar)
        # Its thread never runs, as if the kill had come at once.
        sink.window(recording, next(recording))
        assert sink.begin(cut).clip is not None
        sink._form.close()
    part = tmp_path / f"{cut.id}.raw.part"
    assert part.exists()
    (tmp_path / f"{done.id}.raw").write_bytes(b"whole")
    with camera.open(bar) as recording, marked(tmp_path, recording, bar) as sink:
        for packet in recording:
            sink.window(recording, packet)
            if recording.now_us == 1_500_000:
                for one in (cut, done, gone):
                    sink.begin_again(one)
                assert sink.begin(done).clip is not None
        sink.end()
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        f"{cut.id}.raw",
        f"{done.id}.raw",
    ]
    assert (tmp_path / f"{done.id}.raw").read_bytes() == b"whole"
    assert len(events_of(tmp_path / f"{cut.id}.raw")) > 10_000


def test_what_nobody_will_finish_is_removed_after_an_hour(
    bar: Path, tmp_path: Path
) -> None:
    names = (
        "live-0123abcd-5-1.raw.part",
        "bar-01234567-0123abcd-5-1.raw.part",
        "bar-01234567-5-1.raw.part",  # of a watch that may be taken up again
        "holiday-0123abcd.raw.part",
    )
    for name in names:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1, 1))
    new = tmp_path / "live-0123abcd-6-1.raw.part"
    new.touch()
    with camera.open(bar) as recording, marked(tmp_path, recording, bar):
        pass
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {*names[2:], new.name}


def test_a_folder_or_a_sensor_of_which_no_clip_can_be_is_an_error_at_once(
    bar: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    refused = pytest.raises(SinkError, match="cannot keep clips in")
    with camera.open(bar) as recording, refused:
        marked(tmp_path / "file", recording, bar)
    wide = tmp_path / "wide.npy"
    wide.write_bytes(npy(events_of(bar)))
    refused = pytest.raises(
        SinkError, match=r"cannot keep clips of .*evt3 carries 1 to"
    )
    with camera.open(wide, size=Size(4096, 300)) as recording, refused:
        marked(tmp_path / "clips", recording, wide)


def test_what_cannot_be_a_clip_is_refused() -> None:
    for bad in ({"before_us": -1}, {"memory_bytes_max": 0}):
        with pytest.raises(SettingError, match="clips: "):
            settings(Path("clips"), **bad)
    with pytest.raises(SettingError, match="cannot both be 0"):
        settings(Path("clips"), before_us=0, after_us=0)
