"""Lines for a standard output that somebody reads, late or never."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from heliograph.camera.sinks import console
from heliograph.camera.sinks.console import Lines
from heliograph.camera.sinks.jsonl import SinkError


@contextmanager
def full_pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Put a full pipe in the place of standard output; return its reading end."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"." * 512)
    os.set_blocking(writing, True)
    with (
        os.fdopen(writing, "w", encoding="ascii", errors="replace") as file,
        monkeypatch.context() as patch,
    ):
        patch.setattr("sys.stdout", file)
        yield reading
    os.close(reading)


def read_until(reading: int, end: str) -> str:
    """Return what comes out of a pipe that was full, until *end* is there."""
    told = ""
    while end not in told:
        told += os.read(reading, 1 << 16).decode("ascii")
    return told.lstrip(".")


def test_who_does_not_read_holds_up_nobody_and_is_told_what_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console, "LINES_MAX", 10)
    told = 1_000
    with full_pipe(monkeypatch) as pipe, Lines() as lines:
        for number in range(told):
            lines.put(f"line {number}")
        dropped = lines.dropped
        assert told - dropped in range(10, 10 + console.LINES_AT_ONCE + 1)
        shown = read_until(pipe, f"line {told - 1}\n")
    numbers = [int(number) for number in re.findall(r"line (\d+)\n", shown)]
    assert numbers == sorted(numbers)
    assert len(numbers) == told - dropped
    assert f"({dropped} lines are left out: nobody read them)\n" in shown


def test_what_was_put_is_written_before_the_end_whatever_its_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with full_pipe(monkeypatch) as pipe, Lines() as lines:
        lines.put("caf\N{LATIN SMALL LETTER E WITH ACUTE}")
        assert read_until(pipe, "\n") == "caf?\n"
        lines.put("one more")
        lines.close()
        assert read_until(pipe, "\n") == "one more\n"
    assert lines.dropped == 0


def test_the_end_of_what_went_wrong_elsewhere_does_not_wait_for_a_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(console, "GOODBYE_S", 0.01)

    def go_wrong() -> None:
        with Lines() as lines:
            lines.put("never read")
            raise SinkError("the disk")

    with full_pipe(monkeypatch) as pipe:
        with pytest.raises(SinkError, match="the disk"):
            go_wrong()
        assert read_until(pipe, "\n") == "never read\n"


def test_a_disk_that_is_full_is_an_error_of_the_next_line_and_of_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Path("/dev/full").open("w", encoding="ascii") as full:
        monkeypatch.setattr("sys.stdout", full)
        lines = Lines()
        lines.start()
        lines.put("lost")
        for _ in range(2):
            with pytest.raises(SinkError, match="standard output: no space left"):
                lines.close()
        with pytest.raises(SinkError, match="standard output: no space left"):
            lines.put("another")
