"""What an option takes, and what is said of anything else."""

import argparse
from math import inf
from pathlib import Path

SIDE_PX_MAX = 16_383
WORKERS_MAX = 256
DAYS_MAX = 36_500
SECONDS_MAX = 1e9


def add_config(command: argparse.ArgumentParser) -> None:
    """Add the option that says whose ledger is meant."""
    command.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="the gateway's config; without it HELIOGRAPH_LEDGER or the usual place",
    )


def port(text: str) -> int:
    """Read a port number."""
    number = int(text) if text.isdecimal() else -1
    if not 0 <= number <= 65535:  # noqa: PLR2004 - RFC 9293: 16 bits
        raise argparse.ArgumentTypeError(f"{text!r} is no port: give 0 to 65535")
    return number


def workers(text: str) -> int:
    """Read how many processes serve."""
    number = int(text) if text.isdecimal() else 0
    if not 1 <= number <= WORKERS_MAX:
        said = f"{text!r} is no number of workers: give 1 to {WORKERS_MAX}"
        raise argparse.ArgumentTypeError(said)
    return number


def count(text: str) -> int:
    """Read a number of things, 1 or more."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 1 or more")
    return number


def seed(text: str) -> int:
    """Read a seed of chance, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no seed: give 0 or more")
    return int(text)


def share(text: str) -> float:
    """Read a share, from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: give 0 to 1")
    return number


def rate(text: str) -> float:
    """Read a learning rate, above 0 and at most 1."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate: give up to 1")
    return number


def days(text: str) -> float:
    """Read a number of days, 0 among them."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= DAYS_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of days: give 0 or more"
        )
    return number


def factor(text: str) -> float:
    """Read a factor above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < inf:
        raise argparse.ArgumentTypeError(f"{text!r}: give a factor such as 1.0")
    return number


def speed(text: str) -> float:
    """Read `max` (infinite) or a factor of recording time."""
    if text == "max":
        return inf
    try:
        return factor(text)
    except argparse.ArgumentTypeError:
        said = f"{text!r}: give max, or a factor such as 1.0"
        raise argparse.ArgumentTypeError(said) from None


def size(text: str) -> tuple[int, int]:
    """Read a geometry such as 1280x720: width and height."""
    sides = [int(side) if side.isdecimal() else 0 for side in text.split("x")]
    if len(sides) != 2 or not all(1 <= side <= SIDE_PX_MAX for side in sides):  # noqa: PLR2004 - width, height
        raise argparse.ArgumentTypeError(
            f"{text!r} is no size: give WIDTHxHEIGHT, such as 1280x720"
        )
    return sides[0], sides[1]


def seconds(text: str) -> float:
    """Read a number of seconds, 0 among them."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= SECONDS_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of seconds: give 0 or more, such as 1.5"
        )
    return number


def usd(text: str) -> float:
    """Read an amount of dollars above 0."""
    try:
        amount = float(text)
    except ValueError:
        amount = 0.0
    if not 0 < amount < inf:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no amount: give dollars above 0, such as 2.50"
        )
    return amount
