"""The `server` table: who may come in at the door, how much, and how slowly."""

import re

from msgspec.structs import replace

from heliograph.gateway.config.networks import network_of
from heliograph.gateway.config.schema import SERVER_BOUNDS, SERVER_KEYS
from heliograph.gateway.config.tls import read_tls
from heliograph.gateway.types import Server
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.values import (
    Reading,
    read_list,
    read_number,
    read_table,
    read_text,
    refuse_unknown_keys,
    shown,
)

KEY = "server"
_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_HOST_FIX = (
    'write it like "gateway.example" or "*.example", without a port;'
    " an address need not be listed"
)
_ORIGIN = re.compile(r"\*|[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#@]+")
_RANGE_FIX = 'write the proxies\' own addresses, such as "10.0.0.5" or "10.0.0.0/24"'
_ORIGIN_FIX = 'write it like "https://app.example", without a path'


def read_server(reading: Reading, node: Node) -> Server:
    """Read *node*. What is no good keeps its default."""
    table = read_table(reading, node, KEY, what="a table of the server's bounds")
    if table is None:
        return Server()
    refuse_unknown_keys(reading, table, KEY, known=SERVER_KEYS)
    numbers = {
        name: number
        for name in SERVER_BOUNDS
        if (number := _read_bound(reading, table, name)) is not None
    }
    return replace(
        Server(),
        hosts=_read_names(reading, table, "hosts", form=_HOST, fix=_HOST_FIX),
        cors_origins=_read_names(
            reading, table, "cors_origins", form=_ORIGIN, fix=_ORIGIN_FIX
        ),
        trusted_proxies=_read_ranges(reading, table, "trusted_proxies"),
        tls=read_tls(reading, table, f"{KEY}.tls"),
        **numbers,
    )


def _read_names(
    reading: Reading, table: MappingNode, name: str, *, form: re.Pattern[str], fix: str
) -> tuple[str, ...]:
    """Read a list of texts that all have one *form*."""
    entry = table.entries.get(name)
    if entry is None:
        return ()
    items = read_list(reading, entry.value, f"{KEY}.{name}", what="a list of names")
    names = []
    for position, item in enumerate(items or (), start=1):
        where = f"{KEY}.{name}[{position}]"
        text = read_text(reading, item, where, what="a name")
        if text is None:
            continue
        if form.fullmatch(text):
            names.append(text)
        else:
            reading.report(item, where, f"{shown(text)} cannot be used", fix=fix)
    return tuple(names)


def _read_ranges(reading: Reading, table: MappingNode, name: str) -> tuple[str, ...]:
    """Read a list of ranges of addresses."""
    entry = table.entries.get(name)
    if entry is None:
        return ()
    items = read_list(reading, entry.value, f"{KEY}.{name}", what="a list of ranges")
    ranges = []
    for position, item in enumerate(items or (), start=1):
        where = f"{KEY}.{name}[{position}]"
        text = read_text(reading, item, where, what="a range of addresses")
        if text is None:
            continue
        try:
            ranges.append(str(network_of(text)))
        except ValueError as error:
            reading.report(item, where, f"{shown(text)} {error}", fix=_RANGE_FIX)
    return tuple(ranges)


def _read_bound(reading: Reading, table: MappingNode, name: str) -> float | None:
    """Read a number within its bounds; a count is whole."""
    entry = table.entries.get(name)
    if entry is None:
        return None
    where = f"{KEY}.{name}"
    number = read_number(reading, entry.value, where)
    if number is None:
        return None
    least, most = SERVER_BOUNDS[name]
    whole = isinstance(getattr(Server(), name), int)
    if least <= number <= most and not (whole and number % 1):
        return int(number) if whole else number
    kind = "a whole number" if whole else "a number"
    reading.report(
        entry.value,
        where,
        f"{number:g} cannot be used",
        fix=f"write {kind} from {least:g} to {most:g}",
    )
    return None
