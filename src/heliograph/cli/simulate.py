"""`heliograph simulate` and what it simulates: providers, camera, scenes."""

import argparse
from pathlib import Path

from heliograph.cli.adding import Commands, add
from heliograph.cli.arguments import port


def add_simulate(commands: Commands) -> None:
    """`heliograph simulate providers`, `camera` and `scenes`."""
    told = "simulated providers, or simulated recordings"
    simulate = commands.add_parser("simulate", help=told, description=f"Run {told}.")
    kinds = simulate.add_subparsers(metavar="WHAT", required=True)
    providers = add(
        kinds,
        "providers",
        "serve providers that speak the real wire formats and misbehave on demand",
        run_simulate_providers,
    )
    providers.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (%(default)s)"
    )
    providers.add_argument(
        "--port", type=port, default=9001, help="port (%(default)s); 0 picks one"
    )
    providers.add_argument("--script", type=Path, metavar="FILE", help="YAML of faults")
    camera = add(kinds, "camera", "write a simulated recording", run_simulate_camera)
    camera.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="the RAW file"
    )
    camera.add_argument(
        "--seconds", type=float, default=30.0, help="how long (%(default)s)"
    )
    camera.add_argument(
        "--seed", type=int, default=1, help="same seed, same events (%(default)s)"
    )
    camera.add_argument("--width", type=int, default=640, help="pixels (%(default)s)")
    camera.add_argument("--height", type=int, default=480, help="pixels (%(default)s)")
    camera.add_argument("--force", action="store_true", help="overwrite FILE.raw")
    _add_scenes(kinds)


def _add_scenes(kinds: Commands) -> None:
    told = "write labelled recordings of scenes made from masked pictures"
    scenes = add(kinds, "scenes", told, run_simulate_scenes)
    scenes.add_argument(
        "--images",
        type=Path,
        required=True,
        metavar="DIR",
        help="masked pictures: PennFudanPed/ and coco128/",
    )
    scenes.add_argument(
        "--videos",
        type=Path,
        required=True,
        metavar="DIR",
        help="videos of static cameras, for backgrounds",
    )
    scenes.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="where scene-NNNNNN.raw, their labels and scenes.json go; what is there "
        "already is kept",
    )
    scenes.add_argument(
        "--scenes", type=int, default=100, help="how many (%(default)s)"
    )
    scenes.add_argument(
        "--seconds", type=float, default=1.0, help="how long each is (%(default)s)"
    )
    scenes.add_argument(
        "--seed", type=int, default=1, help="same seed, same events (%(default)s)"
    )
    scenes.add_argument(
        "--split",
        choices=("train", "test"),
        default="train",
        help="which pictures and backgrounds: test has none of train (%(default)s)",
    )
    scenes.add_argument(
        "--workers", type=int, default=1, help="processes (%(default)s)"
    )
    scenes.add_argument("--width", type=int, help="pixels; else usual sensors' sizes")
    scenes.add_argument("--height", type=int, help="pixels")


def run_simulate_providers(arguments: argparse.Namespace) -> int:
    """Serve simulated providers."""
    from heliograph.simulation import providers

    return providers.run(arguments.host, arguments.port, arguments.script)


def run_simulate_camera(arguments: argparse.Namespace) -> int:
    """Write a simulated recording."""
    from heliograph.simulation.camera.command import run_simulate_camera

    return run_simulate_camera(
        arguments.out,
        seconds=arguments.seconds,
        seed=arguments.seed,
        width=arguments.width,
        height=arguments.height,
        force=arguments.force,
    )


def run_simulate_scenes(arguments: argparse.Namespace) -> int:
    """Write labelled scenes."""
    from heliograph.simulation.scenes.command import run_simulate_scenes

    return run_simulate_scenes(
        arguments.out,
        images=arguments.images,
        videos=arguments.videos,
        scenes=arguments.scenes,
        seconds=arguments.seconds,
        seed=arguments.seed,
        split=arguments.split,
        workers=arguments.workers,
        width=arguments.width,
        height=arguments.height,
    )
