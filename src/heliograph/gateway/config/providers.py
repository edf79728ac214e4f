"""One provider of the file: its row of the endpoints, with what the file changes."""

from collections.abc import Mapping
from difflib import get_close_matches

from msgspec.structs import replace

from heliograph.gateway.config.address import read_base_url, read_row
from heliograph.gateway.config.keys import read_keys
from heliograph.gateway.config.limits import read_provider_limits
from heliograph.gateway.config.models import read_models
from heliograph.gateway.config.schema import (
    CHAT_PARAMETERS,
    DIALECT_AUTH,
    DIALECTS,
    PROVIDER_KEYS,
    REQUIRED_PARAMETERS,
)
from heliograph.gateway.config.timeouts import read_timeouts
from heliograph.gateway.types import Endpoint, Key, Provider, Timeouts
from heliograph.yaml_reading.document import Entry, MappingNode, ScalarNode
from heliograph.yaml_reading.names import read_names
from heliograph.yaml_reading.problems import suggestion
from heliograph.yaml_reading.values import (
    Reading,
    read_choice,
    read_list,
    read_table,
    refuse_unknown_keys,
    shown,
)

_MISSPELT_RATIO = 0.85
"""How like a known parameter an unknown one must be to count as a slip. Vendors'
own (`top_k`, `min_p`) stay below it."""


def read_provider(
    reading: Reading,
    entry: Entry,
    *,
    endpoints: Mapping[str, Endpoint],
    timeouts: Timeouts,
) -> Provider | None:
    """Read the provider named by *entry*'s key; None when it cannot be used."""
    name = entry.key.value
    key = f"providers.{name}"
    table = _table_of(reading, entry, key)
    if table is None:
        return None
    refuse_unknown_keys(reading, table, key, known=PROVIDER_KEYS)
    endpoint = _read_endpoint(reading, entry.key, table, endpoints=endpoints)
    keys = _read_keys(reading, entry.key, table, endpoint=endpoint)
    own = table.entries.get("timeouts")
    if own is not None:
        where = f"{key}.timeouts"
        timeouts = read_timeouts(reading, own.value, where, defaults=timeouts)
    models = read_models(reading, table, f"{key}.models", timeouts=timeouts)
    bounded = table.entries.get("limits")
    where = f"{key}.limits"
    limits = read_provider_limits(reading, bounded.value, where) if bounded else None
    if endpoint is None or keys is None or models is None:
        return None
    if keys and endpoint.auth == "none":
        endpoint = replace(endpoint, auth=DIALECT_AUTH[endpoint.dialect])
    return Provider(
        name=name,
        endpoint=endpoint,
        keys=keys,
        models=models.names,
        timeouts=timeouts,
        model_timeouts=models.timeouts,
        limits=limits,
    )


def _table_of(reading: Reading, entry: Entry, key: str) -> MappingNode | None:
    """Return the provider's table; `ollama:` with nothing below is an empty one."""
    node = entry.value
    if isinstance(node, ScalarNode) and node.kind == "nothing":
        return MappingNode(entry.key.line, entry.key.column, {})
    return read_table(reading, node, key, what="a table of a provider's settings")


def _read_endpoint(
    reading: Reading,
    name: ScalarNode,
    table: MappingNode,
    *,
    endpoints: Mapping[str, Endpoint],
) -> Endpoint | None:
    """Apply the file's address, dialect and drops to the row, or make a new one."""
    key = f"providers.{name.value}"
    url = table.entries.get("base_url")
    base_url = url and read_base_url(reading, url.value, f"{key}.base_url")
    dialect = _read_dialect(reading, table, f"{key}.dialect")
    drop = _read_drop(reading, table, f"{key}.drop")
    known = row = endpoints.get(name.value)
    if known is not None and url is None:
        row = read_row(reading, name, f"{key}.base_url", row=known)
        if row is None:
            return None
    if row is None and url is None:
        fix = suggestion(
            name.value, endpoints, otherwise="add its base_url, or use a known name"
        )
        reading.report(name, key, "unknown provider without a base_url", fix=fix)
    if (url is not None and base_url is None) or (row is None and url is None):
        return None
    if row is None:
        spoken = dialect or "openai"
        row = Endpoint(name.value, spoken, "", auth=DIALECT_AUTH[spoken])
    if dialect is not None and dialect != row.dialect:
        row = replace(row, dialect=dialect, auth=DIALECT_AUTH[dialect])
    return replace(row, base_url=base_url or row.base_url, drop=row.drop | drop)


def _read_dialect(reading: Reading, table: MappingNode, key: str) -> str | None:
    entry = table.entries.get("dialect")
    if entry is None:
        return None
    return read_choice(reading, entry.value, key, what="dialect", choices=DIALECTS)


def _read_drop(reading: Reading, table: MappingNode, key: str) -> frozenset[str]:
    entry = table.entries.get("drop")
    if entry is None:
        return frozenset()
    what = "a parameter name"
    items = read_list(reading, entry.value, key, what=f"a list, each item {what}") or ()
    places = [(f"{key}[{at}]", item) for at, item in enumerate(items, start=1)]
    names = read_names(reading, places, what=what) or ()
    for name in names:
        if name in REQUIRED_PARAMETERS:
            reading.report(
                entry.value,
                key,
                f"{shown(name)} cannot be dropped: no request goes without it",
                fix="remove it from the list",
            )
        elif name not in CHAT_PARAMETERS and _is_misspelt(name):
            fix = suggestion(name, CHAT_PARAMETERS, otherwise="check its spelling")
            reading.report(
                entry.value, key, f"unknown parameter {shown(name)}", fix=fix
            )
    return frozenset(names)


def _is_misspelt(name: str) -> bool:
    return bool(get_close_matches(name, CHAT_PARAMETERS, n=1, cutoff=_MISSPELT_RATIO))


def _read_keys(
    reading: Reading,
    name: ScalarNode,
    table: MappingNode,
    *,
    endpoint: Endpoint | None,
) -> tuple[Key, ...] | None:
    """Read the keys; with an address of its own, or no auth, none are needed."""
    key = f"providers.{name.value}.keys"
    entry = table.entries.get("keys")
    if entry is not None:
        return read_keys(reading, entry.value, key, provider=name.value)
    if endpoint is None or "base_url" in table.entries or endpoint.auth == "none":
        return ()
    variable = endpoint.env[0] if endpoint.env else "NAME_OF_VARIABLE"
    reading.report(
        name,
        key,
        f"{name.value} needs a key and has none",
        fix=f'add "keys:" with an item "value: env.{variable}"',
    )
    return None
