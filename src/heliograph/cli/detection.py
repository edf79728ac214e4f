"""The options that say which networks look: what finds things, what makes pictures."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heliograph.camera.config import DetectorChoice


def add_detector(command: argparse.ArgumentParser) -> None:
    """Give *command* its options."""
    command.add_argument(
        "--detector",
        choices=("network", "blobs"),
        help="what finds things: a network by class, or blobs of what moves",
    )
    command.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="the network's weights, an ONNX model; those of the package without",
    )


def add_reconstruction(command: argparse.ArgumentParser) -> None:
    """Give *command* its option."""
    command.add_argument(
        "--reconstruction",
        type=Path,
        metavar="FILE",
        help="show the model pictures that this network, an ONNX model of yours, makes "
        "of the events",
    )


def detector_of(arguments: argparse.Namespace) -> "DetectorChoice":
    """Return what the options say."""
    from heliograph.camera.config import DetectorChoice

    return DetectorChoice(arguments.detector, arguments.weights)
