"""`heliograph watch`."""

import argparse
import os
from pathlib import Path

from heliograph.cli.adding import Commands, add
from heliograph.cli.arguments import speed


def add_watch(commands: Commands) -> None:
    """`heliograph watch`."""
    watch = add(commands, "watch", "caption an event recording", run_watch)
    watch.epilog = "HELIOGRAPH_API_KEY in the environment is sent to the gateway."
    watch.add_argument("source", type=Path, metavar="FILE", help="RAW EVT2 or EVT3")
    watch.add_argument(
        "--gateway",
        default="http://127.0.0.1:8080",
        metavar="URL",
        help="the gateway (%(default)s)",
    )
    watch.add_argument(
        "--model", metavar="NAME", help="provider/model; default: the first listed"
    )
    watch.add_argument(
        "--out", type=Path, metavar="FILE", help="write captions as JSON lines"
    )
    watch.add_argument(
        "--speed",
        type=speed,
        default="max",
        metavar="FACTOR",
        help="max (the default), or 1.0 for recording time",
    )


def run_watch(arguments: argparse.Namespace) -> int:
    """Caption a recording."""
    from heliograph.camera import pipeline

    return pipeline.run_watch(
        arguments.source,
        gateway=arguments.gateway,
        model=arguments.model,
        out=arguments.out,
        speed=arguments.speed,
        api_key=os.environ.get("HELIOGRAPH_API_KEY"),
    )
