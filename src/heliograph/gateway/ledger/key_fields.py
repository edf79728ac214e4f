"""The fields of a new virtual key, each read from how people write it: pure.

Every reader takes a text and raises a `ValueError` that says what to write instead.
"""

import re
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import get_args

from heliograph.gateway.catalog.money import parse_usd
from heliograph.gateway.config.networks import network_of
from heliograph.gateway.ledger.key_hash import ADMIN_PREFIX, ID_PREFIX, VIRTUAL_PREFIX
from heliograph.gateway.types import Period, UsdLimit
from heliograph.gateway.wire.tags import TAG_FORM, is_tag
from heliograph.yaml_reading.names import SHORT_NAME_FIX, is_short_name
from heliograph.yaml_reading.values import shown

COUNT_MAX = 10**12
LASTING_S_MAX = 100 * 365 * 86_400
PERIODS: tuple[Period, ...] = get_args(Period)
UNITS_S = MappingProxyType({"m": 60, "h": 3_600, "d": 86_400, "w": 604_800})
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@+-]{0,63}")
_LASTING = re.compile(r"([0-9]{1,9})([mhdw])")
_PATTERN = re.compile(r"[!-~]{1,200}")
_USD = re.compile(r"([^/]{1,40})/([a-z]{1,10})")


def read_name(text: str) -> str:
    """Read what a key is called."""
    if text.startswith((VIRTUAL_PREFIX, ADMIN_PREFIX)):
        raise ValueError("that looks like a key itself: give it a name of its own")
    if text.startswith(ID_PREFIX):
        raise ValueError(f"{quoted(text)} would be taken for an id: name it otherwise")
    if not is_short_name(text):
        raise ValueError(f"{quoted(text)} cannot be a name: {SHORT_NAME_FIX}")
    return text


def read_owner(text: str) -> str:
    """Read a team, project or camera."""
    if not _OWNER.fullmatch(text):
        raise ValueError(
            f"{quoted(text)} cannot be used: write up to 64 letters, digits and"
            " . _ / @ + -"
        )
    return text


def read_tag(text: str) -> str:
    """Read a tag."""
    if not is_tag(text):
        raise ValueError(f"{quoted(text)} cannot be a tag: write {TAG_FORM}")
    return text


def read_pattern(text: str) -> str:
    """Read a pattern of models; it is held against the whole `provider/model`."""
    if not _PATTERN.fullmatch(text) or ("/" not in text and "*" not in text):
        raise ValueError(
            f"{quoted(text)} fits no model: write provider/model, such as"
            " openai/gpt-4o, or a pattern such as openai/*"
        )
    return text


def read_route(text: str) -> str:
    """Read the name of a route."""
    if not is_short_name(text):
        raise ValueError(f"{quoted(text)} cannot be a route's name: {SHORT_NAME_FIX}")
    return text


def read_range(text: str) -> str:
    """Read a range of addresses, or one address."""
    try:
        return str(network_of(text))
    except ValueError as error:
        raise ValueError(f"{quoted(text)} {error}") from None


def read_usd(text: str) -> UsdLimit:
    """Read `5/day`."""
    match = _USD.fullmatch(text)
    if match is None or match[2] not in PERIODS:
        raise ValueError(
            f"{quoted(text)} is no amount for a period: write dollars, a slash and"
            f" {', '.join(PERIODS[:-1])} or {PERIODS[-1]}, such as 5/day"
        )
    try:
        nano = parse_usd(match[1])
    except ValueError as error:
        raise ValueError(f"{quoted(match[1])} {error}") from None
    if not nano:
        raise ValueError("an amount of 0 would refuse everything: revoke the key")
    return UsdLimit(nano, next(per for per in PERIODS if per == match[2]))


def read_count(text: str) -> int:
    """Read a bound on a number of things."""
    number = int(text) if text.isdecimal() and len(text) < len(str(COUNT_MAX)) else 0
    if number < 1:
        raise ValueError(f"{quoted(text)} is no whole number from 1")
    return number


def read_lasting_s(text: str) -> int:
    """Read `30d`: how long something lasts."""
    match = _LASTING.fullmatch(text)
    lasting_s = int(match[1]) * UNITS_S[match[2]] if match else 0
    if not match or lasting_s > LASTING_S_MAX:
        raise ValueError(
            f"{quoted(text)} is no time: write a number and m, h, d or w, such as 24h"
        )
    return lasting_s


def read_end(text: str, now_s: int) -> int:
    """Read when a key expires: after a time, or with a day, or at a moment (UTC)."""
    if _LASTING.fullmatch(text):
        end_s = now_s + read_lasting_s(text)
    else:
        try:
            end_s = _moment_s(text)
        except (ValueError, OverflowError):
            raise ValueError(
                f"{quoted(text)} is no end: write 30d (or m, h, w), a day such as"
                " 2027-01-31, or a moment such as 2027-01-31T18:00"
            ) from None
    if end_s <= now_s:
        raise ValueError(f"{quoted(text)} has passed already")
    return end_s


def _moment_s(text: str) -> int:
    """Read ISO 8601; a day is over at its end, and what names no zone is UTC."""
    moment = datetime.fromisoformat(text)
    if len(text) <= len("2027-01-31"):
        moment += timedelta(days=1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


def quoted(text: str) -> str:
    """Quote *text*, unless it could be a key that was put in the wrong place."""
    secret = ("hg-", "hgadmin-", "sk-")
    return "what was given" if any(mark in text for mark in secret) else shown(text)
