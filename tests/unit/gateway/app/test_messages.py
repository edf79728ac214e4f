"""Frames survive however the bytes come in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.app.messages import (
    DOWNWARD,
    UPWARD,
    Ask,
    Downward,
    Drain,
    End,
    Frames,
    Numbers,
    Ready,
    Simulated,
    State,
    Sum,
    Take,
    Tell,
    Upward,
    framed,
)
from heliograph.gateway.server.standing import ConfigStanding, WorkerStanding
from heliograph.gateway.telemetry.snapshot import Family

NUMBERS = (Family("a", "counter", "told", (("a_total", (("x", "y"),), 3.0),)),)
CONFIG = ConfigStanding("gateway.yaml", "1970-01-01T00:00:00+00:00", ("wrong",))
WORKERS = (WorkerStanding(1, 17, "ready"), WorkerStanding(2, None, "waiting"))
UP: list[Upward] = [
    Ready(),
    Numbers(3, NUMBERS),
    Ask(4, NUMBERS),
    Simulated("http://here"),
]
DOWN: list[Downward] = [
    Tell(1),
    Sum(2, NUMBERS),
    Take(b"\x00" * 70_000, "gateway.yaml"),
    State(CONFIG, WORKERS),
    Drain(),
    End(),
]


def test_every_message_comes_out_as_it_went_in() -> None:
    frames = Frames()
    data = b"".join(framed(each) for each in UP)
    assert [UPWARD.decode(frame) for frame in frames.feed(data)] == UP
    data = b"".join(framed(each) for each in DOWN)
    assert [DOWNWARD.decode(frame) for frame in frames.feed(data)] == DOWN
    assert not frames.rest


@given(st.lists(st.integers(1, 50), min_size=1))
def test_the_pieces_do_not_matter(sizes: list[int]) -> None:
    data = b"".join(framed(each) for each in UP)
    frames = Frames()
    found: list[bytes] = []
    at = 0
    while at < len(data):
        size = sizes[at % len(sizes)]
        found += frames.feed(data[at : at + size])
        at += size
    assert [UPWARD.decode(frame) for frame in found] == UP
