"""EVT2.1, in both orders of its halves: each rule of the format by itself."""

import pytest

from event_words import all_events, event2, evt21, high2, opened, outcome, tuples

TRIGGER = 0xA << 28
ORDERS = pytest.mark.parametrize("legacy", [False, True], ids=["little", "legacy"])


@ORDERS
def test_each_bit_of_the_mask_is_an_event(legacy: bool) -> None:  # noqa: FBT001 - parametrized
    words = ((high2(3), 0), (event2(5, x=64, y=9), 1 << 31 | 0b101))
    events = tuples(all_events(opened(evt21(*words, legacy=legacy))))
    assert events == [(64, 9, 1, 197), (66, 9, 1, 197), (95, 9, 1, 197)]


@ORDERS
def test_the_kind_of_a_word_is_its_polarity(legacy: bool) -> None:  # noqa: FBT001 - the same
    words = ((high2(0), 0), (event2(5, 0, 0, p=0), 1), (event2(5, 1, 0, p=1), 1))
    events = tuples(all_events(opened(evt21(*words, legacy=legacy))))
    assert events == [(0, 0, 0, 5), (1, 0, 1, 5)]


@ORDERS
def test_triggers_have_polarity_channel_and_time(legacy: bool) -> None:  # noqa: FBT001 - the same
    trigger = TRIGGER | 7 << 22 | 0x1F << 8 | 1
    recording = opened(evt21((high2(1), 0), (trigger, 0), legacy=legacy))
    next(recording)
    assert recording.triggers.tolist() == [(1, 71, 31)]


def test_time_wraps_after_four_hours_as_evt2_s_does() -> None:
    last = (1 << 28) - 1
    words = [
        (high2(last), 0),
        (event2(63, 1, 1), 1),
        (high2(0), 0),
        (event2(1, 2, 2), 1),
    ]
    recording = opened(evt21(*words))
    times = [t for *_, t in tuples(all_events(recording))]
    assert times == [(1 << 34) - 1, (1 << 34) + 1]
    assert recording.counters.wraps == 1


def test_a_vector_over_the_edge_keeps_what_is_on_the_sensor() -> None:
    recording = opened(evt21((high2(1), 0), (event2(1, x=638, y=479), 0xF)))
    assert [x for x, *_ in tuples(all_events(recording))] == [638, 639]
    assert recording.counters.out_of_bounds == 2


def test_what_is_no_event_is_counted() -> None:
    words = ((event2(1, 1, 1), 1), (high2(1), 0), (0xE << 28, 5), (0x4 << 28, 5))
    recording = opened(evt21(*words))
    assert len(all_events(recording)) == 0
    counters = recording.counters
    assert (counters.words, counters.dropped) == (4, 1)
    assert (counters.other, counters.unknown) == (1, 1)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_cut_at_any_byte_ends_clearly(legacy: bool) -> None:  # noqa: FBT001 - the same
    words = ((high2(1), 0), (event2(3, 4, 5), 7), (high2(400), 0), (event2(9, 6, 7), 1))
    data = evt21(*words, legacy=legacy)
    whole = tuples(all_events(opened(data)))
    payload_at = data.index(b"% end\n") + 6
    for cut in range(len(data)):
        events, error = outcome(data[:cut])
        at_word = cut > payload_at and (cut - payload_at) % 8 == 0
        assert (error is None) == at_word
        assert events == whole[: len(events)]
