"""The filters among the options of `heliograph watch`, and `heliograph hot-pixels`."""

import argparse
from pathlib import Path
from typing import Any

from heliograph.cli.adding import Commands, add
from heliograph.cli.arguments import size

MAINS_PERIODS = 4
"""How many periods a lamp on the mains is watched before its pixels are left out."""


def add_filters(watch: argparse.ArgumentParser) -> None:
    """Add the options of the filters to *watch*; None is as the config says."""
    group = watch.add_argument_group("filters")
    group.add_argument(
        "--background-ms",
        type=at_least_0,
        metavar="MS",
        help="keep events beside which a neighbour fired in this time (20; 0: all)",
    )
    group.add_argument(
        "--rate-max",
        type=at_least_0,
        metavar="MEV",
        help="thin what comes above so many million events a second (25; 0: never)",
    )
    group.add_argument(
        "--mask",
        type=Path,
        action="append",
        metavar="FILE",
        help="leave out what is black in this picture; may be given again",
    )
    group.add_argument(
        "--roi",
        type=region,
        action="append",
        metavar="X,Y,W,H",
        help="keep only this rectangle of pixels; may be given again",
    )
    group.add_argument(
        "--polarity",
        choices=("both", "brighter", "darker"),
        help="keep only events of this kind (both)",
    )
    group.add_argument(
        "--hot-pixels",
        type=at_least_0,
        metavar="HZ",
        help="leave out single pixels that fire at this rate or above (0: never)",
    )
    group.add_argument(
        "--anti-flicker",
        action="store_true",
        help="leave out pixels that flicker with the mains, at 100 or 120 Hz",
    )
    group.add_argument(
        "--refractory-ms",
        type=at_least_0,
        metavar="MS",
        help="after an event leave out its pixel for so long (0)",
    )
    group.add_argument(
        "--bursts",
        choices=("all", "stc", "stc-cut", "trail"),
        help="of a burst of one pixel leave out the first event, all but the second, "
        "or all but the first",
    )


def filter_changes(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of `FilterSettings` that the options change."""
    from heliograph.camera.config.filter_settings import Region

    given = arguments
    regions = tuple(Region(*sides) for sides in given.roi or ())
    told = {
        "polarity": given.polarity,
        "regions": regions or None,
        "masks": tuple(given.mask or ()) or None,
        "events_per_s_max": _times(given.rate_max, 1e6),
        "hot_pixel_hz": given.hot_pixels,
        "flicker_periods": MAINS_PERIODS if given.anti_flicker else None,
        "refractory_us": _times(given.refractory_ms, 1_000),
        "bursts": given.bursts,
        "background_us": _times(given.background_ms, 1_000),
    }
    return {name: value for name, value in told.items() if value is not None}


def _times(number: float | None, factor: float) -> int | None:
    return None if number is None else round(number * factor)


def add_hot_pixels(commands: Commands) -> None:
    """`heliograph hot-pixels`."""
    told = "find the hot pixels of a recording"
    hot = add(commands, "hot-pixels", told, run_hot_pixels)
    hot.add_argument("source", type=Path, metavar="FILE", help="an event recording")
    hot.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="MASK",
        help="where to write the mask, a PNG",
    )
    hot.add_argument(
        "--size",
        type=size,
        metavar="WxH",
        help="of the sensor, for recordings that do not tell it",
    )
    hot.add_argument(
        "--hz",
        type=at_least_0,
        default=25.0,
        metavar="HZ",
        help="from which rate on a pixel is hot (%(default)g)",
    )


def run_hot_pixels(arguments: argparse.Namespace) -> int:
    """Write a mask of hot pixels."""
    from heliograph.camera import command
    from heliograph.camera.types import Size

    return command.run_hot_pixels(
        arguments.source,
        out=arguments.out,
        hot_hz=arguments.hz,
        size=arguments.size and Size(*arguments.size),
    )


def at_least_0(text: str) -> float:
    """Read a number of 0 or more."""
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 60_000:  # noqa: PLR2004 - the longest a filter looks back, ms
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 0 to 60000")
    return number


def region(text: str) -> tuple[int, int, int, int]:
    """Read a rectangle of pixels, written X,Y,W,H."""
    parts = text.split(",")
    sides = [int(part) if part.strip().isdecimal() else -1 for part in parts]
    if len(sides) != 4 or min(sides) < 0 or min(sides[2:]) < 1:  # noqa: PLR2004 - X,Y,W,H
        raise argparse.ArgumentTypeError(
            f"{text!r} is no rectangle: give X,Y,W,H in pixels, such as 0,0,640,480"
        )
    x, y, width, height = sides
    return x, y, width, height
