"""Scripts: what they may say, and what is said of a bad one."""

from pathlib import Path

import pytest

from heliograph.simulation.providers.rules import Fault, Rule, When
from heliograph.simulation.providers.script import (
    ScriptError,
    load_script,
    parse_rules,
    parse_script,
)

EXAMPLES = Path(__file__).parents[4] / "examples"


def test_the_outage_example_is_a_503_and_then_silence() -> None:
    script = load_script(EXAMPLES / "outage.yaml")
    assert script.rules == (
        Rule(Fault(status=503), When(provider="anthropic", from_s=10, to_s=15), "down"),
        Rule(
            Fault(kind="silent"),
            When(provider="anthropic", from_s=15, to_s=20),
            "silent",
        ),
    )


def message(text: str) -> str:
    with pytest.raises(ScriptError) as caught:
        parse_script(text.encode(), "bad.yaml")
    return str(caught.value)


def test_an_unknown_key_is_named_with_file_line_and_the_nearest_known_one() -> None:
    text = "rules:\n  - when: {provider: x}\n    fault:\n      stauts: 503\n"
    assert message(text) == (
        "bad.yaml: line 4: rules[0].fault.stauts: unknown key; did you mean `status`?"
    )


def test_a_wrong_type_is_named_with_its_line() -> None:
    text = "rules:\n  - fault: {status: 500}\n  - fault:\n      status: many\n"
    said = message(text)
    assert said.startswith("bad.yaml: line 4: rules[1].fault.status: ")
    assert "int" in said


def test_a_value_out_of_bounds_is_named() -> None:
    said = message("rules:\n  - fault: {status: 99}\n")
    assert said.startswith("bad.yaml: line 2: rules[0].fault.status: ")
    assert ">= 200" in said


def test_a_value_that_is_no_choice_is_named_with_the_nearest_one() -> None:
    assert message("rules:\n  - fault: {kind: sillent}\n") == (
        "bad.yaml: line 2: rules[0].fault.kind: no such value: 'sillent'; "
        "did you mean `silent`?"
    )
    said = message("rules:\n  - when: {call: 7up}\n    fault: {status: 500}\n")
    assert said.endswith(
        "rules[0].when.call: no such value: '7up'; known are: chat, models"
    )


def test_a_key_written_twice_is_refused_with_both_lines() -> None:
    text = "rules:\n  - fault:\n      status: 500\n      status: 503\n"
    assert message(text) == (
        "bad.yaml: line 4: rules[0].fault.status: it is there twice, first in line 3; "
        "drop one of the two"
    )
    alike = "rules:\n  - fault: {status: 500}\n  - fault: {status: 500}\n"
    assert len(parse_script(alike.encode(), "good.yaml").rules) == 2


def test_a_missing_fault_is_named() -> None:
    assert "line 2: rules[0]: " in message("rules:\n  - when: {}\n")
    assert "`fault`" in message("rules:\n  - when: {}\n")


def test_a_contradiction_is_named_with_its_line() -> None:
    said = message("rules:\n  - fault:\n      status: 500\n      kind: html\n")
    assert said.startswith("bad.yaml: line 4: rules[0].fault.kind: ")


def test_an_unknown_top_level_key_is_named() -> None:
    assert message("rule: []\n") == (
        "bad.yaml: line 1: rule: unknown key; did you mean `rules`?"
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "just words", "rules: 3"])
def test_something_else_than_a_script_is_refused(text: str) -> None:
    assert message(text).startswith("bad.yaml: ")


def test_broken_yaml_is_refused_with_its_line() -> None:
    said = message("rules:\n  - fault: {status: 500\n  - x")
    assert said.startswith("bad.yaml: not YAML: ")
    assert "line 3" in said


def test_nested_aliases_do_not_eat_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert "too much" in message("\n".join(lines))


def test_a_python_tag_is_refused() -> None:
    said = message("rules: !!python/object/apply:os.getcwd []")
    assert said.startswith("bad.yaml: not YAML: ")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"none\.yaml: cannot be read: No such file"):
        load_script(tmp_path / "none.yaml")


def test_a_keepalive_must_be_positive() -> None:
    said = message("keepalive_s: 0\nrules: []\n")
    assert said == "bad.yaml: line 1: keepalive_s: Expected `float` > 0.0"


def test_rules_as_json_have_the_same_schema_and_messages() -> None:
    assert parse_rules(b'[{"fault": {"kind": "html"}}]') == (Rule(Fault(kind="html")),)
    with pytest.raises(
        ScriptError, match=r"^rules\[1\]\.fault\.knid: unknown key; did"
    ):
        parse_rules(b'[{"fault": {"kind": "html"}}, {"fault": {"knid": "html"}}]')
    with pytest.raises(ScriptError, match="not JSON"):
        parse_rules(b"[")
    with pytest.raises(ScriptError, match="must be a list"):
        parse_rules(b"{}")
