"""`heliograph watch` and `heliograph render`."""

import argparse
from pathlib import Path

from heliograph.cli.adding import Commands, add, add_size
from heliograph.cli.arguments import factor, speed
from heliograph.cli.destinations import add_destinations, destinations_of
from heliograph.cli.detection import add_detector, add_reconstruction, detector_of
from heliograph.cli.filters import add_filters, filter_changes


def add_watch(commands: Commands) -> None:
    """`heliograph watch`."""
    watch = add(commands, "watch", "caption an event recording", run_watch)
    watch.epilog = (
        "HELIOGRAPH_API_KEY in the environment is sent to the gateway;"
        " HELIOGRAPH_VIEW_TOKEN is what browsers must know to look on."
    )
    watch.add_argument(
        "source",
        type=Path,
        nargs="?",
        metavar="FILE",
        help="the recording: RAW, DAT, HDF5, AEDAT4, NPY or NPZ, - for standard "
        "input, live: for a sensor, 'udp://HOST:PORT?format=evt3&width=1280&height=720'"
        " for datagrams; may be left out where the config names a source",
    )
    add_size(watch)
    watch.add_argument(
        "--follow",
        action="store_true",
        help="wait for what is written to a file that grows, until it is deleted",
    )
    watch.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML config of the camera; options given here win over it",
    )
    watch.add_argument(
        "--gateway", metavar="URL", help="the gateway (http://127.0.0.1:8080)"
    )
    watch.add_argument(
        "--model", metavar="NAME", help="provider/model; default: the first listed"
    )
    watch.add_argument(
        "--speed",
        type=speed,
        metavar="FACTOR",
        help="max (the default), or 1.0 for recording time",
    )
    add_destinations(watch)
    add_filters(watch)
    add_detector(watch)
    add_reconstruction(watch)
    _add_screens(watch)


def _add_screens(watch: argparse.ArgumentParser) -> None:
    """How it is shown."""
    watch.add_argument(
        "--view",
        metavar="[HOST]:PORT",
        help="show it to browsers there; :8081 is all addresses of this machine",
    )
    watch.add_argument(
        "--explain",
        action="store_true",
        help="print why each track was captioned or not",
    )


def run_watch(arguments: argparse.Namespace) -> int:
    """Caption a recording."""
    from heliograph.camera import command
    from heliograph.camera.types import Size

    return command.run_watch(
        arguments.source,
        size=arguments.size and Size(*arguments.size),
        follow=arguments.follow,
        config=arguments.config,
        gateway=arguments.gateway,
        model=arguments.model,
        out=arguments.out,
        speed=arguments.speed,
        destinations=destinations_of(arguments),
        resume=arguments.resume,
        filters=filter_changes(arguments),
        detector=detector_of(arguments),
        reconstruction=arguments.reconstruction,
        explain=arguments.explain,
        view=arguments.view,
    )


def add_render(commands: Commands) -> None:
    """`heliograph render`."""
    render = add(
        commands, "render", "write an event recording as an annotated film", run_render
    )
    render.add_argument("source", type=Path, metavar="FILE", help="the recording")
    add_size(render)
    render.add_argument("out", type=Path, metavar="FILM", help="FILM.mp4 or FILM.gif")
    render.add_argument(
        "--captions",
        type=Path,
        metavar="FILE",
        help="captions that `watch --out` wrote of this recording",
    )
    render.add_argument(
        "--fps",
        type=float,
        default=30.0,
        metavar="N",
        help="frames a second (%(default)g)",
    )
    render.add_argument(
        "--speed",
        type=factor,
        default=1.0,
        metavar="FACTOR",
        help="of recording time; 0.1 is slow motion (%(default)g)",
    )
    add_detector(render)
    render.add_argument("--force", action="store_true", help="overwrite FILM")


def run_render(arguments: argparse.Namespace) -> int:
    """Render a recording."""
    from heliograph.camera import render
    from heliograph.camera.types import Size

    return render.run_render(
        arguments.source,
        arguments.out,
        size=arguments.size and Size(*arguments.size),
        captions=arguments.captions,
        fps=arguments.fps,
        speed=arguments.speed,
        force=arguments.force,
        detector=detector_of(arguments),
    )
