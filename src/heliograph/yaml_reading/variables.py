"""Texts in which `env.NAME` stands for a variable of the environment."""

import re

from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.values import Reading, read_text

_REFERENCE = re.compile(r"env\.([A-Za-z_][A-Za-z0-9_]*)")
_OTHER_REFERENCE = re.compile(
    r"\$\{?[A-Za-z_][A-Za-z0-9_]*\}?|os\.environ/.*|\$\{env[.:].*\}|env[:/].*|env\..*"
)


def referenced_variable(text: str) -> str | None:
    """Return NAME when *text* is `env.NAME`."""
    match = _REFERENCE.fullmatch(text)
    return match.group(1) if match else None


def is_other_reference(text: str) -> bool:
    """Tell whether *text* means a variable in a spelling that is not ours."""
    return _OTHER_REFERENCE.fullmatch(text) is not None


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
