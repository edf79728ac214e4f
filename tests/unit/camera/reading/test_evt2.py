"""EVT2, word by word."""

import pytest

from event_words import all_events, event2, evt2, high2, opened, outcome, tuples
from heliograph.camera.reading.errors import BrokenRecordingError

TRIGGER = 0xA << 28


def test_an_event_carries_the_lower_six_bits_of_its_time() -> None:
    data = evt2(high2(3), event2(5, x=639, y=479), event2(6, x=0, y=0, p=0))
    assert tuples(all_events(opened(data))) == [(639, 479, 1, 197), (0, 0, 0, 198)]


def test_triggers_have_polarity_channel_and_time() -> None:
    recording = opened(evt2(high2(1), TRIGGER | 7 << 22 | 0x1F << 8 | 1))
    next(recording)
    assert recording.triggers.tolist() == [(1, 71, 31)]


def test_time_wraps_after_four_hours_and_goes_on() -> None:
    data = evt2(
        high2((1 << 28) - 1), event2(63, 1, 1), high2(0), event2(1, 2, 2), high2(1)
    )
    recording = opened(data)
    assert [t for *_, t in tuples(all_events(recording))] == [
        (1 << 34) - 1,
        (1 << 34) + 1,
    ]
    assert recording.counters.wraps == 1


def test_a_step_back_across_the_wrap_undoes_it() -> None:
    last = (1 << 28) - 1
    words = [high2(last), event2(60, 1, 1), high2(0), event2(1, 2, 2)]
    words += [high2(last), event2(62, 3, 3), high2(0), event2(2, 4, 4)]
    recording = opened(evt2(*words))
    wrapped = 1 << 34
    assert [t - wrapped for *_, t in tuples(all_events(recording))] == [-4, 1, -2, 2]
    assert recording.counters.wraps == 1


def test_a_step_back_of_a_few_us_is_kept_and_counted() -> None:
    data = evt2(high2(2), event2(9, 1, 1), event2(1, 2, 2), high2(1), event2(62, 3, 3))
    recording = opened(data)
    assert [t for *_, t in tuples(all_events(recording))] == [137, 129, 126]
    assert recording.counters.time_steps_back == 2


def test_many_small_steps_back_are_a_large_one() -> None:
    words = [word for at in range(9, 0, -1) for word in (high2(at), event2(1, at, 1))]
    events, error = outcome(evt2(*words))
    assert [x for x, *_ in events] == [9, 8]
    assert "time goes back from 576 us and it is no wrap" in str(error)


def test_words_before_the_first_time_high_are_dropped_and_counted() -> None:
    recording = opened(evt2(event2(1, 1, 1), TRIGGER, high2(1), event2(1, 1, 1)))
    assert len(all_events(recording)) == 1
    assert recording.counters.dropped == 2


@pytest.mark.parametrize(("x", "y"), [(640, 0), (0, 480), (2047, 2047)])
def test_events_outside_the_sensor_are_rejected_and_counted(x: int, y: int) -> None:
    recording = opened(evt2(high2(1), event2(1, x, y), event2(1, 5, 6)))
    assert [event[:2] for event in tuples(all_events(recording))] == [(5, 6)]
    assert recording.counters.out_of_bounds == 1


@pytest.mark.parametrize("kind", [2, 3, 4, 5, 6, 7, 9, 0xB, 0xC])
def test_unknown_words_are_counted(kind: int) -> None:
    recording = opened(evt2(high2(1), kind << 28, event2(1, 1, 1)))
    assert len(all_events(recording)) == 1
    assert recording.counters.unknown == 1


@pytest.mark.parametrize("kind", [0xD, 0xE, 0xF])
def test_words_without_events_are_counted_as_other(kind: int) -> None:
    recording = opened(evt2(high2(1), kind << 28, event2(1, 1, 1)))
    assert len(all_events(recording)) == 1
    assert (recording.counters.other, recording.counters.unknown) == (1, 0)


def test_time_that_goes_back_for_no_reason_is_an_error_at_its_byte() -> None:
    data = evt2(high2(100), event2(1, 1, 1), high2(50))
    recording = opened(data)
    assert len(next(recording)) == 1
    with pytest.raises(BrokenRecordingError, match="goes back") as error:
        next(recording)
    assert error.value.byte == len(data) - 4


def test_a_leap_that_no_recording_makes_is_an_error_not_a_million_empty_windows() -> (
    None
):
    recording = opened(evt2(high2(100), event2(1, 1, 1), high2(1 << 27)))
    assert len(next(recording)) == 1
    with pytest.raises(BrokenRecordingError, match=r"leaps from 6401 us .* 16\.8 s"):
        next(recording)
