"""The `view` section: where a browser may look on."""

from typing import Any

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.hosts import is_host
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.keys import read_secret
from heliograph.yaml_reading.values import (
    Reading,
    read_table,
    read_text,
    refuse_unknown_keys,
    shown,
)

ANYWHERE = "0.0.0.0"  # noqa: S104 - only where it is asked for, and behind a token
VIEW_KEYS = ("listen", "token")
ADDRESS_FIX = (
    "write it as 127.0.0.1:8081, or as :8081 for all addresses of this machine"
)


def read_view(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return what of address and token is written and good."""
    table = read_table(reading, node, key, what="a table of listen and token")
    if table is None:
        return {}
    refuse_unknown_keys(reading, table, key, known=VIEW_KEYS)
    entries = table.entries
    found: dict[str, Any] = {}
    if "listen" in entries:
        node, where = entries["listen"].value, f"{key}.listen"
        text = read_text(reading, node, where, what="an address")
        place = None if text is None else address_of(text)
        if text is not None and place is None:
            reading.report(node, where, f"{shown(text)} is no address", fix=ADDRESS_FIX)
        found["view"] = place
    if "token" in entries:
        found["view_token"] = read_secret(
            reading, entries["token"].value, f"{key}.token"
        )
    return {name: value for name, value in found.items() if value is not None}


def read_metrics(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the address at which Prometheus may ask."""
    text = read_text(reading, node, key, what="an address")
    if text is None:
        return {}
    place = address_of(text)
    if place is None:
        reading.report(node, key, f"{shown(text)} is no address", fix=ADDRESS_FIX)
        return {}
    return {"metrics": place}


def address(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`; `:PORT` is all addresses of this machine.

    Raises `SettingError` for anything else.
    """
    found = address_of(text)
    if found is None:
        raise SettingError(f"{text!r} is no address: {ADDRESS_FIX}")
    return found


def address_of(text: str) -> tuple[str, int] | None:
    """Read `HOST:PORT`; None where it is none."""
    host, colon, port = text.strip().rpartition(":")
    number = int(port) if port.isdecimal() and len(port) <= len("65535") else -1
    if not colon or not 0 <= number <= 65535:  # noqa: PLR2004 - RFC 9293: 16 bits
        return None
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return None
    host = host or ANYWHERE
    return (host, number) if is_host(host) else None
