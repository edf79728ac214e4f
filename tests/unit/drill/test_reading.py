"""Every mistake in a drill's script has its line, key and fix."""

from pathlib import Path

import pytest

from drill_parts import SHORT, article, config_of, good, mistakes
from heliograph.drill.reading import read_script, script_of

PHASES = """
phases:
  - {name: before, lasts_s: 10}
  - {name: down, lasts_s: 10, rules: [{fault: {status: 503}}]}
  - {name: after, lasts_s: 10}
"""
MISTAKES = {
    "": (1, "file", "the file is empty", 'begin with "phases:"'),
    "seed: 1\n": (1, "phases", "there are no phases", 'add "phases:"'),
    "sede: 1" + PHASES: (1, "sede", "unknown key", 'did you mean "seed"?'),
    "seed: 1.5" + PHASES: (1, "seed", "1.5 cannot be", "a whole number"),
    "seed: often" + PHASES: (1, "seed", "expected a number", "such as 0.5"),
    "name: 3" + PHASES: (1, "name", "found a number", "put it in quotes"),
    "traffic: 3" + PHASES: (1, "traffic", "expected a table", "write a table"),
    "traffic: {rate: 3}" + PHASES: (1, "traffic.rate", "unknown key", "allowed here"),
    "traffic: {requests_per_s: 0}" + PHASES: (
        1,
        "traffic.requests_per_s",
        "0 cannot be",
        "from 0.01 to 1000",
    ),
    "traffic: {stream_share: 30}" + PHASES: (
        1,
        "traffic.stream_share",
        "30 cannot be",
        "a share from 0 to 1",
    ),
    "traffic: {max_tokens: 2.5}" + PHASES: (
        1,
        "traffic.max_tokens",
        "2.5 cannot be",
        "a whole number",
    ),
    "traffic: {picture: 1}" + PHASES: (
        1,
        "traffic.picture",
        "expected true or false",
        "write true or false",
    ),
    "traffic:\n  model: claude-4" + PHASES: (
        2,
        "traffic.model",
        "claude-4",
        "that gateway.yaml serves",
    ),
    "sick: mistral" + PHASES: (
        1,
        "sick",
        'gateway.yaml has no provider "mistral"',
        "primary, fallback, anthropic, openai",
    ),
    'sick: "primary#3"' + PHASES: (1, "sick", 'no key number "3"', "primary#1"),
    "objectives: {availability: 99.9}" + PHASES: (
        1,
        "objectives.availability",
        "99.9 cannot be",
        "such as 0.999",
    ),
    "objectives: {attempts_on_sick: 1.5}" + PHASES: (
        1,
        "objectives.attempts_on_sick",
        "1.5 cannot be",
        "a whole number",
    ),
    "rules: [{fault: {stauts: 503}}]" + PHASES: (
        1,
        "rules[1].fault.stauts",
        "unknown key",
        "did you mean `status`?",
    ),
    "rules: [{fault: {answer: hello}}]" + PHASES: (
        1,
        "rules[1].fault.answer",
        "the drill itself says what is answered",
        "traffic.answer_words",
    ),
    "rules: [{when: {provider: opnai}, fault: {delay_s: 1}}]" + PHASES: (
        1,
        "rules[1].when.provider",
        'no provider "opnai"',
        "write one of",
    ),
    "rules: [{fault: {kind: gone}}]" + PHASES: (
        1,
        "rules[1].fault.kind",
        "no such value: 'gone'",
        "known are",
    ),
    "rules: {fault: {status: 503}}" + PHASES: (1, "rules", "expected a list", "a list"),
    "phases: []": (1, "phases", "the list is empty", "add an item"),
    "phases:\n  - {name: down}": (2, "phases[1]", '"lasts_s" is missing', "add"),
    "phases:\n  - {lasts_s: 3}": (2, "phases[1]", '"name" is missing', "add"),
    "phases:\n  - {name: a, lasts_s: 0}": (
        2,
        "phases[1].lasts_s",
        "0 cannot be",
        "seconds from 1",
    ),
    "phases:\n  - {name: a, lasts_s: 3}\n  - {name: b, lasts_s: 3}": (
        2,
        "phases",
        "nothing goes wrong",
        'give a phase "rules:"',
    ),
    "phases:\n  - {name: a, lasts_s: 3, rules: [{fault: {status: 503}}]}": (
        2,
        "phases",
        "the first phase must be a healthy one",
        "begin with a phase without rules",
    ),
    PHASES.replace("after", "before"): (
        3,
        "phases",
        'two phases have the name "before"',
        "give each its own",
    ),
    PHASES.replace("{fault", "{when: {from_s: 20}, fault"): (
        4,
        "phases[2].rules",
        "a rule begins at 20 s, after the phase",
        "stay below 10",
    ),
    PHASES.replace(
        "[{fault", "[{fault: {status: 500}}, {when: {to_s: 1, period_s: 2}, fault"
    ): (
        4,
        "phases[2].rules[2].when.period_s",
        "a period counts from the begin of the drill",
        'the top-level "rules:"',
    ),
    PHASES.replace("10", "86400"): (3, "phases", "last 259200 s together", "shorten"),
    "traffic: {requests_per_s: 1000}" + PHASES.replace("10", "1000"): (
        3,
        "phases",
        "3000000 requests would be sent",
        "from 1 to 200000",
    ),
    "objectives: {recovery_s: 5}"
    + PHASES.replace("  - {name: after, lasts_s: 10}\n", ""): (
        3,
        "phases",
        "recovery is measured in a healthy phase",
        "end with a phase without rules",
    ),
    "phases: &a [1]": (1, "yaml", "anchors and aliases", "write the value out"),
}


