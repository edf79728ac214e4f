"""What a watch looks like, drawn without a terminal."""

import io
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.console import Console

from caption_parts import CAPTION, TRACK
from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.screen import Facts
from heliograph.camera.summary import Tally
from heliograph.camera.types import Size, Track, TrackState
from heliograph.camera.view import (
    CAPTIONS_SHOWN,
    TIMES,
    LiveScreen,
    PlainScreen,
    open_screen,
    sparkline,
)

FACTS = Facts(
    name="a_recording_with_a_rather_long_name_gen31_person_sweep_evt3.raw",
    size=Size(640, 480),
    format="EVT3",
    speed=1.0,
    begin_us=1_000_000,
    model="anthropic/claude-sonnet-4-6",
)
COUNTERS = QueueCounters(waiting=2, in_flight=3, full=1, expired=0, unfinished=0)
LONG = "a person walks to the left and carries a long pole on the shoulder " * 4

TEMPLATE = replace(
    CAPTION,
    text="moving object, moving left, 3 s, 0.87",
    rung="template",
    provider=None,
    model=None,
    error="HTTP 503: down",
)


def terminal(width: int = 100, height: int = 30) -> Console:
    return Console(
        file=io.StringIO(),
        force_terminal=True,
        color_system=None,
        width=width,
        height=height,
    )


def look(now_us: int) -> NDArray[np.uint8]:
    raise AssertionError(f"a terminal shows no picture, not at {now_us} either")


def live(console: Console, tally: Tally | None = None) -> LiveScreen:
    return LiveScreen(FACTS, tally or Tally(), lambda: COUNTERS, console=console)


def lines_of(screen: LiveScreen, console: Console) -> list[str]:
    with console.capture() as captured:
        console.print(screen.draw())
    return captured.get().splitlines()


def busy(console: Console) -> LiveScreen:
    tally = Tally(asked=12, captions=9, errors=1)
    screen = live(console, tally)
    tracks: list[Track] = [
        replace(TRACK, id=number, first_us=1_000_000, velocity_x_px_s=-250.0)
        for number in range(1, 9)
    ]
    for number in range(1, 301):
        screen.window(1_000_000 + number * 10_000, 5_000 * (number % 40), tracks, look)
    for number in range(1, 10):
        screen.caption(replace(CAPTION, track_id=number, text=LONG))
    return screen


@pytest.mark.parametrize("width", [60, 80, 100, 140])
@pytest.mark.parametrize("height", [16, 24, 50])
def test_no_line_wraps_and_the_view_fits_the_terminal(width: int, height: int) -> None:
    console = terminal(width, height)
    lines = lines_of(busy(console), console)
    assert max(cell_len(line) for line in lines) < width
    assert len(lines) < max(height, 20)


def test_wide_characters_keep_the_columns_in_place() -> None:
    console = terminal()
    screen = busy(console)
    screen.caption(replace(CAPTION, text="行人向左走着 肩上扛着一根很长的杆子" * 5))
    heading, *captions = [
        line
        for line in lines_of(screen, console)
        if "openai/" in line or "FROM" in line
    ]
    column = heading.index("FROM")
    assert {cell_len(line[: line.index("openai/")]) for line in captions} == {column}


def test_a_caption_shows_when_which_track_what_and_where_it_came_from() -> None:
    console = terminal()
    screen = live(console)
    screen.caption(replace(CAPTION, attempts=2, fallback=True))
    (line,) = [line for line in lines_of(screen, console) if "#1" in line]
    for told in ("0.25 s", "a person walks", "openai/gpt-4o", "2 ↪", "412 ms"):
        assert told in line


def test_what_the_template_says_is_marked_as_such() -> None:
    console = terminal()
    screen = live(console)
    screen.caption(TEMPLATE)
    (line,) = [line for line in lines_of(screen, console) if "#1" in line]
    assert "moving object, moving left, 3 s" in line
    assert "template" in line


def test_the_last_captions_are_shown_and_the_newest_in_full() -> None:
    console = terminal(height=50)
    screen = live(console)
    for number in range(1, 20):
        screen.caption(replace(CAPTION, track_id=number, text=f"caption {number}"))
    text = "\n".join(lines_of(screen, console))
    assert "> caption 19" in text
    assert "caption 12" in text
    assert f"caption {19 - CAPTIONS_SHOWN}" not in text.replace("caption 19", "")


def test_tracks_show_the_surest_first_and_how_many_more_there_are() -> None:
    console = terminal()
    lines = lines_of(busy(console), console)
    assert any("3 more" in line for line in lines)
    (track,) = [line for line in lines if line.startswith("  #1 ") and "px/s" in line]
    for told in ("confirmed", "3.0 s", f"60{TIMES}120", "at 100,80", "← 250 px/s"):
        assert told in track


@pytest.mark.parametrize(
    ("state", "told"), [("coasting", "not seen"), ("stationary", "at rest")]
)
def test_a_track_that_is_not_seen_says_why(state: TrackState, told: str) -> None:
    console = terminal()
    screen = live(console)
    screen.window(2_000_000, 5, [replace(TRACK, state=state)], look)
    assert any(told in line for line in lines_of(screen, console))


def test_the_foot_counts_captions_of_models_and_of_the_template() -> None:
    console = terminal()
    foot = lines_of(busy(console), console)[-1]
    for told in (
        "9 captions of 12",
        "2 waiting",
        "3 in flight",
        "1 by template",
    ):
        assert told in foot


def test_the_rate_is_that_of_the_last_tenth_of_a_second() -> None:
    console = terminal()
    screen = live(console)
    for number in range(1, 22):
        screen.window(1_000_000 + number * 10_000, 10_000, [], look)
    assert any("1.00 Mev/s" in line for line in lines_of(screen, console))


def test_a_sparkline_has_a_bar_a_bin() -> None:
    assert sparkline([0, 1, 4, 8]) == "▁▂▅█"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""


def test_a_terminal_gets_the_live_view_and_a_pipe_plain_lines() -> None:
    def counters() -> QueueCounters:
        return COUNTERS

    pipe = Console(file=io.StringIO(), width=80)
    assert isinstance(
        open_screen(FACTS, Tally(), counters, console=terminal()), LiveScreen
    )
    assert isinstance(open_screen(FACTS, Tally(), counters, console=pipe), PlainScreen)


def test_plain_lines_are_one_a_caption_and_never_cut(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with PlainScreen(FACTS, Tally()) as screen:
        screen.window(2_000_000, 5, [TRACK], look)
        screen.caption(replace(CAPTION, text=LONG.strip() + " [bold]x[/bold]"))
        screen.caption(TEMPLATE)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("   0.25 s  track 1  openai/gpt-4o  412 ms  a person")
    assert first.endswith("shoulder [bold]x[/bold]")
    assert second.endswith(
        "template  412 ms  moving object, moving left, 3 s, 0.87 (HTTP 503: down)"
    )


def test_the_live_view_draws_itself_while_it_is_entered() -> None:
    console = terminal()
    screen = live(console)
    with screen:
        screen.caption(CAPTION)
    assert isinstance(console.file, io.StringIO)
    assert "a person walks to the left" in console.file.getvalue()
