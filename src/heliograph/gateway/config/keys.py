"""The `keys` of a provider: its credentials and their weights."""

from heliograph.gateway.config.document import Node, ScalarNode
from heliograph.gateway.config.environment import (
    fault_of_secret,
    is_other_reference,
    referenced_variable,
)
from heliograph.gateway.config.schema import KEY_KEYS
from heliograph.gateway.config.values import (
    Reading,
    read_list,
    read_table,
    read_text,
    refuse_unknown_keys,
)
from heliograph.gateway.config.weights import read_weight
from heliograph.gateway.types import Key, Secret


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


def resolve(reading: Reading, node: Node, key: str, *, what: str) -> str | None:
    """Read a text in which `env.NAME` stands for that variable's value.

    Messages name the variable, and never say what it holds.
    """
    text = read_text(reading, node, key, what=what)
    if text is None:
        return None
    variable = referenced_variable(text)
    if variable is None:
        return text
    value = reading.environ.get(variable)
    if value:
        return value
    state = "is not set" if value is None else "is empty"
    reading.report(
        node,
        key,
        f"the environment variable {variable} {state}",
        fix=f"set it before starting: export {variable}=...",
    )
    return None


def _read_key(reading: Reading, item: Node, key: str, key_id: str) -> Key | None:
    if isinstance(item, ScalarNode) and item.kind != "nothing":
        secret = _read_secret(reading, item, key)
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
    secret = _read_secret(reading, table.entries["value"].value, f"{key}.value")
    if secret is None or weight is None:
        return None
    return Key(id=key_id, secret=secret, weight=weight)


def _read_secret(reading: Reading, node: Node, key: str) -> Secret | None:
    if isinstance(node, ScalarNode):
        reading.keep_secret(node.value)
    text = resolve(reading, node, key, what="a key")
    if text is None or not isinstance(node, ScalarNode):
        return None
    variable = referenced_variable(node.value)
    if variable is None and is_other_reference(node.value):
        reading.report(
            node,
            key,
            "looks like a variable, but not in the form that is read here",
            fix="write env.NAME, with letters, digits and underscores",
        )
        return None
    reading.keep_secret(text)
    fault = fault_of_secret(text)
    if fault is not None:
        whose = f"the environment variable {variable}" if variable else "the key"
        reading.report(
            node,
            key,
            f"{whose} {fault}, so it cannot be sent",
            fix="keep only the key's own characters",
        )
        return None
    return Secret(text)
