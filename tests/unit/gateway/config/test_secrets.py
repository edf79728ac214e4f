"""No problem and no summary ever holds a key, whatever was done to the file."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heliograph.gateway.config import (
    Problem,
    read_text,
    render_problems,
    summary,
)
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config

Read = Callable[..., Config | list[Problem]]

LITERAL = "sk-ant-api03-topsecretvalue"
VARIABLE = "sk-proj-alsosecretvalue"
FILE = f"""\
providers:
  anthropic:
    keys:
      - value: {LITERAL}
        weight: 0.5
      - value: env.ANTHROPIC_KEY_2
        weight: 0.5
    models:
      - claude-sonnet-4-6
  openai:
    keys:
      - value: env.OPENAI_KEY
    models:
      - gpt-4o
fallbacks:
  - from: anthropic/claude-sonnet-4-6
    to: openai/gpt-4o
"""
ENVIRON = {"ANTHROPIC_KEY_2": VARIABLE, "OPENAI_KEY": VARIABLE + "\n"}
PIECES = [
    *FILE.split(),
    *"\t\r:-[]{}'\"&*!|>%@#?,~\x00\x85ü😀",
    "<<",
    "---",
    "...",
    "\n",
    "  ",
    "\n\t",
    "env.",
    "weight: -1",
    "9" * 400,
    "1e999",
    ".nan",
    "null",
]
EDIT = st.tuples(
    st.integers(0, len(FILE)), st.integers(0, 12), st.sampled_from(PIECES) | st.text()
)


def everything(found: Config | list[Problem]) -> str:
    """Return all that a user gets to see."""
    if isinstance(found, Config):
        return f"{summary(found)}\n{found!r}"
    return render_problems(found)


def read_it(text: str) -> Config | list[Problem]:
    return read_text(text, file="f.yaml", endpoints=ENDPOINTS, environ=ENVIRON)


@settings(deadline=None)
@given(st.lists(EDIT, min_size=1, max_size=6))
@example([(0, 0, "\ud800")])
@example([(0, len(FILE), "")])
def test_no_mutation_of_the_file_raises_and_each_problem_has_a_place(
    edits: list[tuple[int, int, str]],
) -> None:
    text = FILE
    for position, cut, piece in edits:
        text = text[:position] + piece + text[position + cut :]
    found = read_it(text)
    if isinstance(found, Config):
        assert found.providers
        return
    lines = [problem.line for problem in found]
    assert lines
    assert lines == sorted(lines)
    assert lines[0] >= 1
    for problem in found:
        assert problem.key
        assert problem.message
        assert problem.fix
        assert len(str(problem).splitlines()) == 1


@settings(deadline=None)
@given(st.text())
def test_no_text_at_all_raises(text: str) -> None:
    found = read_it(text)
    assert isinstance(found, (Config, list))
    assert found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("value: sk", "sk"),
        ("value: sk", "value sk"),
        ("value: sk", "vlaue: sk"),
        ("value: sk", "value:sk"),
        ("- value: sk", "sk"),
        (f"value: {LITERAL}", f"{LITERAL}: 1"),
        (f"value: {LITERAL}", f"value: [{LITERAL}]"),
        (f"value: {LITERAL}", f"value: {{{LITERAL}: x}}"),
        (f"value: {LITERAL}", f'value: "{LITERAL}'),
        (f"value: {LITERAL}", f"value: {LITERAL}\n      - {LITERAL} x"),
        (f"value: {LITERAL}", f"value: &x {LITERAL}"),
        (f"value: {LITERAL}", f"value: !{LITERAL} x"),
        (f"value: {LITERAL}", f"value: env.{LITERAL}"),
        (f"value: {LITERAL}", f"value: {LITERAL}\n        value: {LITERAL}"),
        ("keys:\n      - value:", "keys:"),
        ("weight: 0.5", f"weight: {LITERAL}"),
        (
            "openai:\n    keys:",
            f"openai:\n    base_url: https://{LITERAL}@h/\n    keys:",
        ),
        ("gpt-4o", LITERAL),
        ("to: openai/gpt-4o", f"to: openai/{LITERAL}"),
        ("from: anthropic", f"from: {LITERAL}"),
    ],
)
def test_no_slip_of_the_pen_prints_a_key(old: str, new: str) -> None:
    text = everything(read_it(FILE.replace(old, new, 1)))
    assert text
    assert LITERAL not in text
    assert VARIABLE not in text
