"""Packets for tests: written out, and drawn at random for a small sensor."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from heliograph.camera.types import EVENT, Packet, Size

SMALL = Size(6, 5)


def packet(*events: tuple[int, int, int, int]) -> Packet:
    """Return *events*, each x, y, p, t."""
    return np.array(list(events), EVENT)


def rows(events: Packet) -> list[tuple[int, int, int, int]]:
    """Return *events* as tuples."""
    return [(int(e["x"]), int(e["y"]), int(e["p"]), int(e["t"])) for e in events]


@st.composite
def packets(
    draw: st.DrawFn, *, gap_us_max: int = 3_000, events_max: int = 60
) -> Packet:
    """Draw a sorted packet of the small sensor."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.integers(0, SMALL.width - 1),
                st.integers(0, SMALL.height - 1),
                st.integers(0, 1),
                st.integers(0, gap_us_max),
            ),
            max_size=events_max,
        )
    )
    events = packet(*drawn)
    events["t"] = np.cumsum(events["t"])
    return events


def cut(events: Packet, at: Sequence[int]) -> list[Packet]:
    """Return *events* in pieces that begin at the places *at*."""
    return np.split(events, sorted(min(place, len(events)) for place in at))
