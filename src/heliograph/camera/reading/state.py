"""What a decoder remembers between two calls, and the ways a stream can go wrong.

One record serves all formats, so that numba reads its fields by name.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

STATE = np.dtype(
    [
        ("width", "<i8"),
        ("height", "<i8"),
        ("started", "<i8"),  # 1 after the first TIME_HIGH
        ("high", "<i8"),  # the last TIME_HIGH as sent
        ("epoch_us", "<i8"),  # what the wraps so far add to the time
        ("t_us", "<i8"),
        (
            "newest_us",
            "<i8",
        ),  # the latest time so far; of words, that of their TIME_HIGH
        ("y", "<i8"),  # -1 before the first row word
        ("base_x", "<i8"),  # -1 before the first vector base
        ("base_p", "<i8"),
        ("fault", "<i8"),
        ("words", "<i8"),
        ("events", "<i8"),
        ("triggers", "<i8"),
        ("other", "<i8"),
        ("unknown", "<i8"),
        ("dropped", "<i8"),
        ("out_of_bounds", "<i8"),
        ("time_steps_back", "<i8"),
        ("thinned", "<i8"),  # events that were passed by without decoding
        ("wraps", "<i8"),
    ]
)

GAP_US_MAX = 1 << 24
"""The longest silence believed of words: EVT3 cannot express a longer one."""

RECORD_GAP_US_MAX = 3_600_000_000
"""The longest silence believed of events listed without words that tell time."""

BACK_US_MAX = 1 << 12
"""How far the events of a list may step back: as far as EVT3's can."""

NEVER_US = -(1 << 62)
"""Before any time that a recording may have."""

TIME_US_MAX = 1 << 60
"""Times beyond it, either way, are no times: 36,000 years."""


class Fault(IntEnum):
    """Why a decoder refused a time word."""

    NONE = 0
    TIME_BACK = 1
    TIME_LEAP = 2
    RECORD_BACK = 3
    RECORD_LEAP = 4
    BACK_OR_LEAP = 5


def fresh_state(width: int, height: int) -> NDArray[np.void]:
    """Return the state of a decoder that has seen nothing; shape (1,)."""
    state = np.zeros(1, STATE)
    state["width"] = width
    state["height"] = height
    state["t_us"] = state["newest_us"] = NEVER_US
    state["y"] = -1
    state["base_x"] = -1
    return state
