"""EVT3, word by word."""

import numpy as np
import pytest

from event_words import (
    all_events,
    base,
    column,
    evt3,
    high,
    low,
    opened,
    outcome,
    row,
    tuples,
)
from heliograph.camera.reading.errors import BrokenRecordingError

VECT_12 = 0x4000
VECT_8 = 0x5000
TRIGGER = 0xA000


def read(*words: int) -> list[tuple[int, int, int, int]]:
    return tuples(all_events(opened(evt3(*words))))


def test_a_column_word_is_one_event_at_row_and_time_of_the_words_before() -> None:
    events = read(high(1), low(5), row(7), column(9, p=1), column(10, p=0))
    assert events == [(9, 7, 1, 4101), (10, 7, 0, 4101)]


def test_row_and_time_stay_until_the_next_word_changes_them() -> None:
    events = read(high(0), low(1), row(2), column(3), low(4), column(5), row(6))
    assert events == [(3, 2, 1, 1), (5, 2, 1, 4)]


def test_the_upper_bit_of_a_row_word_is_no_part_of_the_row() -> None:
    assert read(high(0), low(1), row(2) | 1 << 11, column(3)) == [(3, 2, 1, 1)]


def test_vectors_emit_their_bits_and_move_the_base_on() -> None:
    words = [high(0), low(3), row(1), base(100, p=0)]
    words += [VECT_12 | 0b1000_0000_0001, VECT_12 | 0b10, VECT_8 | 0b1000_0000]
    words += [VECT_8 | 1]
    assert [(x, p) for x, _, p, _ in read(*words)] == [
        (100, 0),
        (111, 0),
        (113, 0),
        (131, 0),
        (132, 0),
    ]


def test_a_column_word_leaves_the_vector_base_alone() -> None:
    events = read(high(0), row(1), base(40), column(7), VECT_8 | 1)
    assert [x for x, *_ in events] == [7, 40]


def test_a_full_vector_emits_twelve_events() -> None:
    events = read(high(0), row(0), base(0), VECT_12 | 0xFFF)
    assert [x for x, *_ in events] == list(range(12))


def test_triggers_have_polarity_channel_and_time_and_fall_in_their_window() -> None:
    words = [high(0), low(10), TRIGGER | 6 << 8 | 1, high(3), low(0), TRIGGER | 2 << 8]
    recording = opened(evt3(*words))
    per_window = [recording.triggers.tolist() for _ in recording]
    assert per_window == [[(1, 10, 6)], [(0, 12288, 2)]]
    assert recording.counters.triggers == 2


def test_time_wraps_and_goes_on() -> None:
    words = [high(4095), low(4095), row(1), column(1), high(0), low(2), column(2)]
    words += [high(1), low(0), column(3)]
    recording = opened(evt3(*words))
    assert [t for *_, t in tuples(all_events(recording))] == [
        (1 << 24) - 1,
        (1 << 24) + 2,
        (1 << 24) + 4096,
    ]
    assert recording.counters.wraps == 1


def test_a_step_back_of_time_low_is_neither_wrap_nor_carry() -> None:
    words = [high(1), low(20), row(1), column(1), low(9), column(2), low(21), column(3)]
    recording = opened(evt3(*words))
    assert [t for *_, t in tuples(all_events(recording))] == [4116, 4105, 4117]
    assert recording.counters.time_steps_back == 1
    assert recording.counters.wraps == 0


def test_a_step_back_across_a_time_high_keeps_the_time() -> None:
    words = [high(2), low(1), row(1), column(1)]
    words += [high(1), low(4094), column(2), high(2), low(3), column(3)]
    recording = opened(evt3(*words))
    assert [t for *_, t in tuples(all_events(recording))] == [8193, 8190, 8195]
    assert recording.counters.time_steps_back == 1


