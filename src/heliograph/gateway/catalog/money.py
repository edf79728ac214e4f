"""Dollars as people write them, and the integers of nano-dollars that we count in.

Whoever reads or writes dollars does it here: `config`, the commands, the admin.
"""

import re
from decimal import Decimal

from heliograph.gateway.types import NANO, Rates

DIGITS_MAX = 9
USD_MAX = 10**9
"""No amount is more: as nano-dollars it still fits into the integer of a database."""
_USD = re.compile(r"([0-9]+)(?:\.([0-9]+))?")


def parse_usd(text: str) -> int:
    """Read `2.50` as nano-dollars, exactly; a `ValueError` says what else *text* is."""
    match = _USD.fullmatch(text)
    if match is None:
        raise ValueError("is no amount of dollars, such as 2.50")
    whole, fraction = match.group(1).lstrip("0"), (match.group(2) or "").rstrip("0")
    if len(fraction) > DIGITS_MAX:
        raise ValueError("is finer than a nano-dollar")
    # Not read when it is very long: Python refuses to.
    if len(whole) <= len(str(USD_MAX)):
        nano = int(whole or "0") * NANO + int(fraction.ljust(DIGITS_MAX, "0"))
        if nano <= USD_MAX * NANO:
            return nano
    raise ValueError(f"is more than {USD_MAX} dollars")


def print_usd(nano: int) -> str:
    """Write nano-dollars as dollars, exactly, with no digit too many."""
    sign = "-" if nano < 0 else ""
    whole, fraction = divmod(abs(nano), NANO)
    if not fraction:
        return f"{sign}{whole}"
    return f"{sign}{whole}.{fraction:09d}".rstrip("0")


def print_rates(rates: Rates) -> dict[str, str]:
    """Write rates as dollars per million tokens, by what the tokens are."""
    names = Rates.__struct_fields__
    return {name: print_usd(getattr(rates, name)) for name in names}


def write_usd(amount: Decimal, times: int = 1) -> str:
    """Write so many *times* an amount that a program has written.

    What is finer than a nano-dollar is a float's noise; what is more than `USD_MAX` is
    a `ValueError`.
    """
    if amount > Decimal(USD_MAX) / times:
        raise ValueError(f"is more than {USD_MAX} dollars")
    text = f"{amount * times + 0:.{DIGITS_MAX}f}"  # a float may be -0
    return text.rstrip("0").rstrip(".")
