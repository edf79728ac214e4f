"""`heliograph simulate providers` and `heliograph simulate camera`."""

import argparse
from pathlib import Path

from heliograph.cli.adding import Commands, add
from heliograph.cli.arguments import port


def add_simulate(commands: Commands) -> None:
    """`heliograph simulate providers` and `heliograph simulate camera`."""
    told = "simulated providers, or a simulated recording"
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
