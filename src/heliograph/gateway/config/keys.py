"""The `keys` of a provider: its credentials and their weights."""

from heliograph.gateway.config.schema import KEY_KEYS
from heliograph.gateway.config.weights import read_weight
from heliograph.gateway.types import Key
from heliograph.yaml_reading.document import Node, ScalarNode
from heliograph.yaml_reading.keys import read_secret
from heliograph.yaml_reading.values import (
    Reading,
    read_list,
    read_table,
    refuse_unknown_keys,
)


def read_keys(
    reading: Reading, node: Node, key: str, *, provider: str
) -> tuple[Key, ...] | None:
    """Read the list; None when nothing in it can be used."""
    items = read_list(reading, node, key, what="a list of keys")
    if items is None:
        return None
    read = [
        _read_key(reading, item, f"{key}[{position}]", f"{provider}#{position}")
        for position, item in enumerate(items, start=1)
    ]
    keys = tuple(found for found in read if found is not None)
    if len(keys) == len(items) and all(found.weight == 0 for found in keys):
        reading.report(
            node,
            key,
            "all weights are 0, so no key would be used",
            fix="give one key a weight above 0",
        )
    return keys or None


def _read_key(reading: Reading, item: Node, key: str, key_id: str) -> Key | None:
    if isinstance(item, ScalarNode) and item.kind != "nothing":
        secret = read_secret(reading, item, key)
        return None if secret is None else Key(id=key_id, secret=secret)
    table = read_table(reading, item, key, what="a key or a table with value")
    if table is None:
        return None
    refuse_unknown_keys(reading, table, key, known=KEY_KEYS)
    weight = read_weight(reading, table, key)
    if "value" not in table.entries:
        reading.report(
            table, key, '"value" is missing', fix='add "value: env.NAME_OF_VARIABLE"'
        )
        return None
    secret = read_secret(reading, table.entries["value"].value, f"{key}.value")
    if secret is None or weight is None:
        return None
    return Key(id=key_id, secret=secret, weight=weight)
