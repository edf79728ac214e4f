"""What a watch looks like: a live view in a terminal, plain lines anywhere else.

The reader leaves what it knows here, which costs it microseconds; a thread of the
screen's own draws a few times a second, also while the reader waits.
"""

import io
import sys
from collections import deque
from collections.abc import Callable, Sequence
from math import atan2, hypot, pi
from textwrap import wrap
from typing import Self

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.screen import Facts, Look, Screen
from heliograph.camera.sinks.console import GOODBYE_S, Lines
from heliograph.camera.summary import UNTOLD, Tally
from heliograph.camera.types import Box, Caption, Track

REFRESHES_PER_S = 6
CAPTIONS_SHOWN = 8
TRACKS_SHOWN = 5
NEWEST_LINES = 2
OTHER_LINES = 9
"""Head, headings, rules, foot and the lines between: what is not a row."""
BIN_US = 100_000
BINS_SHOWN = 24
BARS = "▁▂▃▄▅▆▇█"
WIDTH_MAX = 120
WIDTH_FULL = 96
"""Below it the view leaves columns out."""
FALLBACK_MARK = "↪"
TIMES = "\N{MULTIPLICATION SIGN}"
ARROWS = "→↘↓↙←↖↑↗"
STILL_PX_S = 15.0
STATE_STYLES = {
    "confirmed": "green",
    "coasting": "cyan",
    "stationary": "dim",
    "tentative": "yellow",
}
"""How each state is shown, the surest first."""
STATES = list(STATE_STYLES)


def open_screen(
    facts: Facts,
    tally: Tally,
    counters: Callable[[], QueueCounters],
    *,
    console: Console | None = None,
    plain: bool = False,
    lines: Lines | None = None,
) -> Screen:
    """Return the screen that suits *console*, standard output by default.

    *plain* is for whoever writes *lines* of their own beside it.
    """
    console = console or Console(highlight=False)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a letter shows a mark for it; it is no failure.
        sys.stdout.reconfigure(errors="replace")
    if console.is_terminal and not console.is_dumb_terminal and not plain:
        return LiveScreen(facts, tally, counters, console=console)
    return PlainScreen(facts, tally, lines=lines)


class PlainScreen:
    """One line a caption, for files, pipes and logs; *tally* counts those given up.

    They go among *lines*, or are the only ones there.
    """

    def __init__(
        self, facts: Facts, tally: Tally, *, lines: Lines | None = None
    ) -> None:
        self._facts = facts
        self._tally = tally
        self._has_own_lines = lines is None
        self._lines = lines or Lines()

    def window(
        self, now_us: int, events: int, tracks: Sequence[Track], picture: Look
    ) -> None:
        """Show nothing: a window is no news."""
        del now_us, events, tracks, picture
        self._tally.lines_dropped = self._lines.dropped

    def caption(self, caption: Caption) -> None:
        """Have *caption* printed in one line; nobody waits until it is."""
        self._tally.lines_dropped = self._lines.dropped
        told = caption.text
        if caption.error is not None:
            told += f" ({caption.error})"
        mark = f" {FALLBACK_MARK}" if caption.fallback else ""
        self._lines.put(
            f"{_at(caption, self._facts):>9}  track {caption.track_id}  "
            f"{_origin(caption)}{mark}  {caption.latency_ms:.0f} ms  {told}"
        )

    def __enter__(self) -> Self:
        if self._has_own_lines:
            self._lines.start()
        return self

    def __exit__(self, *raised: object) -> None:
        if self._has_own_lines:
            # The sinks are open still, and wait for their goodbye.
            self._lines.close(GOODBYE_S)


