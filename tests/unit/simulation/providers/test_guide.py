"""The guide and the example say what the code does."""

from pathlib import Path
from typing import get_args

import pytest

from heliograph.simulation.providers.desk import Desk, Request
from heliograph.simulation.providers.faults import Line
from heliograph.simulation.providers.rules import CutMode, Fault, Kind, When
from heliograph.simulation.providers.script import load_script, parse_script

ROOT = Path(__file__).parents[4]
GUIDE = (ROOT / "docs" / "guide" / "simulated-providers.md").read_text()


@pytest.mark.parametrize(
    "name",
    [
        *When.__struct_fields__,
        *Fault.__struct_fields__,
        *get_args(Kind),
        *get_args(CutMode),
    ],
)
def test_the_guide_names_every_key_and_kind(name: str) -> None:
    assert f"`{name}`" in GUIDE


def test_the_guides_own_script_can_be_used() -> None:
    text = GUIDE.partition("```yaml\n")[2].partition("```")[0]
    assert len(parse_script(text.encode(), "guide").rules) == 2


def test_the_outage_example_takes_the_primary_down_and_brings_it_back() -> None:
    desk = Desk(load_script(ROOT / "examples" / "outage.yaml").rules, "p", 0.0)
    headers = {b"x-api-key": b"k", b"anthropic-version": b"2023-06-01"}
    body = b'{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}]}'

    def status(target: str, at_s: float) -> int | None:
        request = Request("POST", target, headers, body, Line())
        return desk.receive(request, clock_s=at_s, wall_s=0.0)[1].status

    times = (9.9, 10.0, 14.9, 15.0, 19.9, 20.0)
    primary = [status("/anthropic/v1/messages", at_s) for at_s in times]
    assert primary == [200, 503, 503, None, None, 200]
    other = [status("/openai/v1/chat/completions", at_s) for at_s in times]
    assert other == [200] * len(times)
