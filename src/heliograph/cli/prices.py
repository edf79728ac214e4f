"""`heliograph prices`."""

import argparse
from pathlib import Path

from heliograph.cli.adding import Commands, add


def add_prices(commands: Commands) -> None:
    """`heliograph prices`."""
    prices = add(
        commands,
        "prices",
        "list what models cost, with source and date, and what is not known",
        run_prices,
    )
    prices.add_argument(
        "model", nargs="?", metavar="MODEL", help="a model's name, or a part of it"
    )
    prices.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="list the targets of this config only",
    )
    prices.add_argument("--json", action="store_true", help="as JSON")


def run_prices(arguments: argparse.Namespace) -> int:
    """List prices."""
    from heliograph.gateway import app

    return app.show_prices(arguments.model, arguments.config, as_json=arguments.json)
