"""`heliograph cut`."""

import argparse
from math import inf
from pathlib import Path

from heliograph.cli.adding import Commands, add, add_size
from heliograph.cli.arguments import seconds


def add_cut(commands: Commands) -> None:
    """`heliograph cut`."""
    cut = add(commands, "cut", "write a part of a recording as RAW EVT3", run_cut)
    cut.add_argument("source", type=Path, metavar="FILE", help="the recording")
    cut.add_argument("out", type=Path, metavar="OUT", help="the RAW file")
    cut.add_argument(
        "--from",
        dest="from_s",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="where the part begins, from the recording's begin (%(default)g)",
    )
    cut.add_argument(
        "--to",
        dest="to_s",
        type=seconds,
        default=inf,
        metavar="SECONDS",
        help="where it ends (the recording's end)",
    )
    add_size(cut)
    cut.add_argument("--force", action="store_true", help="overwrite OUT")


def run_cut(arguments: argparse.Namespace) -> int:
    """Cut a recording."""
    from heliograph.camera import cut
    from heliograph.camera.types import Size

    return cut.run_cut(
        arguments.source,
        arguments.out,
        from_s=arguments.from_s,
        to_s=arguments.to_s,
        size=arguments.size and Size(*arguments.size),
        force=arguments.force,
    )