@pytest.mark.parametrize("wrapped", [0, 5])
def test_many_small_steps_back_are_a_large_one(wrapped: int) -> None:
    """They are one across the wrap as well."""
    words = [high(4095 if wrapped else 9), row(1), high(0 if wrapped else 9)]
    for at in range(wrapped or 9, -4, -1):
        words += [high(at % 4096), low(0), column(at % 4096)]
    events, error = outcome(evt3(*words))
    first = wrapped or 9
    assert [x for x, *_ in events] == [first, first - 1]
    newest_us = (first + (4096 if wrapped else 0)) << 12
    assert f"time goes back from {newest_us} us and it is no wrap" in str(error)


def test_a_step_back_across_the_wrap_undoes_it() -> None:
    words = [high(4095), low(4000), row(1), column(1), high(0), low(1), column(2)]
    words += [high(4095), low(4093), column(3), high(0), low(4), column(4)]
    recording = opened(evt3(*words))
    wrapped = 1 << 24
    assert [t for *_, t in tuples(all_events(recording))] == [
        wrapped - 96,
        wrapped + 1,
        wrapped - 3,
        wrapped + 4,
    ]
    assert recording.counters.wraps == 1


def test_a_repeated_time_high_keeps_time_low() -> None:
    assert read(high(1), low(5), high(1), row(0), column(0)) == [(0, 0, 1, 4101)]


def test_words_before_the_first_time_high_are_dropped_and_counted() -> None:
    recording = opened(evt3(low(5), row(3), column(4), high(1), row(5), column(6)))
    assert tuples(all_events(recording)) == [(6, 5, 1, 4096)]
    assert recording.counters.dropped == 3


def test_events_without_a_row_or_base_yet_are_dropped_and_counted() -> None:
    recording = opened(evt3(high(1), column(4), row(5), VECT_12 | 0b111, column(6)))
    assert tuples(all_events(recording)) == [(6, 5, 1, 4096)]
    assert recording.counters.dropped == 4


def test_events_outside_the_sensor_are_rejected_and_counted() -> None:
    words = [high(1), row(720), column(4), row(719), column(1280), column(1279)]
    words += [base(1275), VECT_12 | 0xFFF]
    recording = opened(evt3(*words))
    assert [x for x, *_ in tuples(all_events(recording))] == [1279, *range(1275, 1280)]
    assert recording.counters.out_of_bounds == 2 + 7


@pytest.mark.parametrize("kind", [0x1, 0x9, 0xB, 0xC])
def test_unknown_words_are_counted(kind: int) -> None:
    recording = opened(evt3(high(1), row(1), kind << 12 | 0xABC, column(2)))
    assert len(all_events(recording)) == 1
    assert recording.counters.unknown == 1


@pytest.mark.parametrize("kind", [0x7, 0xD, 0xE, 0xF])
def test_words_without_events_are_counted_as_other(kind: int) -> None:
    recording = opened(evt3(high(1), row(1), kind << 12 | 0xABC, column(2)))
    assert len(all_events(recording)) == 1
    assert (recording.counters.other, recording.counters.unknown) == (1, 0)


def test_time_that_goes_back_for_no_reason_is_an_error_at_its_byte() -> None:
    data = evt3(high(100), row(1), column(1), high(50), column(2))
    recording = opened(data)
    assert len(next(recording)) == 1
    with pytest.raises(BrokenRecordingError, match="goes back from 409600 us") as error:
        next(recording)
    assert error.value.byte == len(data) - 4


def test_more_events_than_a_first_buffer_holds_come_whole() -> None:
    many = 200_000
    words = [high(0), row(3)] + [column(x % 1280) for x in range(many)]
    events = all_events(opened(evt3(*words)))
    assert np.array_equal(events["x"], np.arange(many) % 1280)


def test_a_clock_that_stands_still_for_ever_is_an_error() -> None:
    full = [base(0)] + [VECT_12 | 0xFFF] * 3
    data = evt3(high(0), row(3), *(full * 125_000))
    recording = opened(data, delta_t_us=100)
    assert len(next(recording)) > 1 << 22
    with pytest.raises(BrokenRecordingError, match="its time stands still"):
        next(recording)
