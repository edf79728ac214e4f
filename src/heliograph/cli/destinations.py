"""The options that say where captions and pictures go."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heliograph.camera.config import Destinations


def add_destinations(watch: argparse.ArgumentParser) -> None:
    """Give *watch* its options."""
    watch.add_argument(
        "--out", type=Path, metavar="FILE", help="write captions as JSON lines"
    )
    watch.add_argument(
        "--spool",
        type=Path,
        metavar="FILE",
        help="keep pictures that no model was there for, and ask about them later",
    )
    watch.add_argument(
        "--resume",
        action="store_true",
        help="ask about nothing that the spool knows: go on after a crash",
    )
    watch.add_argument(
        "--mqtt",
        metavar="URL",
        help="tell a broker of captions and tracks: mqtt://HOST[:PORT], or mqtts://",
    )
    watch.add_argument(
        "--webhook", metavar="URL", help="post each caption there, as JSON"
    )
    watch.add_argument(
        "--snapshots",
        type=Path,
        metavar="FOLDER",
        help="keep each caption's picture there, as ID.png",
    )
    watch.add_argument(
        "--clips",
        type=Path,
        metavar="FOLDER",
        help="keep the recording around each caption there, as ID.raw",
    )
    watch.add_argument(
        "--metrics",
        metavar="[HOST]:PORT",
        help="answer Prometheus there; :9101 is all addresses of this machine",
    )


def destinations_of(arguments: argparse.Namespace) -> "Destinations":
    """Return what the options say."""
    from heliograph.camera.config import Destinations

    return Destinations(
        spool=arguments.spool,
        mqtt=arguments.mqtt,
        webhook=arguments.webhook,
        snapshots=arguments.snapshots,
        clips=arguments.clips,
        metrics=arguments.metrics,
    )
