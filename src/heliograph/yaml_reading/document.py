"""YAML text to nodes that know their line. Nothing here knows what a provider is.

The nodes are built from the parser's events, not by its constructors: no tag can
make an object, no alias can multiply, and every value keeps its position. Plain
scalars are read by YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema),
so `on` and `1:30` are texts.
"""

import re
from collections.abc import Iterator
from typing import Literal

import yaml
from msgspec import Struct

from heliograph.yaml_reading.problems import Problem

DOCUMENT_BYTES_MAX = 1_000_000
DEPTH_MAX = 20

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = frozenset({"true", "True", "TRUE", "false", "False", "FALSE"})
_OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)

ScalarKind = Literal["text", "number", "boolean", "nothing"]


class ScalarNode(Struct, frozen=True):
    """A single value, still as it was written."""

    line: int
    column: int
    value: str
    kind: ScalarKind


class SequenceNode(Struct, frozen=True):
    """A list."""

    line: int
    column: int
    items: "tuple[Node, ...]"


class MappingNode(Struct, frozen=True):
    """A table; of keys written twice the first stands."""

    line: int
    column: int
    entries: "dict[str, Entry]"


Node = ScalarNode | SequenceNode | MappingNode


class Entry(Struct, frozen=True):
    """A key's own node (its name may be a number) and the value."""

    key: ScalarNode
    value: Node


class Form(Struct, frozen=True):
    """What kind of file is read: how it begins, and the page that shows the rest."""

    begin: str
    guide: str


class _Refusal(Exception):  # noqa: N818 - it never leaves this file
    """Reading cannot go on; carries the problem."""

    def __init__(self, line: int, message: str, fix: str) -> None:
        self.line = line
        self.message = message
        self.fix = fix


class _Level(Struct):
    """An opened list or table and what it holds so far."""

    event: yaml.Event
    items: list[Node]


def read_document(
    text: str, file: str, form: Form
) -> tuple[MappingNode | None, list[Problem]]:
    """Read *text* as one YAML table of *form*, and say what is wrong with it.

    *file* is the name that problems carry. Keys written twice are reported all, and
    the table stands; anything else leaves no table.
    """
    problems: list[Problem] = []
    try:
        _check_text(text)
        root = _build(text, file, problems)
    except _Refusal as refusal:
        return None, [Problem(file, refusal.line, "yaml", refusal.message, refusal.fix)]
    except yaml.YAMLError as error:
        return None, [_syntax_problem(text, file, error)]
    if isinstance(root, MappingNode):
        return root, problems
    return None, [*problems, _not_a_table(root, file, form)]


def _check_text(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise _Refusal(
            line, "holds half a character", "save the file as UTF-8"
        ) from None
    if size > DOCUMENT_BYTES_MAX:
        raise _Refusal(
            1,
            f"the file has {size} bytes, more than {DOCUMENT_BYTES_MAX}",
            "check that this is the configuration",
        )


def _not_a_table(root: Node | None, file: str, form: Form) -> Problem:
    empty = root is None or (isinstance(root, ScalarNode) and root.kind == "nothing")
    message = (
        "the file is empty" if empty else f"expected a table, found {describe(root)}"
    )
    line = 1 if root is None else root.line
    return Problem(file, line, "file", message, form.begin)


def describe(node: Node | None) -> str:
    """Name what *node* is, for messages; never its value."""
    if isinstance(node, SequenceNode):
        return "a list"
    if isinstance(node, MappingNode):
        return "a table"
    kind = "nothing" if node is None else node.kind
    names = {"text": "a text", "number": "a number", "boolean": "true or false"}
    return names.get(kind, "nothing")


def _build(text: str, file: str, duplicates: list[Problem]) -> Node | None:
    """Build the one document's root; None when there is none at all."""
    root: Node | None = None
    stack: list[_Level] = []
    for event in _events(text):
        node: Node | None = None
        if isinstance(event, _OPENING):
            _check_depth(event, len(stack))
            stack.append(_Level(event, []))
        elif isinstance(event, _CLOSING):
            level = stack.pop()
            node = _close(level, file, duplicates)
        elif isinstance(event, yaml.ScalarEvent):
            node = _scalar(event)
        if node is not None and stack:
            stack[-1].items.append(node)
        elif node is not None:
            root = node
    return root


def _events(text: str) -> Iterator[yaml.Event]:
    """Yield the events of one document that uses no anchor, alias or tag."""
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line, _ = _place(event)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise _Refusal(
                    line,
                    'a second document begins here ("---")',
                    "keep one document in a file",
                )
        if getattr(event, "anchor", None) is not None:
            raise _Refusal(
                line,
                "anchors and aliases (& and *) are not read",
                "write the value out where it is needed",
            )
        if getattr(event, "tag", None) is not None:
            raise _Refusal(
                line, "tags (!) are not read", "remove the tag; quote the value if text"
            )
        yield event


def _place(event: yaml.Event) -> tuple[int, int]:
    """Return line and column of *event*, counted from 1."""
    mark = event.start_mark
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)


def _check_depth(event: yaml.Event, depth: int) -> None:
    if depth >= DEPTH_MAX:
        raise _Refusal(
            _place(event)[0],
            f"nested more than {DEPTH_MAX} deep",
            "check brackets and indentation",
        )


def _scalar(event: yaml.ScalarEvent) -> ScalarNode:
    line, column = _place(event)
    plain = event.style is None or event.style == ""
    kind: ScalarKind = _kind(event.value) if plain else "text"
    return ScalarNode(line, column, event.value, kind)


def _kind(value: str) -> ScalarKind:
    if value in _NOTHING:
        return "nothing"
    if value in _BOOLEAN:
        return "boolean"
    return "number" if _NUMBER.fullmatch(value) else "text"


def _close(level: _Level, file: str, duplicates: list[Problem]) -> Node:
    line, column = _place(level.event)
    if isinstance(level.event, yaml.SequenceStartEvent):
        return SequenceNode(line, column, tuple(level.items))
    entries: dict[str, Entry] = {}
    for key, value in zip(level.items[::2], level.items[1::2], strict=True):
        if not isinstance(key, ScalarNode):
            raise _Refusal(
                key.line,
                f"a key must be a word, found {describe(key)}",
                "check brackets and indentation",
            )
        if key.value in entries:
            duplicates.append(_duplicate(key, entries[key.value].key.line, file))
        else:
            entries[key.value] = Entry(key, value)
    return MappingNode(line, column, entries)


def _duplicate(key: ScalarNode, first_line: int, file: str) -> Problem:
    return Problem(
        file,
        key.line,
        "yaml",
        f"this key stands in line {first_line} already",
        "keep one of the two",
    )


def _syntax_problem(text: str, file: str, error: yaml.YAMLError) -> Problem:
    """Say what the parser stumbled over; its texts never quote the document."""
    lines = text.splitlines()
    mark = getattr(error, "problem_mark", None)
    if mark is None or mark.line >= len(lines):
        # A quote or bracket left open is found at the end; say where it began.
        mark = getattr(error, "context_mark", None) or mark
    number = 1 if mark is None else min(mark.line + 1, max(len(lines), 1))
    position = getattr(error, "position", None)
    if mark is None and isinstance(position, int):
        number = text.encode()[:position].count(b"\n") + 1
    line = lines[number - 1] if lines else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Problem(
            file, number, "yaml", "the line begins with a tab", "indent with spaces"
        )
    reason = getattr(error, "problem", None) or "holds a character YAML does not allow"
    return Problem(
        file,
        number,
        "yaml",
        f"not valid YAML: {reason}",
        "check indentation, colons and quotes here and in the line above",
    )
