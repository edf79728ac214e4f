"""Providers from the well-known variables."""

import pytest

from heliograph.gateway.catalog.facts import models_of
from heliograph.gateway.config import (
    from_environment,
    process_environment,
    unusable_variables,
)
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.yaml_reading.keys import fault_of_secret
from heliograph.yaml_reading.variables import is_other_reference, referenced_variable


def test_a_provider_is_there_when_its_variable_is_set() -> None:
    environ = {"OPENAI_API_KEY": "a", "OPENAI_API_KEY_2": "b", "GROQ_API_KEY": "c"}
    config = from_environment(environ, ENDPOINTS, models_of)
    assert list(config.providers) == ["openai", "groq"]
    openai = config.providers["openai"]
    assert [(key.id, key.secret.reveal()) for key in openai.keys] == [("openai#1", "a")]
    assert "gpt-4o" in openai.models
    assert config.fallbacks == {}
    assert config.source == "environment"


def test_the_first_variable_of_several_counts() -> None:
    both = {"GOOGLE_API_KEY": "second", "GEMINI_API_KEY": "first"}
    config = from_environment(both, ENDPOINTS, models_of)
    assert config.providers["gemini"].keys[0].secret.reveal() == "first"
    del both["GEMINI_API_KEY"]
    config = from_environment(both, ENDPOINTS, models_of)
    assert config.providers["gemini"].keys[0].secret.reveal() == "second"


def test_an_empty_environment_gives_no_provider() -> None:
    environ = {"OPENAI_API_KEY": "", "PATH": "/bin"}
    assert from_environment(environ, ENDPOINTS, models_of).providers == {}


def test_a_value_no_header_can_carry_is_named_and_not_used() -> None:
    environ = {"OPENAI_API_KEY": "secret\n", "GROQ_API_KEY": ""}
    assert from_environment(environ, ENDPOINTS, models_of).providers == {}
    assert unusable_variables(environ, ENDPOINTS) == (
        "OPENAI_API_KEY holds a line break; it is not used",
    )


def test_the_process_environment_is_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOGRAPH_TEST", "before")
    environ = process_environment()
    monkeypatch.setenv("HELIOGRAPH_TEST", "after")
    assert environ["HELIOGRAPH_TEST"] == "before"


@pytest.mark.parametrize(
    ("text", "variable"),
    [
        ("env.NAME", "NAME"),
        ("env._a1", "_a1"),
        ("env.1A", None),
        ("env.A-B", None),
        ("env.", None),
        ("ENV.NAME", None),
        ("xenv.NAME", None),
        ("env.NAME ", None),
    ],
)
def test_only_env_dot_name_refers_to_a_variable(
    text: str, variable: str | None
) -> None:
    assert referenced_variable(text) == variable


@pytest.mark.parametrize(
    "text", ["$KEY", "${KEY}", "os.environ/KEY", "env:KEY", "env.A-B", "${env:KEY}"]
)
def test_other_spellings_of_a_variable_are_recognised(text: str) -> None:
    assert is_other_reference(text)


@pytest.mark.parametrize(
    "text", ["sk-abc", "$ecret", "environment", "a$KEY", "x/env.y"]
)
def test_a_key_is_not_taken_for_a_variable(text: str) -> None:
    assert is_other_reference(text) is (text == "$ecret")


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("sk-!~", None),
        ("", "is empty"),
        ("a\n", "holds a line break"),
        ("a\rb", "holds a line break"),
        ("é", "holds a character outside ASCII"),
        (" a", "holds a space or control character"),
        ("a\x7f", "holds a space or control character"),
        ("a\x00", "holds a space or control character"),
    ],
)
def test_a_key_must_fit_into_a_header(value: str, fault: str | None) -> None:
    assert fault_of_secret(value) == fault
