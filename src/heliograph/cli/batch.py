"""`heliograph caption`."""

import argparse
from pathlib import Path

from heliograph.cli.adding import Commands, add, add_size
from heliograph.cli.arguments import factor


def add_caption(commands: Commands) -> None:
    """`heliograph caption`."""
    batch = add(commands, "caption", "caption all recordings in a folder", run_caption)
    batch.epilog = "HELIOGRAPH_API_KEY in the environment is sent to the gateway."
    batch.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="with recordings, also in folders of it",
    )
    batch.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="write captions as JSON lines; what is done is kept beside it",
    )
    batch.add_argument(
        "--resume", action="store_true", help="go on with a batch that was begun"
    )
    batch.add_argument(
        "--cost-max",
        type=factor,
        metavar="USD",
        help="end when the captions have cost so much, with those before",
    )
    batch.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML config of the camera; options given here win over it",
    )
    batch.add_argument(
        "--gateway", metavar="URL", help="the gateway (http://127.0.0.1:8080)"
    )
    batch.add_argument(
        "--model", metavar="NAME", help="provider/model; default: the first listed"
    )
    add_size(batch)


def run_caption(arguments: argparse.Namespace) -> int:
    """Caption a folder."""
    from heliograph.camera import batch
    from heliograph.camera.types import Size

    return batch.run_batch(
        arguments.folder,
        arguments.out,
        config=arguments.config,
        gateway=arguments.gateway,
        model=arguments.model,
        size=arguments.size and Size(*arguments.size),
        resume=arguments.resume,
        cost_max_usd=arguments.cost_max,
    )
