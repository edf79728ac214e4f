"""How a drill is told: figures, the terminal, the page, the chart."""

import io
import re
from xml.etree import ElementTree as ET

import msgspec
import pytest

from drill_parts import good, row
from heliograph.drill import figures
from heliograph.drill.chart import chart
from heliograph.drill.page import page
from heliograph.drill.scale import Box, linear, logarithmic, nice, times
from heliograph.drill.tally import Judged, Tally, tally
from heliograph.drill.terminal import Ink, Progress, render

BOX = Box(0, 100, 0, 100)


@pytest.fixture
def told() -> Tally:
    script, cast = good()
    some = [row(n / 4, "openai" if 40 <= n < 80 else "anthropic") for n in range(120)]
    some[50] = row(12.5, None)
    return tally(some, script, cast, "gateway.yaml")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_times_and_spans() -> None:
    assert [figures.clock(s) for s in (0, 65, 5400)] == ["0:00", "1:05", "1:30:00"]
    assert [figures.span(s) for s in (0.5, 60, 300, 7500)] == [
        "0.5 s",
        "60 s",
        "5 min",
        "2 h 5 min",
    ]


def test_latencies_have_three_figures() -> None:
    told = [figures.latency(v) for v in (None, 3.2, 900, 999.6, 1604, 30_900)]
    assert told == ["–", "3 ms", "900 ms", "1.00 s", "1.60 s", "30.9 s"]  # noqa: RUF001
    more = [figures.more(v) for v in (0.2, 40, -40, 30_000, None)]
    assert more == ["+0 ms", "+40 ms", "−40 ms", "+30.0 s", "–"]  # noqa: RUF001


def test_what_is_not_all_is_never_called_100_percent() -> None:
    assert figures.percent(1) == "100 %"
    assert figures.percent(0.999999) == "99.99 %"
    assert figures.percent(0.98765) == "98.77 %"
    assert figures.by_whom({"a": 999, "b": 1}) == "a >99 %, b <1 %"
    assert figures.by_whom({}) == "nobody"


def test_an_objective_says_what_was_stated_and_measured() -> None:
    missed = Judged("recovery_s", 75, None, met=False)
    assert figures.stated(missed) == "≤ 75 s"
    assert figures.measured(missed) == "never"
    assert figures.verdict(missed) == "MISSED"
    assert figures.verdict(Judged("recovery_s", None, 3, met=True)) == "not asked"


def test_the_terminal_has_aligned_columns_and_no_colour_where_none_is_seen(
    told: Tally,
) -> None:
    text = render(told, 1.0, Ink(io.StringIO()))
    assert "\x1b" not in text
    lines = text.splitlines()
    heading = next(line for line in lines if line.startswith("phase"))
    rows = [line for line in lines if re.match("before |down |after ", line)]
    column = heading.index("answered by")
    assert [line[column:].split()[0] for line in rows] == [
        "anthropic",
        "openai",
        "anthropic",
    ]
    assert "missed 1 of 2 objectives" in text
    assert "1 refused with an error status" in text
    assert "0 in, 0 out; what 120 calls cost is unknown" in text
    assert "SIMULATED" in text


@pytest.mark.parametrize(
    ("nano", "unknown", "said"),
    [
        (0, 0, "cost $0"),
        (2_500_000_001, 0, "cost $2.500000001"),
        (2_500_000_000, 1, "cost $2.5 at least: what 1 call cost is unknown"),
        (0, 1_200, "what 1,200 calls cost is unknown"),
    ],
)
def test_a_cost_that_is_not_known_is_never_called_0(
    told: Tally, nano: int, unknown: int, said: str
) -> None:
    told = msgspec.structs.replace(told, cost_nano=nano, unknown_costs=unknown)
    assert figures.tokens(told) == f"0 in, 0 out; {said}"


def test_a_terminal_gets_colour_unless_it_wants_none(
    told: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31mMISSED\x1b[0m" in render(told, 1.0, Ink(Screen()))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in render(told, 1.0, Ink(Screen()))


def test_progress_is_one_line_on_a_terminal_and_a_line_a_phase_elsewhere() -> None:
    script, _ = good()
    screen, pipe = Screen(), io.StringIO()
    on_screen, in_pipe = Progress(script, screen), Progress(script, pipe)
    for at_s in (0.0, 9.0, 12.0, 25.0):
        on_screen(at_s, 3)
        in_pipe(at_s, 3)
    in_pipe.end()
    on_screen.end()
    assert pipe.getvalue().split() == [
        "0:00",
        "before",
        "0:12",
        "down",
        "0:25",
        "after",
    ]
    assert screen.getvalue().count("\n") == 0
    assert screen.getvalue().endswith("\r\x1b[K")
    assert "0:00 of 0:30  before, 3 requests" in screen.getvalue()


def test_the_page_is_self_contained_and_follows_light_and_dark(told: Tally) -> None:
    text = page(told)
    assert "prefers-color-scheme: dark" in text
    assert "<script" not in text
    assert not re.search(r"(src|href|@import|url\()", text)
    assert "$" not in text
    assert "missed 1 of 2 objectives" in text


def test_names_are_escaped_on_the_page(told: Tally) -> None:
    bad = "<b>&\"'"
    phases = tuple(msgspec.structs.replace(p, name=bad) for p in told.phases)
    spiteful = msgspec.structs.replace(
        told, name=bad, about=bad, sick=bad, config=bad, phases=phases
    )
    assert '<b>&"' not in page(spiteful).replace("<b>&lt;b&gt;", "")
    ET.fromstring(chart(spiteful))  # noqa: S314 - our own text


def test_the_chart_shows_who_answered_what_failed_and_the_attempts(
    told: Tally,
) -> None:
    root = ET.fromstring(chart(told))  # noqa: S314 - our own text
    kinds = [element.get("class") for element in root.iter()]
    assert {"area s0", "area s1", "area failed", "curve p50", "curve p99"} <= {*kinds}
    assert kinds.count("sick") == 1
    assert kinds.count("hover") == len(told.buckets)
    words = [element.text for element in root.iter("text")]
    assert {"before", "down", "after", "anthropic", "openai", "failed"} <= {*words}
    first = next(root.iter("title")).text
    assert first is not None
    assert first.splitlines() == [
        "0:00",
        "anthropic 2",
        "p50 1.00 s, p99 1.00 s",
        "attempts on the sick 2",
    ]


def test_a_drill_that_nobody_answered_is_drawn_too() -> None:
    script, cast = good()
    nobody = tally([row(n / 4, None) for n in range(120)], script, cast, "x")
    assert "area failed" in chart(nobody)
    assert "nobody" in page(nobody)


def test_axes_have_round_ticks_that_hold_every_value() -> None:
    assert [nice(v) for v in (0.03, 1, 3, 7, 0)] == pytest.approx([0.05, 1, 5, 10, 1])
    axis = linear(BOX, [3, 117])
    assert axis.ticks == (0, 50, 100, 150)
    assert axis.y(0) == 100
    assert axis.y(150) == 0
    log = logarithmic(BOX, [900, 31_600])
    assert log.least == 500
    assert log.most == 50_000
    assert log.ticks == (500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
    assert log.y(500) == 100
    assert logarithmic(BOX, []).y(1) == 0
    assert times(7200)[-1] == 7200
