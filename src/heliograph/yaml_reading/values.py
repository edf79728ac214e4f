"""Nodes to typed values. What does not fit is reported and read as None."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from heliograph.yaml_reading.document import (
    Form,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    describe,
)
from heliograph.yaml_reading.problems import Problem, suggestion

_Word = TypeVar("_Word", bound=str)

SHOWN_CHARACTERS_MAX = 80
_SECRET_CHARACTERS_MIN = 8
"""Shorter ones are not blacked out: they would hide half of every message."""
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")


class Reading:
    """The reading of one file: its form, environment and the problems so far."""

    def __init__(
        self,
        file: str,
        environ: Mapping[str, str],
        problems: Sequence[Problem],
        form: Form,
    ) -> None:
        self.file = file
        self.form = form
        self.environ = environ
        self._problems = list(problems)
        self._secrets: set[str] = set()

    def report(self, node: Node, key: str, message: str, *, fix: str) -> None:
        """Note a mistake at *node*; *key* is its path."""
        self._problems.append(Problem(self.file, node.line, key, message, fix))

    def keep_secret(self, value: str) -> None:
        """Black *value* out wherever a message would quote it."""
        if len(value) >= _SECRET_CHARACTERS_MIN:
            self._secrets.add(value)

    def problems(self) -> list[Problem]:
        """Return what was found, sorted by line."""
        clean = [self._blacked_out(problem) for problem in self._problems]
        return sorted(clean, key=lambda problem: (problem.line, problem.key))

    def _blacked_out(self, problem: Problem) -> Problem:
        texts = [problem.key, problem.message, problem.fix]
        for secret in sorted(self._secrets, key=len, reverse=True):
            texts = [text.replace(secret, "***") for text in texts]
        return Problem(problem.file, problem.line, *texts)


def shown(text: str) -> str:
    """Quote *text* for a message, in one line and not too long."""
    plain = "".join(c if c.isprintable() else "?" for c in text)
    if len(plain) > SHOWN_CHARACTERS_MAX:
        plain = plain[:SHOWN_CHARACTERS_MAX] + "..."
    return f'"{plain}"'


def read_table(
    reading: Reading, node: Node, key: str, *, what: str
) -> MappingNode | None:
    """Return *node* if it is a table. *what* completes "expected ..."."""
    if isinstance(node, MappingNode):
        return node
    _wrong_type(reading, node, key, what=what)
    return None


def read_list(
    reading: Reading, node: Node, key: str, *, what: str
) -> Sequence[Node] | None:
    """Return the items of *node* if it is a list that holds something."""
    if not isinstance(node, SequenceNode):
        _wrong_type(reading, node, key, what=what)
        return None
    if not node.items:
        reading.report(
            node, key, "the list is empty", fix="add an item or remove the key"
        )
        return None
    return node.items


def read_text(reading: Reading, node: Node, key: str, *, what: str) -> str | None:
    """Return the text of *node*; numbers and truth values must be quoted."""
    if not isinstance(node, ScalarNode) or node.kind == "nothing":
        _wrong_type(reading, node, key, what=what)
        return None
    if node.kind != "text":
        reading.report(
            node,
            key,
            f"expected {what}, found {describe(node)}",
            fix="put it in quotes if it is meant as text",
        )
        return None
    if not node.value.strip():
        reading.report(
            node, key, f"expected {what}, found an empty text", fix="write it out"
        )
        return None
    if "\0" in node.value:
        # No path, header or topic may hold it, and each refuses it in its own way.
        reading.report(node, key, f"{what} cannot hold a zero byte", fix="remove it")
        return None
    return node.value


def read_choice(
    reading: Reading, node: Node, key: str, *, what: str, choices: Sequence[_Word]
) -> _Word | None:
    """Return which of *choices* is written. *what* completes "unknown ..."."""
    spelled = " or ".join([", ".join(choices[:-1]), choices[-1]])
    text = read_text(reading, node, key, what=spelled)
    if text is None:
        return None
    for choice in choices:
        if choice == text:
            return choice
    fix = suggestion(text, choices, otherwise=f"write {spelled}")
    reading.report(node, key, f"unknown {what} {shown(text)}", fix=fix)
    return None


def read_number(reading: Reading, node: Node, key: str) -> float | None:
    """Return the number of *node*; infinity and NaN are none."""
    if not isinstance(node, ScalarNode) or node.kind != "number":
        reading.report(
            node,
            key,
            f"expected a number, found {describe(node)}",
            fix="write a number such as 0.5, without quotes or unit",
        )
        return None
    lowered = node.value.lower()
    number = math.nan if lowered.endswith(("inf", "nan")) else float(lowered)
    if not math.isfinite(number):
        reading.report(
            node, key, "is not a finite number", fix="write a number such as 0.5"
        )
        return None
    return number


def refuse_unknown_keys(
    reading: Reading, table: MappingNode, key: str, *, known: Sequence[str]
) -> None:
    """Report each key of *table* that is not *known*.

    A key that is no plain word is not repeated: it may be a secret that lost its
    `value:`.
    """
    for name, entry in table.entries.items():
        if name in known:
            continue
        where = f"{key}.{name}" if key else name
        message = "unknown key"
        if not _WORD.fullmatch(name):
            where, message = key or "file", "holds an unknown key (not shown)"
        allowed = f"allowed here: {', '.join(known)}"
        fix = suggestion(name, known, otherwise=allowed)
        reading.report(entry.key, where, message, fix=fix)


def _wrong_type(reading: Reading, node: Node, key: str, *, what: str) -> None:
    reading.report(
        node,
        key,
        f"expected {what}, found {describe(node)}",
        fix=f"write {what}; {reading.form.guide} shows the form",
    )
