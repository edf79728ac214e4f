"""Recordings of hours: the time of every format goes on where its bits have wrapped."""

import numpy as np
import pytest

from event_words import EVT2_HEADER, EVT3_HEADER, all_events, dat, opened

MINUTE_US = 60_000_000


def evt3_hours(hours: int, apart_us: int) -> tuple[bytes, list[int]]:
    """Write every TIME_HIGH of some hours, as a sensor does, and a few events."""
    times = np.arange(7, hours * 60 * MINUTE_US, apart_us)
    highs = np.arange((times[-1] >> 12) + 1)
    words = (0x8000 | (highs & 0xFFF)).astype("<u2")
    # Row, low time and column go behind the time word they belong to.
    at = np.repeat((times >> 12) + 1, 3)
    event = np.stack(
        [np.full(len(times), 9), 0x6000 | (times & 0xFFF), np.full(len(times), 0x2805)]
    )
    return EVT3_HEADER + np.insert(words, at, event.T.ravel()).tobytes(), times.tolist()


def evt2_hours(hours: int, apart_us: int) -> tuple[bytes, list[int]]:
    """Write an event now and then, each with a time word before it."""
    times = np.arange(7, hours * 60 * MINUTE_US, apart_us)
    high = (0x8 << 28) | ((times >> 6) & 0xFFFFFFF)
    event = (0x1 << 28) | ((times & 0x3F) << 22) | (5 << 11) | 9
    words = np.stack([high, event], axis=1).astype("<u4")
    return EVT2_HEADER + words.tobytes(), times.tolist()


def dat_hours(hours: int, apart_us: int) -> tuple[bytes, list[int]]:
    """Write an event now and then."""
    times = list(range(7, hours * 60 * MINUTE_US, apart_us))
    return dat(*((5, 9, 1, t) for t in times)), times


@pytest.mark.parametrize(
    ("file", "bits"),
    [
        (evt3_hours(2, MINUTE_US), 24),
        (evt2_hours(40, MINUTE_US // 4), 34),
        (dat_hours(40, 5 * MINUTE_US), 32),
    ],
    ids=["EVT3", "EVT2", "DAT"],
)
def test_time_goes_on_through_every_wrap(
    file: tuple[bytes, list[int]], bits: int
) -> None:
    data, times = file
    recording = opened(data, delta_t_us=MINUTE_US)
    events = all_events(recording)
    assert events["t"].tolist() == times
    assert recording.counters.wraps == times[-1] >> bits
    assert recording.counters.wraps > 5
    assert set(zip(events["x"].tolist(), events["y"].tolist(), strict=True)) == {(5, 9)}