class LiveScreen:
    """Draws what it was last told, `REFRESHES_PER_S` times a second."""

    def __init__(
        self,
        facts: Facts,
        tally: Tally,
        counters: Callable[[], QueueCounters],
        *,
        console: Console,
    ) -> None:
        self._facts = facts
        self._tally = tally
        self._counters = counters
        self._console = console
        self._now_us = facts.begin_us
        self._tracks: tuple[Track, ...] = ()
        self._captions: deque[Caption] = deque(maxlen=CAPTIONS_SHOWN)
        self._bins: deque[int] = deque([0], maxlen=BINS_SHOWN)
        self._bin = 0
        self._live = Live(
            console=console,
            get_renderable=self.draw,
            refresh_per_second=REFRESHES_PER_S,
            vertical_overflow="crop",
        )

    def window(
        self, now_us: int, events: int, tracks: Sequence[Track], picture: Look
    ) -> None:
        """Remember the window that ends at *now_us*; a terminal shows no picture."""
        del picture
        bin_ = (now_us - self._facts.begin_us - 1) // BIN_US
        while self._bin < bin_:
            self._bins.append(0)
            self._bin += 1
        self._bins[-1] += events
        self._now_us = now_us
        self._tracks = tuple(tracks)

    def caption(self, caption: Caption) -> None:
        """Remember *caption*."""
        self._captions.append(caption)

    def draw(self) -> Group:
        """Return the whole view for the console's size now."""
        # One column stays free: some terminals wrap a line that fills the last one.
        width = min(self._console.width - 1, WIDTH_MAX)
        other = OTHER_LINES + TRACKS_SHOWN + NEWEST_LINES
        # A view as high as the terminal would scroll it with every refresh.
        rows = max(2, min(CAPTIONS_SHOWN, self._console.height - 1 - other))
        captions = list(self._captions)[-rows:]
        rule = Text("─" * width, style="dim")
        lines = [
            *self._head(width),
            rule,
            *draw_tracks(self._tracks, self._now_us, width=width),
            Text(""),
            *draw_captions(captions, self._facts, rows=rows, width=width),
            *draw_newest(captions, width=width),
            rule,
            self._foot(width),
        ]
        return Group(*lines)

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(self, *raised: object) -> None:
        self._live.stop()

    def _head(self, width: int) -> list[Text]:
        facts, tally = self._facts, self._tally
        pace = "full speed" if facts.speed is None else f"{facts.speed:g}{TIMES} speed"
        sensor = f"{facts.format} {facts.size.width}{TIMES}{facts.size.height}"
        bins = list(self._bins)
        # The last bin is still filling up; the one before tells the rate.
        rate = bins[-2 if len(bins) > 1 else -1] * 1e6 / BIN_US / 1e6
        seconds = (self._now_us - facts.begin_us) / 1e6
        title = Text(" ")
        title.append("heliograph", style="bold cyan")
        title.append(" watch  ", style="cyan")
        title.append(facts.name, style="bold")
        now = Text(f" {seconds:8.2f} s  ", style="bold")
        now.append(sparkline(bins).rjust(BINS_SHOWN), style="cyan")
        now.append(f"  {rate:6.2f} Mev/s", style="default")
        return [
            _spread(title, Text(f"{sensor}  {pace} ", style="dim"), width),
            _spread(
                now,
                Text(
                    f"{tally.events:,} events, {tally.windows:,} windows ", style="dim"
                ),
                width,
            ),
        ]

    def _foot(self, width: int) -> Text:
        queue, tally = self._counters(), self._tally
        left = Text(" ")
        left.append(f"{tally.captions} captions", style="bold green")
        left.append(f" of {tally.asked}   {queue.waiting} waiting, ", style="default")
        left.append(f"{queue.in_flight} in flight   ", style="default")
        left.append(
            f"{tally.errors} by template", style="yellow" if tally.errors else "dim"
        )
        right = Text(f"{FALLBACK_MARK} answered by a fallback ", style="dim")
        return _spread(left, right, width)


def draw_tracks(tracks: Sequence[Track], now_us: int, *, width: int) -> list[Text]:
    """Return a heading and `TRACKS_SHOWN` lines, the surest and largest first."""
    widths = [7, 12, 9, 22, 18] if width >= WIDTH_FULL - 1 else [7, 11, 8, 21, 14]
    heads = ["TRACK", "STATE", "AGE", "BOX", "MOTION"]
    order = sorted(
        tracks,
        key=lambda t: (STATES.index(t.state), -t.box.area),
    )
    shown = order[:TRACKS_SHOWN]
    lines = [_row(list(zip(heads, widths, ["bold dim"] * 5, strict=True)), width)]
    for track in shown:
        cells = (
            (f"#{track.id}", "bold"),
            (track.state, STATE_STYLES[track.state]),
            (f"{(now_us - track.first_us) / 1e6:.1f} s", ""),
            (_place(track.box), ""),
            (_motion(track), ""),
        )
        lines.append(
            _row(
                [
                    (text, w, style)
                    for (text, style), w in zip(cells, widths, strict=True)
                ],
                width,
            )
        )
    blank = [Text("") for _ in range(TRACKS_SHOWN - len(shown))]
    if not shown:
        blank[0] = Text("  nothing moves", style="dim")
    if len(order) > len(shown):
        lines[0] = _spread(
            lines[0], Text(f"{len(order) - len(shown)} more ", style="dim"), width
        )
    return lines + blank


