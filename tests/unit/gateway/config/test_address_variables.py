"""The variables from which the vendors' SDKs take an address move ours as well."""

from collections.abc import Callable, Mapping

import pytest

from heliograph.gateway.catalog.facts import models_of
from heliograph.gateway.config import (
    Problem,
    from_environment,
    summary,
    unusable_variables,
)
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config

Read = Callable[..., Config | list[Problem]]

BOTH = """\
providers:
  anthropic: {keys: [env.KEY]}
  openai: {keys: [env.KEY]}
"""
KEY = {"KEY": "secret-one-4711"}


def addresses(found: Config | list[Problem]) -> Mapping[str, str]:
    assert isinstance(found, Config), found
    return {name: p.endpoint.base_url for name, p in found.providers.items()}


@pytest.mark.parametrize(
    ("variable", "value", "address"),
    [
        ("OPENAI_BASE_URL", "http://127.0.0.1:9001/v1/", "http://127.0.0.1:9001/v1"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:9001", "http://127.0.0.1:9001"),
        ("OPENAI_BASE_URL", "", "https://api.openai.com/v1"),
        ("ANTHROPIC_BASE_URL", "http://[::1]:9001", "http://[::1]:9001/v1"),
        ("ANTHROPIC_BASE_URL", "http://127.0.0.1/", "http://127.0.0.1/v1"),
        ("ANTHROPIC_BASE_URL", "http://127.0.0.1/v1/", "http://127.0.0.1/v1"),
        (
            "ANTHROPIC_BASE_URL",
            "https://a.example/claude",
            "https://a.example/claude/v1",
        ),
        ("ANTHROPIC_BASE_URL", "", "https://api.anthropic.com/v1"),
    ],
)
def test_a_provider_is_where_its_variable_says(
    read: Read, variable: str, value: str, address: str
) -> None:
    name = variable.partition("_")[0].lower()
    other = {"openai", "anthropic"}.difference({name}).pop()
    read_from_file = addresses(read(BOTH, {**KEY, variable: value}))
    assert read_from_file == {
        name: address,
        other: ENDPOINTS[other].base_url,
    }
    environ = {f"{name.upper()}_API_KEY": "a-key", variable: value}
    config = from_environment(environ, ENDPOINTS, models_of)
    assert addresses(config) == {name: address}
    assert unusable_variables(environ, ENDPOINTS) == ()


def test_an_address_in_the_file_goes_before_the_variable(read: Read) -> None:
    text = "providers: {openai: {base_url: 'http://mine.example/v1'}}\n"
    environ = {"OPENAI_BASE_URL": "http://other.example/v1"}
    assert addresses(read(text, environ)) == {"openai": "http://mine.example/v1"}


def test_the_variable_moves_no_provider_of_another_name(read: Read) -> None:
    text = "providers: {groq: {keys: [env.KEY]}, mine: {base_url: 'http://mine/v1'}}\n"
    environ = {**KEY, "OPENAI_BASE_URL": "http://other.example/v1"}
    assert addresses(read(text, environ)) == {
        "groq": ENDPOINTS["groq"].base_url,
        "mine": "http://mine/v1",
    }


@pytest.mark.parametrize(
    ("value", "message", "fix"),
    [
        ("127.0.0.1:9001", "the address is neither http:// nor https://", "write it"),
        ("http://", "the address has no host, or port 0", "write it like"),
        ("http://h:x/", "the address has a host or port that cannot", "write it like"),
        (
            "http://me:secret-six@h",
            "the address holds a user name",
            "put the secret in",
        ),
        ("http://h/v1?a=1", "the address holds a ? or #", "end it with the path"),
        ("http://h h/v1", "the address holds a space", "write it like"),
    ],
)
def test_a_bad_address_in_a_variable_is_said_and_never_shown(
    read: Read, value: str, message: str, fix: str
) -> None:
    found = read(BOTH, {**KEY, "OPENAI_BASE_URL": value})
    assert isinstance(found, list)
    (problem,) = found
    assert (problem.line, problem.key) == (3, "providers.openai.base_url")
    said = f"the environment variable OPENAI_BASE_URL: {message}"
    assert problem.message.startswith(said)
    assert problem.fix.startswith(fix)
    assert value not in str(problem)


def test_without_a_file_a_provider_with_a_bad_address_is_left_out_aloud() -> None:
    environ = {
        "OPENAI_API_KEY": "a-key",
        "OPENAI_BASE_URL": "localhost:9001",
        "ANTHROPIC_API_KEY": "a-key",
    }
    config = from_environment(environ, ENDPOINTS, models_of)
    assert list(config.providers) == ["anthropic"]
    (said,) = unusable_variables(environ, ENDPOINTS)
    assert said == (
        "OPENAI_BASE_URL: the address is neither http:// nor https://; "
        'write it like "https://host.example/v1"; openai is not used'
    )


def test_the_summary_names_the_variable_a_provider_was_moved_by(read: Read) -> None:
    config = read(BOTH, {**KEY, "ANTHROPIC_BASE_URL": "http://private.example"})
    assert isinstance(config, Config)
    assert summary(config).splitlines()[1:] == [
        "  anthropic (anthropic, 1 key, at ANTHROPIC_BASE_URL): any model",
        "  openai (openai, 1 key): any model",
    ]
