"""The command line: arguments only, no logic.

Each command loads its half when it is asked for, so that the gateway starts without
the camera's packages and `--help` without either.
"""

import argparse
import sys
from collections.abc import Sequence

from heliograph import __version__
from heliograph.cli.adding import Command
from heliograph.cli.camera import add_render, add_watch
from heliograph.cli.captioning import add_caption
from heliograph.cli.cutting import add_cut
from heliograph.cli.evaluation import add_eval
from heliograph.cli.filters import add_hot_pixels
from heliograph.cli.gateway import add_check, add_serve
from heliograph.cli.keys import add_keys
from heliograph.cli.ledger import add_costs, add_ledger
from heliograph.cli.plays import add_demo, add_drill
from heliograph.cli.prices import add_prices
from heliograph.cli.simulate import add_simulate
from heliograph.cli.training import add_train

CAMERA_PACKAGES = frozenset(
    {"numpy", "numba", "cv2", "onnxruntime", "paho", "rich", "urllib3"}
)
TRAIN_PACKAGES = frozenset({"torch", "onnx"})


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit status."""
    arguments = parser().parse_args(argv)
    command: Command = arguments.command
    try:
        return command(arguments)
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as error:
        if error.name in CAMERA_PACKAGES:
            needed = ("the camera's packages", "camera")
        elif error.name in TRAIN_PACKAGES:
            needed = ("what trains a detector", "train")
        else:
            raise
        print(
            f"error: this command needs {needed[0]} ({error.name} is not "
            f"installed): pip install 'heliograph[{needed[1]}]'",
            file=sys.stderr,
        )
        return 1


def parser() -> argparse.ArgumentParser:
    """Describe every command and option."""
    top = argparse.ArgumentParser(
        prog="heliograph",
        description="An LLM gateway that keeps answering through an outage, and an "
        "event-camera captioner that calls it.",
    )
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    add_serve(commands)
    add_check(commands)
    add_prices(commands)
    add_keys(commands)
    add_costs(commands)
    add_ledger(commands)
    add_watch(commands)
    add_caption(commands)
    add_render(commands)
    add_hot_pixels(commands)
    add_cut(commands)
    add_eval(commands)
    add_simulate(commands)
    add_train(commands)
    add_demo(commands)
    add_drill(commands)
    return top
