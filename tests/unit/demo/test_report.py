"""The demo's account of the outage, from captions made by hand."""

import pytest

from heliograph.camera.types import Box, Caption
from heliograph.demo.report import Outage, phase_of, render_outage

OUTAGE = Outage(10.0, 15.0, 20.0)
BEGIN_S = 1000.0


def caption(asked_s: float, provider: str, latency_ms: float) -> Caption:
    at_s = BEGIN_S + asked_s
    return Caption(
        t_us=0,
        track_id=1,
        box=Box(0, 0, 10, 10),
        text="a person",
        provider=provider,
        model="m",
        attempts=1,
        latency_ms=latency_ms,
        asked_s=at_s,
        answered_s=at_s + latency_ms / 1e3,
    )


@pytest.mark.parametrize(
    ("asked_s", "phase"),
    [
        (0, "before"),
        (9.99, "before"),
        (10, "503"),
        (14.9, "503"),
        (15, "silence"),
        (19.9, "silence"),
        (20, "after"),
    ],
)
def test_a_caption_belongs_to_the_phase_it_was_asked_in(
    asked_s: float, phase: str
) -> None:
    assert phase_of(asked_s, OUTAGE) == phase


def test_each_phase_says_how_many_captions_came_how_fast_and_from_whom() -> None:
    came = [
        caption(1, "anthropic", 100),
        caption(2, "anthropic", 120),
        caption(11, "openai", 100),
        caption(12, "openai", 140),
        caption(16, "openai", 620),
        caption(21, "anthropic", 110),
    ]
    rows = render_outage(came, OUTAGE, BEGIN_S)
    assert rows[1].split() == ["before", "2", "110", "ms", "anthropic", "2"]
    assert rows[2].split() == ["503", "2", "120", "ms", "openai", "2"]
    assert rows[3].split() == ["silence", "1", "620", "ms", "openai", "1"]
    assert rows[4].split() == ["after", "1", "110", "ms", "anthropic", "1"]
    assert rows[5] == "added latency +10 ms under 503, +510 ms under silence (p50)"


def test_a_phase_without_captions_says_nobody() -> None:
    rows = render_outage([caption(1, "anthropic", 100)], OUTAGE, BEGIN_S)
    assert rows[2].split() == ["503", "0", "-", "nobody"]
    assert len(rows) == 5
