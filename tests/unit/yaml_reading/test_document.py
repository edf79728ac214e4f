"""Text to nodes: what is YAML, what is refused, and where it stood."""

import pytest

from heliograph.yaml_reading.document import (
    DOCUMENT_BYTES_MAX,
    Form,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    read_document,
)

FORM = Form(begin='begin with "a:"', guide="the guide")


def table(text: str) -> MappingNode:
    node, problems = read_document(text, "f", FORM)
    assert problems == []
    assert node is not None
    return node


def value(text: str) -> Node:
    return table(text).entries["a"].value


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("0.5", "number"),
        ("-1", "number"),
        ("1e-3", "number"),
        (".5", "number"),
        (".inf", "number"),
        (".NaN", "number"),
        ("1_000", "text"),
        ("0x1F", "text"),
        ("1:30", "text"),
        ("true", "boolean"),
        ("yes", "text"),
        ("on", "text"),
        ("null", "nothing"),
        ("~", "nothing"),
        ("", "nothing"),
        ("''", "text"),
        ("'0.5'", "text"),
        ('"true"', "text"),
        ("gpt-4o", "text"),
        ("2026-11-23", "text"),
    ],
)
def test_a_scalar_is_what_the_core_schema_says(written: str, kind: str) -> None:
    node = value(f"a: {written}\n")
    assert isinstance(node, ScalarNode)
    assert node.kind == kind


def test_every_node_knows_its_line_and_column() -> None:
    node = value("# first\na:\n  - x\n  - {b: y}\n")
    assert isinstance(node, SequenceNode)
    assert (node.line, node.column) == (3, 3)
    inner = node.items[1]
    assert isinstance(inner, MappingNode)
    assert (inner.entries["b"].key.line, inner.entries["b"].key.column) == (4, 6)
    assert inner.entries["b"].value.column == 9


@pytest.mark.parametrize(
    ("text", "line", "message", "fix"),
    [
        ("a: 1\nb: &x 2\n", 2, "anchors and aliases", "write the value out"),
        ("a: 1\nb: *x\n", 2, "anchors and aliases", "write the value out"),
        ("a: !!python/object:os.system x\n", 1, "tags (!)", "remove the tag"),
        ("a: !x 1\n", 1, "tags (!)", "remove the tag"),
        ("a: 1\n---\nb: 2\n", 2, 'a second document begins here ("---")', "keep one"),
        ("a: 1\n? [b, c]\n: 2\n", 2, "a key must be a word, found a list", "brackets"),
        ("a:\n\t- b\n", 2, "the line begins with a tab", "indent with spaces"),
        ("a: [1\nb: 2\n", 2, "not valid YAML", "check indentation, colons and quotes"),
        ("a: 'x\nb: 1\n", 1, "not valid YAML", "check indentation, colons and quotes"),
        ("a: b: c\n", 1, "not valid YAML", "check indentation, colons and quotes"),
        ("a: 1\nb: \x00\n", 2, "not valid YAML", "check indentation"),
        ("a: 1\nb: \ud800\n", 2, "holds half a character", "save the file as UTF-8"),
        ("a: " + "[" * 30, 1, "nested more than 20 deep", "check brackets"),
        ("[" * 200_000, 1, "nested more than 20 deep", "check brackets"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(
    text: str, line: int, message: str, fix: str
) -> None:
    node, (problem,) = read_document(text, "f", FORM)
    assert node is None
    assert (problem.line, problem.key) == (line, "yaml")
    assert message in problem.message
    assert fix in problem.fix


def test_a_key_written_twice_is_told_for_each_and_the_first_stands() -> None:
    node, problems = read_document("a: 1\nb: {c: 1, c: 2}\na: 3\n", "f", FORM)
    assert node is not None
    first = node.entries["a"].value
    assert isinstance(first, ScalarNode)
    assert first.value == "1"
    assert [(p.line, p.message) for p in problems] == [
        (2, "this key stands in line 2 already"),
        (3, "this key stands in line 1 already"),
    ]


def test_an_alias_bomb_is_refused_at_its_first_anchor() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    _, (problem,) = read_document("\n".join(lines), "f", FORM)
    assert (problem.line, problem.message[:7]) == (1, "anchors")


def test_a_text_of_more_than_the_limit_is_refused() -> None:
    _, (problem,) = read_document("#" * (DOCUMENT_BYTES_MAX + 1), "f", FORM)
    assert "more than 1000000" in problem.message


def test_the_syntax_error_does_not_quote_the_document() -> None:
    _, (problem,) = read_document('value: "secret-4711\n', "f", FORM)
    assert "secret" not in str(problem)
