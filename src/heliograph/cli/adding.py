"""How a command is added: its name, its one-line help, what it runs."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from heliograph.cli.arguments import size

Command = Callable[[argparse.Namespace], int]
# What `add_subparsers` returns has a private name only.
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - see above


def add(
    commands: Commands, name: str, told: str, command: Command
) -> argparse.ArgumentParser:
    """Add one command with its one-line help."""
    described = f"{told[0].upper()}{told[1:]}."
    made = commands.add_parser(name, help=told, description=described)
    made.set_defaults(command=command)
    return made


def add_size(made: argparse.ArgumentParser) -> None:
    """Add the option for recordings that do not tell their geometry."""
    made.add_argument(
        "--size",
        type=size,
        metavar="WxH",
        help="the sensor's pixels, for files that do not tell them",
    )