@pytest.mark.parametrize(("text", "told"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_mistake_is_told_with_line_key_and_fix(
    text: str, told: tuple[int, str, str, str]
) -> None:
    line, key, message, fix = told
    problem = mistakes(text)[0]
    assert (problem.file, problem.line, problem.key) == ("drill.yaml", line, key)
    assert message in problem.message
    assert fix in problem.fix


def test_all_mistakes_are_told_at_once() -> None:
    text = "seed: x\ntraffic: {stream_share: 3}\n" + PHASES
    assert [problem.key for problem in mistakes(text)] == [
        "seed",
        "traffic.stream_share",
    ]


def test_what_is_left_out_has_a_default() -> None:
    script, cast = good(PHASES)
    assert script.name == "drill"
    assert script.requests == 60
    assert cast.model == "anthropic/claude-sonnet-4-6"
    assert cast.order == ("anthropic", "openai")
    assert (cast.sick, cast.sick_key) == ("anthropic", None)
    assert script.objectives.silent_truncations == 0


def test_roles_are_given_to_the_providers_of_the_config() -> None:
    script, cast = good('sick: "fallback#1"' + SHORT)
    assert script.phases[1].rules[0].when.provider == "anthropic"
    assert (cast.sick, cast.sick_key, cast.sick_name) == (
        "openai",
        "openai#1",
        "openai#1",
    )


def test_a_provider_that_is_really_called_primary_plays_itself() -> None:
    config = config_of(
        b"providers: {primary: {base_url: 'http://h/v1', models: [m]}, openai: {keys:"
        b" [env.OPENAI_KEY], models: [n]}}\n"
        b"fallbacks: [{from: openai/n, to: primary/m}]"
    )
    _, cast = good("sick: primary" + PHASES, config)
    assert cast.order == ("openai", "primary")
    assert cast.sick == "primary"


def test_a_fallback_that_nobody_can_play_is_told() -> None:
    config = config_of(b"providers: {openai: {keys: [env.OPENAI_KEY], models: [n]}}")
    (problem,) = mistakes("sick: fallback" + PHASES, config)
    assert problem.message == "openai/n has no fallback in gateway.yaml"


def test_a_config_without_models_needs_one_in_the_script() -> None:
    config = config_of(b"providers: {openai: {keys: [env.OPENAI_KEY]}}")
    (problem,) = mistakes(PHASES, config)
    assert problem.key == "traffic.model"
    script, _ = good("traffic: {model: openai/gpt-4o}" + PHASES, config)
    assert script.traffic.model == "openai/gpt-4o"


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    missing = read_script(tmp_path / "no.yaml", article())
    assert isinstance(missing, list)
    assert "there is no such file" in str(missing[0])
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"seed: 1\nname: \xff\n")
    problems = read_script(latin, article())
    assert isinstance(problems, list)
    assert ":2: file: is not UTF-8" in str(problems[0])


def test_a_script_is_read_from_text_as_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "drill.yaml"
    path.write_text(SHORT)
    assert read_script(path, article()) == script_of(SHORT, str(path), article())