def draw_captions(
    captions: Sequence[Caption], facts: Facts, *, rows: int, width: int
) -> list[Text]:
    """Return a heading and *rows* lines, the newest last."""
    full = width >= WIDTH_FULL - 1
    origin, tries, took = (24, 6, 8) if full else (18, 4, 0)
    rest = max(10, width - 2 - 9 - 6 - origin - tries - took)
    head = [
        ("AT", 9, "bold dim"),
        ("TRACK", 6, "bold dim"),
        ("CAPTION", rest, "bold dim"),
        ("FROM", origin, "bold dim"),
        ("TRY", tries, "bold dim"),
        ("TOOK", took, "bold dim"),
    ]
    lines = [_row(head, width)]
    for caption in captions:
        failed = caption.error is not None
        attempts = "" if caption.attempts is None else str(caption.attempts)
        mark = f" {FALLBACK_MARK}" if caption.fallback else ""
        cells = [
            (_at(caption, facts), 9, "dim"),
            (f"#{caption.track_id}", 6, "bold"),
            (caption.text, rest, "yellow" if failed else ""),
            (_origin(caption), origin, "yellow" if caption.fallback else "cyan"),
            (attempts + mark, tries, "yellow" if caption.fallback else "dim"),
            (f"{caption.latency_ms:.0f} ms", took, "dim"),
        ]
        lines.append(_row(cells, width))
    blank = [Text("") for _ in range(rows - len(captions))]
    if not captions:
        blank[0] = Text(
            f"  none yet; {facts.model or 'the gateway'} is asked", style="dim"
        )
    return lines + blank


def draw_newest(captions: Sequence[Caption], *, width: int) -> list[Text]:
    """Return `NEWEST_LINES` lines with as much of the newest caption as they hold."""
    told = captions[-1].text if captions else ""
    room = width - 5
    wrapped = wrap(told, room, max_lines=NEWEST_LINES, placeholder=" …")
    lines = [
        Text(f"  {'>' if number == 0 else ' '} {_fit(line, room)}", style="bold green")
        for number, line in enumerate(wrapped)
    ]
    return lines + [Text("") for _ in range(NEWEST_LINES - len(lines))]


def sparkline(bins: Sequence[int]) -> str:
    """Return a bar a bin, as high as its share of the largest."""
    top = max(max(bins, default=0), 1)
    return "".join(BARS[min(len(BARS) - 1, count * len(BARS) // top)] for count in bins)


def _place(box: Box) -> str:
    size = f"{box.width:4.0f}{TIMES}{box.height:<4.0f}"
    return f"{size} at {box.x:.0f},{box.y:.0f}"


def _motion(track: Track) -> str:
    across, down = track.velocity_x_px_s, track.velocity_y_px_s
    speed = hypot(across, down)
    if track.state == "stationary":
        return "· at rest"
    if track.state == "coasting":
        return "· not seen"
    if speed < STILL_PX_S:
        return "· in place"
    return f"{ARROWS[round(atan2(down, across) / (pi / 4)) % 8]} {speed:.0f} px/s"


def _at(caption: Caption, facts: Facts) -> str:
    return f"{(caption.t_us - facts.begin_us) / 1e6:.2f} s"


def _origin(caption: Caption) -> str:
    if caption.rung == "template":
        return caption.rung
    if caption.provider is None:
        return UNTOLD
    return f"{caption.provider}/{caption.model}" if caption.model else caption.provider


def _row(cells: Sequence[tuple[str, int, str]], width: int) -> Text:
    """Return cells of fixed widths in one line; what is too long ends in a dot."""
    line = Text("  ")
    for text, columns, style in cells:
        if columns:
            line.append(_fit(text, columns - 1) + " ", style=style)
    line.truncate(width)
    return line


def _fit(text: str, columns: int) -> str:
    if cell_len(text) > columns:
        return set_cell_size(text, columns - 1) + "…"
    return set_cell_size(text, columns)


def _spread(left: Text, right: Text, width: int) -> Text:
    """Return *left* and *right* at the two ends of a line; *right* yields."""
    room = width - left.cell_len
    if room < right.cell_len + 1:
        left.truncate(width, overflow="ellipsis")
        return left
    left.append(" " * (room - right.cell_len))
    left.append_text(right)
    return left
