"""`heliograph caption`."""

import argparse
from pathlib import Path

from heliograph.cli.adding import Commands, add, add_size
from heliograph.cli.arguments import usd
from heliograph.cli.detection import add_detector, add_reconstruction, detector_of


def add_caption(commands: Commands) -> None:
    """`heliograph caption`."""
    caption = add(
        commands, "caption", "caption many event recordings, each once", run_caption
    )
    caption.epilog = "HELIOGRAPH_API_KEY in the environment is sent to the gateway."
    caption.add_argument(
        "paths",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="a recording, or a folder: all recordings at and below it",
    )
    caption.add_argument(
        "--out",
        type=Path,
        default=Path("captions.jsonl"),
        metavar="FILE",
        help="where captions go as JSON lines (%(default)s); what is to be remembered "
        "of the batch stands beside it",
    )
    caption.add_argument(
        "--resume",
        action="store_true",
        help="go on with the batch that FILE is of, after whatever ended it",
    )
    caption.add_argument(
        "--cost-max",
        type=usd,
        metavar="USD",
        help="end before the captions in FILE have cost more than this",
    )
    caption.add_argument(
        "--unknown-cost",
        choices=("stop", "allow"),
        default="stop",
        help="what to do under a cap where the gateway tells no cost (%(default)s)",
    )
    add_size(caption)
    caption.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML config of a camera: filters, zones, model; options here win over it",
    )
    caption.add_argument(
        "--gateway", metavar="URL", help="the gateway (http://127.0.0.1:8080)"
    )
    caption.add_argument(
        "--model", metavar="NAME", help="provider/model; default: the first listed"
    )
    add_detector(caption)
    add_reconstruction(caption)


def run_caption(arguments: argparse.Namespace) -> int:
    """Caption many recordings."""
    from heliograph.camera import batch_command
    from heliograph.camera.types import Size

    return batch_command.run_caption(
        arguments.paths,
        out=arguments.out,
        resume=arguments.resume,
        cost_max_usd=arguments.cost_max,
        unknown_cost=arguments.unknown_cost,
        size=arguments.size and Size(*arguments.size),
        config=arguments.config,
        gateway=arguments.gateway,
        model=arguments.model,
        detector=detector_of(arguments),
        reconstruction=arguments.reconstruction,
    )
