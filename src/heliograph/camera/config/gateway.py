"""The `gateway` section: where captions come from, and as whom they are asked for."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.hosts import is_host
from heliograph.camera.config.knobs import Knob, read_knobs
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.keys import read_secret
from heliograph.yaml_reading.ranges import seconds
from heliograph.yaml_reading.values import Reading, read_text
from heliograph.yaml_reading.variables import resolve

GATEWAY_URL = "http://127.0.0.1:8080"
GATEWAY_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {"connect_s": Knob("connect_s", seconds(3_600))}
)
GATEWAY_TEXTS = ("url", "model", "key")
GATEWAY_KEYS = (*GATEWAY_TEXTS, *GATEWAY_KNOBS)


def read_gateway(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return what of address, model, key and bounds is written and good."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of the gateway's address, model and key",
        knobs=GATEWAY_KNOBS,
        also=GATEWAY_TEXTS,
    )
    if not isinstance(node, MappingNode):
        return found
    entries = node.entries
    if "url" in entries:
        found["url"] = _read_url(reading, entries["url"].value, f"{key}.url")
    if "model" in entries:
        where = f"{key}.model"
        found["model"] = read_text(
            reading, entries["model"].value, where, what="provider/model"
        )
    if "key" in entries:
        found["key"] = read_secret(reading, entries["key"].value, f"{key}.key")
    return {name: value for name, value in found.items() if value is not None}


def _read_url(reading: Reading, node: Node, key: str) -> str | None:
    """Read an address; what was written is not repeated: it may hold a password."""
    text = resolve(reading, node, key, what="an address")
    if text is None:
        return None
    reading.keep_secret(text)
    fault = _fault_of_url(text)
    if fault is None:
        return clean_gateway_url(text)
    reading.report(node, key, fault[0], fix=fault[1])
    return None


def clean_gateway_url(text: str) -> str:
    """Return the gateway's address without a slash or `/v1` at its end.

    Raises `SettingError` for anything but `http://HOST[:PORT]` and its https twin.
    """
    fault = _fault_of_url(text)
    if fault is not None:
        raise SettingError(f"the gateway's address: {fault[0]}; {fault[1]}")
    return text.strip().rstrip("/").removesuffix("/v1")


def _fault_of_url(text: str) -> tuple[str, str] | None:
    """Return message and fix for what is wrong with an address, without quoting it."""
    try:
        parts = urlsplit(text.strip())
        usable = parts.scheme in {"http", "https"} and is_host(parts.hostname)
        # Reading the port is what checks it.
        usable = usable and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        return "this is no address", f"write it as {GATEWAY_URL}"
    if parts.username or parts.password:
        return (
            "it carries a user or password, which would end up in messages",
            "pass the key as an API key instead",
        )
    return None
