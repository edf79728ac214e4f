"""The text of a configuration, read into a frozen `Config` or its problems."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from heliograph.gateway.config.breaker import read_breaker
from heliograph.gateway.config.budgets import read_budgets
from heliograph.gateway.config.fallbacks import read_fallbacks
from heliograph.gateway.config.ledger import read_ledger
from heliograph.gateway.config.limits import read_limits
from heliograph.gateway.config.place import usual_keeping
from heliograph.gateway.config.prices import read_prices, read_unknown_price
from heliograph.gateway.config.prices_file import read_prices_file
from heliograph.gateway.config.providers import read_provider
from heliograph.gateway.config.rescue import read_rescue
from heliograph.gateway.config.retries import read_retries
from heliograph.gateway.config.routes import read_routes
from heliograph.gateway.config.schema import FORM, TOP_KEYS
from heliograph.gateway.config.server import read_server
from heliograph.gateway.config.targets import Known, known_names
from heliograph.gateway.config.timeouts import read_timeouts
from heliograph.gateway.types import Config, Endpoint, Provider, Timeouts
from heliograph.yaml_reading.document import (
    Entry,
    MappingNode,
    Node,
    ScalarNode,
    read_document,
)
from heliograph.yaml_reading.names import SHORT_NAME_FIX, is_short_name
from heliograph.yaml_reading.problems import Problem
from heliograph.yaml_reading.values import (
    Reading,
    read_table,
    refuse_unknown_keys,
    shown,
)

_NAMING: Mapping[str, Callable[[Reading, Node, Known], Mapping[str, object]]] = (
    MappingProxyType(
        {"routes": read_routes, "fallbacks": read_fallbacks, "prices": read_prices}
    )
)
_SETTINGS: Mapping[str, Callable[[Reading, Node, str], object]] = MappingProxyType(
    {
        "rescue": read_rescue,
        "retries": read_retries,
        "breaker": read_breaker,
        "limits": read_limits,
        "ledger": read_ledger,
        "prices_file": read_prices_file,
        "unknown_price": read_unknown_price,
        "server": lambda reading, node, _key: read_server(reading, node),
    }
)


def read_text(
    text: str,
    *,
    file: str,
    endpoints: Mapping[str, Endpoint],
    environ: Mapping[str, str],
) -> Config | list[Problem]:
    """Read *text*; every mistake in it is reported, under the name *file*."""
    document, found = read_document(text, file, FORM)
    if document is None:
        return found
    reading = Reading(file, environ, found, FORM)
    refuse_unknown_keys(reading, document, "", known=TOP_KEYS)
    defaults = Timeouts()
    if "timeouts" in document.entries:
        node = document.entries["timeouts"].value
        defaults = read_timeouts(reading, node, "timeouts", defaults=defaults)
    providers = _read_providers(
        reading, document, endpoints=endpoints, defaults=defaults
    )
    config = Config(
        providers=MappingProxyType(providers),
        source=file,
        **_read_names(reading, document),
        **{"ledger": usual_keeping(environ), **_read_settings(reading, document)},
    )
    if config.budgets and config.ledger.place is None:
        said = "budgets are kept in the ledger, and there is none"
        fix = 'write "ledger: PATH", or remove "budgets"'
        reading.report(document.entries["budgets"].key, "budgets", said, fix=fix)
    return reading.problems() or config


def _read_names(reading: Reading, document: MappingNode) -> dict[str, Any]:
    """Read the tables that name targets."""
    known = known_names(document)
    found: dict[str, Any] = {
        name: MappingProxyType(dict(read(reading, document.entries[name].value, known)))
        for name, read in _NAMING.items()
        if name in document.entries
    }
    if "budgets" in document.entries:
        node = document.entries["budgets"].value
        found["budgets"] = read_budgets(reading, node, known)
    return found


def _read_settings(reading: Reading, document: MappingNode) -> dict[str, Any]:
    """Read the tables that stand for themselves; what is bad keeps its default."""
    read = {
        name: reader(reading, document.entries[name].value, name)
        for name, reader in _SETTINGS.items()
        if name in document.entries
    }
    return {name: value for name, value in read.items() if value is not None}


def _read_providers(
    reading: Reading,
    document: MappingNode,
    *,
    endpoints: Mapping[str, Endpoint],
    defaults: Timeouts,
) -> dict[str, Provider]:
    fix = 'write a provider below "providers:", such as "openai:"'
    if "providers" not in document.entries:
        reading.report(document, "providers", "there are no providers", fix=fix)
        return {}
    node = document.entries["providers"].value
    empty = isinstance(node, ScalarNode) and node.kind == "nothing"
    if empty or (isinstance(node, MappingNode) and not node.entries):
        reading.report(node, "providers", "there are no providers", fix=fix)
        return {}
    table = read_table(reading, node, "providers", what="a table of providers")
    providers = {}
    for entry in table.entries.values() if table else ():
        if _has_good_name(reading, entry):
            provider = read_provider(
                reading, entry, endpoints=endpoints, timeouts=defaults
            )
            if provider is not None:
                providers[provider.name] = provider
    return providers


def _has_good_name(reading: Reading, entry: Entry) -> bool:
    if is_short_name(entry.key.value):
        return True
    message = f"{shown(entry.key.value)} cannot be a provider's name"
    reading.report(entry.key, "providers", message, fix=SHORT_NAME_FIX)
    return False
