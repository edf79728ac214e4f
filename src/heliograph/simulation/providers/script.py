"""Reading a script of rules: YAML from a file, JSON from the control endpoint.

Every message names the file, the line, the key and the fix.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args, get_type_hints

import msgspec
import yaml

from heliograph.simulation.providers.rules import (
    ErrorText,
    Fault,
    Rule,
    Script,
    When,
    contradiction,
)

SCRIPT_BYTES_MAX = 1_000_000
NODES_MAX = 50_000
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_NO_CHOICE = re.compile(r"Invalid enum value '([^']*)'")
_AT = re.compile(r" - at `\$\.?([^`]*)`$")
_STRUCTS: Mapping[str, type[msgspec.Struct]] = {
    "": Rule,
    "when": When,
    "fault": Fault,
    "fault.error": ErrorText,
}


class ScriptError(ValueError):
    """A script that cannot be used; the message says where, what and the fix."""


def load_script(path: Path) -> Script:
    """Read the YAML script at *path*. Raise ScriptError when it cannot be used."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_script(data, str(path))


def parse_script(data: bytes, source: str) -> Script:
    """Read a YAML script; *source* is the file's name for messages."""
    if len(data) > SCRIPT_BYTES_MAX:
        raise ScriptError(f"{source}: over {SCRIPT_BYTES_MAX} bytes; make it shorter")
    try:
        node = yaml.compose(data, Loader=yaml.SafeLoader)
        value = yaml.safe_load(data) if _affordable(node) else None
    except yaml.YAMLError as error:
        raise ScriptError(f"{source}: not YAML: {_flat(error)}") from error
    if node is None or value is None:
        raise ScriptError(
            f"{source}: empty, or too much of it; a script has a list `rules:`"
        )
    return _script(value, source, _lines(node, source))


def parse_rules(data: bytes) -> tuple[Rule, ...]:
    """Read a JSON list of rules. Raise ScriptError when it cannot be used."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ScriptError(f"rules: not JSON: {error}") from error
    return to_rules(value)


def to_rules(value: object, where: str = "") -> tuple[Rule, ...]:
    """Turn a plain list of mappings into rules. Raise ScriptError."""
    return _rules(value, where, {})


def _script(value: object, source: str, lines: Mapping[str, int]) -> Script:
    if not isinstance(value, dict):
        raise ScriptError(
            f"{source}: line 1: a script is a mapping with a list `rules:`"
        )
    for key in value:
        if key not in Script.__struct_fields__:
            line = lines.get(str(key), 1)
            raise ScriptError(
                f"{source}: line {line}: {key}: unknown key"
                f"{_suggest(str(key), Script.__struct_fields__)}"
            )
    rules = _rules(value.get("rules", []), f"{source}: ", lines)
    try:
        rest = msgspec.convert({**value, "rules": []}, Script)
    except msgspec.ValidationError as error:
        line = lines.get("keepalive_s", 1)
        _, message = _explain(str(error))
        raise ScriptError(f"{source}: line {line}: keepalive_s: {message}") from error
    return Script(rules, rest.keepalive_s)


def _rules(value: object, where: str, lines: Mapping[str, int]) -> tuple[Rule, ...]:
    if not isinstance(value, list):
        raise ScriptError(
            f"{where}rules: must be a list of mappings with `when` and `fault`"
        )
    return tuple(
        _rule(item, f"rules[{index}]", where, lines) for index, item in enumerate(value)
    )


def _rule(item: object, path: str, where: str, lines: Mapping[str, int]) -> Rule:
    try:
        rule = msgspec.convert(item, Rule)
    except msgspec.ValidationError as error:
        inner, message = _explain(str(error))
        raise ScriptError(_say(where, lines, _join(path, inner), message)) from error
    if wrong := contradiction(rule):
        inner, _, message = wrong.partition(": ")
        raise ScriptError(_say(where, lines, _join(path, inner), message))
    return rule


def _explain(text: str) -> tuple[str, str]:
    """Split msgspec's message into the inner path and a sentence with the fix."""
    found = _AT.search(text)
    inner = found.group(1) if found else ""
    message = text[: found.start()] if found else text
    if unknown := _UNKNOWN.search(message):
        struct = _STRUCTS.get(inner)
        known = struct.__struct_fields__ if struct else ()
        name = unknown.group(1)
        return _join(inner, name), f"unknown key{_suggest(name, known)}"
    if wrong := _NO_CHOICE.search(message):
        name = wrong.group(1)
        return inner, f"no such value: '{name}'{_suggest(name, _choices(inner))}"
    return inner, message


def _choices(inner: str) -> tuple[str, ...]:
    """Return the words that the field at *inner*, as `fault.kind`, may hold."""
    struct, _, field = inner.rpartition(".")
    hints = get_type_hints(_STRUCTS[struct])
    return tuple(word for kind in get_args(hints[field]) for word in get_args(kind))


def _suggest(name: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean `{close[0]}`?"
    return f"; known are: {', '.join(known)}"


def _join(path: str, inner: str) -> str:
    return f"{path}.{inner}" if inner else path


def _say(where: str, lines: Mapping[str, int], path: str, message: str) -> str:
    """Add the line of the nearest key that is really in the file."""
    probe = path
    while probe and probe not in lines:
        probe = probe.rpartition(".")[0]
    line = f"line {lines[probe]}: " if probe else ""
    return f"{where}{line}{path}: {message}"


def _flat(error: yaml.YAMLError) -> str:
    return " ".join(str(error).split())


def _affordable(node: yaml.Node | None) -> bool:
    """Count nodes with aliases followed: nested aliases must not eat the memory."""
    left = NODES_MAX
    pending = [node] if node is not None else []
    while pending and left:
        left -= 1
        pending.extend(_children(pending.pop()))
    return not pending


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _lines(root: yaml.Node, source: str) -> dict[str, int]:
    """Map each path, as `rules[0].fault.status`, to its line, counted from 1.

    Raises ScriptError where a mapping has a key twice: YAML would drop the first.
    """
    lines: dict[str, int] = {}
    pending: list[tuple[str, yaml.Node]] = [("", root)]
    while pending:
        path, node = pending.pop()
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                inner = _join(path, str(key.value)) if path else str(key.value)
                line = key.start_mark.line + 1
                if inner in seen:
                    raise ScriptError(
                        f"{source}: line {line}: {inner}: it is there twice, first in "
                        f"line {lines[inner]}; drop one of the two"
                    )
                seen.add(inner)
                lines[inner] = line
                pending.append((inner, value))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                lines[f"{path}[{index}]"] = value.start_mark.line + 1
                pending.append((f"{path}[{index}]", value))
    return lines
