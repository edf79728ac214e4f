"""The `prices` table: what targets cost, where we know better than the rows we have."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from heliograph.gateway.catalog.money import DIGITS_MAX, USD_MAX, print_usd
from heliograph.gateway.config.schema import (
    PRICE_KEYS,
    RATE_KEYS,
    TIER_KEYS,
    UNKNOWN_PRICES,
)
from heliograph.gateway.config.targets import Known, read_target
from heliograph.gateway.config.usd import read_usd
from heliograph.gateway.types import OwnPrice, Rate, UnknownPrice
from heliograph.yaml_reading.document import MappingNode, Node, ScalarNode
from heliograph.yaml_reading.values import (
    Reading,
    read_choice,
    read_list,
    read_table,
    read_text,
    refuse_unknown_keys,
    shown,
)

USD_FIX = (
    f"write dollars per million tokens such as 2.50, with at most {DIGITS_MAX} decimals"
    f" and up to {USD_MAX}"
)
_TOKENS = re.compile(r"[1-9][0-9]{0,11}")
_LIKE = re.compile(r"[a-z0-9_-]+/[^\s]+")
_FREE: Mapping[str, Rate] = MappingProxyType({"input": "0", "output": "0"})


def read_unknown_price(reading: Reading, node: Node, key: str) -> UnknownPrice | None:
    """Read whether a model may be called whose price is not known."""
    return read_choice(reading, node, key, what="choice", choices=UNKNOWN_PRICES)


def read_prices(reading: Reading, node: Node, known: Known) -> Mapping[str, OwnPrice]:
    """Read the prices by the targets they are of; `provider/*` is every other model."""
    table = read_table(reading, node, "prices", what="a table of targets and prices")
    prices: dict[str, OwnPrice] = {}
    for entry in table.entries.values() if table else ():
        name = _read_name(reading, entry.key, known)
        where = f"prices.{entry.key.value}"
        price = _read_price(
            reading, entry.value, where, every=bool(name and name[-1] == "*")
        )
        if name is not None and price is not None:
            prices[name] = price
    return prices


def _read_name(reading: Reading, node: ScalarNode, known: Known) -> str | None:
    provider, slash, model = node.value.partition("/")
    if slash and model == "*" and provider in known.models:
        return node.value
    return read_target(reading, node, "prices", known)


def _read_price(
    reading: Reading, node: Node, key: str, *, every: bool
) -> OwnPrice | None:
    what = "a table of rates, like or free"
    table = read_table(reading, node, key, what=what)
    if table is None:
        return None
    refuse_unknown_keys(reading, table, key, known=PRICE_KEYS)
    named = [name for name in ("like", "free") if name in table.entries]
    if named and len(table.entries) > 1:
        fix = f'remove the other keys, or "{named[0]}"'
        reading.report(table, key, f'"{named[0]}" stands alone', fix=fix)
        return None
    if "like" in table.entries:
        return _read_like(reading, table, key, every=every)
    if "free" in table.entries:
        return _read_free(reading, table, key)
    return _read_rates(reading, table, key)


def _read_like(
    reading: Reading, table: MappingNode, key: str, *, every: bool
) -> OwnPrice | None:
    node = table.entries["like"].value
    where = f"{key}.like"
    text = read_text(reading, node, where, what="the name of a price row")
    if text is None:
        return None
    if _LIKE.fullmatch(text) and (every or not text.endswith("/*")):
        return OwnPrice(like=text, line=node.line)
    fix = 'write a row that "heliograph prices" lists, such as openai/gpt-4o'
    reading.report(node, where, f"{shown(text)} names no price row", fix=fix)
    return None


def _read_free(reading: Reading, table: MappingNode, key: str) -> OwnPrice | None:
    node = table.entries["free"].value
    if isinstance(node, ScalarNode) and node.value.lower() == "true":
        return OwnPrice(rates=_FREE, line=node.line)
    fix = 'write "free: true", or rates'
    reading.report(node, f"{key}.free", "is not true", fix=fix)
    return None


def _read_rates(reading: Reading, table: MappingNode, key: str) -> OwnPrice | None:
    for name in ("input", "output"):
        if name not in table.entries:
            fix = f'add "{name}:" in dollars per million tokens'
            reading.report(table, key, f'"{name}" is missing', fix=fix)
            return None
    names = [name for name in (*RATE_KEYS, "request") if name in table.entries]
    rates: dict[str, Rate] = {}
    for name in names:
        usd = _read_usd(reading, table, key, name)
        if usd is not None:
            rates[name] = usd
    _read_tiers(reading, table, key, rates)
    return OwnPrice(MappingProxyType(rates), line=table.line)


def _read_usd(reading: Reading, table: MappingNode, key: str, name: str) -> str | None:
    node = table.entries[name].value
    nano = read_usd(reading, node, f"{key}.{name}", fix=USD_FIX)
    return None if nano is None else print_usd(nano)


def _read_tiers(
    reading: Reading, table: MappingNode, key: str, rates: dict[str, Rate]
) -> None:
    """Put the rates of each tier behind those they are for, in the file's order."""
    entry = table.entries.get("tiers")
    if entry is None:
        return
    where = f"{key}.tiers"
    items = read_list(reading, entry.value, where, what="a list of tiers") or ()
    last = 0
    for position, item in enumerate(items, start=1):
        place = f"{where}[{position}]"
        tier = read_table(reading, item, place, what="a table with above_tokens")
        if tier is None:
            continue
        refuse_unknown_keys(reading, tier, place, known=TIER_KEYS)
        above = _read_above(reading, tier, place, last)
        if above is None:
            return
        last = above
        for name in [name for name in RATE_KEYS if name in tier.entries]:
            usd = _read_usd(reading, tier, place, name)
            if usd is not None:
                before = rates.get(name, [])
                steps = [before] if isinstance(before, str) else before
                rates[name] = [*steps, above, usd]


def _read_above(reading: Reading, tier: MappingNode, key: str, last: int) -> int | None:
    entry = tier.entries.get("above_tokens")
    node = entry.value if entry else tier
    if isinstance(node, ScalarNode) and _TOKENS.fullmatch(node.value):
        above = int(node.value)
        if above > last:
            return above
    fix = "write a whole number of tokens, larger than that of the tier before"
    reading.report(node, f"{key}.above_tokens", "is no size of a prompt", fix=fix)
    return None
