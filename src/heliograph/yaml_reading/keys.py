"""Keys and passwords: read from a file or a variable, and never repeated."""

from heliograph.yaml_reading.document import Node, ScalarNode
from heliograph.yaml_reading.secret import Secret
from heliograph.yaml_reading.values import Reading
from heliograph.yaml_reading.variables import (
    is_other_reference,
    referenced_variable,
    resolve,
)


def read_secret(reading: Reading, node: Node, key: str) -> Secret | None:
    """Read a key that can stand in a header, or the `env.NAME` that holds it."""
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


def fault_of_secret(value: str) -> str | None:
    """Say what keeps *value* from being sent in a header, without quoting it.

    https://www.rfc-editor.org/rfc/rfc9110#section-5.5: visible ASCII is always safe.
    """
    if not value:
        return "is empty"
    if "\r" in value or "\n" in value:
        return "holds a line break"
    if not value.isascii():
        return "holds a character outside ASCII"
    if any(character <= " " or character == "\x7f" for character in value):
        return "holds a space or control character"
    return None
