"""`heliograph serve` and `heliograph check`."""

import argparse
import gc
from pathlib import Path

from heliograph.cli.adding import Commands, add
from heliograph.cli.arguments import port, workers
from heliograph.cli.kinds import is_for_camera


def add_serve(commands: Commands) -> None:
    """`heliograph serve`."""
    serve = add(commands, "serve", "run the gateway", run_serve)
    serve.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML config; without it providers are taken from the environment",
    )
    serve.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (%(default)s)"
    )
    serve.add_argument(
        "--port", type=port, default=8080, help="port (%(default)s); 0 picks one"
    )
    serve.add_argument(
        "--workers",
        type=workers,
        default=1,
        metavar="N",
        help="processes that share the port (%(default)s); what you signal the one "
        "you started is for all, and /metrics is the sum",
    )
    serve.add_argument(
        "--insecure",
        action="store_true",
        help="listen beyond this machine although no virtual key exists: anyone who "
        "reaches the port spends your providers' keys",
    )


def add_check(commands: Commands) -> None:
    """`heliograph check`."""
    check = add(commands, "check", "say what is wrong with a config file", run_check)
    check.add_argument(
        "file", type=Path, metavar="FILE", help="the YAML config of a gateway or camera"
    )


def run_serve(arguments: argparse.Namespace) -> int:
    """Run the gateway."""
    # What is loaded stays: `settle_memory` looks through it once, when all is there.
    gc.disable()
    from heliograph.gateway import app

    return app.serve(
        arguments.config,
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        insecure=arguments.insecure,
    )


def run_check(arguments: argparse.Namespace) -> int:
    """Check a config file."""
    if is_for_camera(arguments.file):
        from heliograph.camera import command

        return command.check(arguments.file)
    from heliograph.gateway import app

    return app.check(arguments.file)
