"""Every command and option is told in the README or the guide."""

import argparse
import re
from collections.abc import Iterator

import pytest

from architecture.tree import ROOT
from heliograph.cli import parser

EVERYWHERE = {"-h", "--help"}


def commands(
    at: argparse.ArgumentParser, name: str
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield each command that can be run, with its full name."""
    kinds = [a for a in at._actions if isinstance(a, argparse._SubParsersAction)]
    if not kinds:
        yield name, at
    for kind in kinds:
        for word, below in kind.choices.items():
            yield from commands(below, f"{name} {word}")


def options() -> list[tuple[str, str]]:
    """List pairs of command and option."""
    return [
        (name, option)
        for name, command in [("heliograph", parser()), *COMMANDS]
        for action in command._actions
        for option in action.option_strings
        if option not in EVERYWHERE
    ]


COMMANDS = list(commands(parser(), "heliograph"))


def told() -> str:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_every_command_is_told(name: str) -> None:
    assert name in told()


@pytest.mark.parametrize(("name", "option"), options())
def test_every_option_is_told(name: str, option: str) -> None:
    assert name.startswith("heliograph")
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", told())


def test_every_option_says_what_it_is_for() -> None:
    silent = [
        f"{name} {action.option_strings or action.dest}"
        for name, command in COMMANDS
        for action in command._actions
        if not action.help
    ]
    assert silent == []
