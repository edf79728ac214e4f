"""Dollars as people write them, and the integers of nano-dollars that we count in."""

import re

from heliograph.gateway.types import NANO

DIGITS_MAX = 9
_USD = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,12}))?")


def parse_usd(text: str) -> int:
    """Read `2.50` as nano-dollars, exactly; anything else is a `ValueError`."""
    match = _USD.fullmatch(text)
    if match is None:
        raise ValueError("is no amount of dollars, such as 2.50")
    whole, fraction = match.group(1), (match.group(2) or "").rstrip("0")
    if len(fraction) > DIGITS_MAX:
        raise ValueError("is finer than a nano-dollar")
    return int(whole) * NANO + int(fraction.ljust(DIGITS_MAX, "0"))


def print_usd(nano: int) -> str:
    """Write nano-dollars as dollars, exactly, with no digit too many."""
    sign = "-" if nano < 0 else ""
    whole, fraction = divmod(abs(nano), NANO)
    if not fraction:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction:09d}".rstrip("0")
