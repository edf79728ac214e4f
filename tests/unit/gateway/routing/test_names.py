"""From the name in a request to the choices that are tried."""

import pytest

from heliograph.gateway.routing.names import named as name
from heliograph.gateway.types import Chat, Config, Endpoint, Failure, Provider


def provider(name: str, *models: str) -> Provider:
    return Provider(name, Endpoint(name, "openai", "http://x/v1"), models=models)


CONFIG = Config(
    providers={
        "anthropic": provider("anthropic", "claude-sonnet-4-6", "shared"),
        "openai": provider("openai", "gpt-4o", "shared"),
        "local": provider("local"),
        "mistral": provider("mistral", "mistral", "openai"),
    },
    fallbacks={
        "anthropic/claude-sonnet-4-6": ("openai/gpt-4o", "local/small"),
    },
)


def named(model: str, *fallbacks: str) -> list[str]:
    found = name(Chat({}, model, fallbacks=fallbacks), CONFIG)
    assert not isinstance(found, Failure), found
    return [choice.name for choice in (*found.first, *found.then)]


def refused(model: str, *fallbacks: str) -> Failure:
    found = name(Chat({}, model, fallbacks=fallbacks), CONFIG)
    assert isinstance(found, Failure)
    return found


def test_a_full_name_and_its_fallbacks() -> None:
    assert named("anthropic/claude-sonnet-4-6") == [
        "anthropic/claude-sonnet-4-6",
        "openai/gpt-4o",
        "local/small",
    ]


def test_a_bare_name_that_one_provider_lists_has_the_same_fallbacks() -> None:
    assert named("claude-sonnet-4-6") == named("anthropic/claude-sonnet-4-6")


def test_the_requests_fallbacks_come_before_the_files_and_stand_once() -> None:
    assert named("claude-sonnet-4-6", "local/small", "openai/shared") == [
        "anthropic/claude-sonnet-4-6",
        "local/small",
        "openai/shared",
        "openai/gpt-4o",
    ]


@pytest.mark.parametrize("model", ["mistral", "openai"])
def test_a_listed_model_may_be_called_as_a_provider_is(model: str) -> None:
    assert named(model) == [f"mistral/{model}"]


def test_a_provider_that_lists_no_models_takes_any() -> None:
    assert named("local/meta/llama-3") == ["local/meta/llama-3"]


def test_an_ambiguous_bare_name_is_a_400_that_names_both() -> None:
    failure = refused("shared")
    assert failure.status == 400
    assert failure.param == "model"
    assert "anthropic/shared or openai/shared" in failure.message


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("gpt-4p", "did you mean 'gpt-4o'"),
        ("openai/gpt-4", "did you mean 'openai/gpt-4o'"),
        ("zzz", "known models: anthropic/claude-sonnet-4-6"),
        ("openai/", "does not exist"),
        ("local/small\r\nx-evil: 1", "printable ASCII"),
        ("local/" + "x" * 300, "at most 200"),
    ],
)
def test_an_unknown_name_is_a_404_with_the_fix(model: str, said: str) -> None:
    failure = refused(model)
    assert failure.status == 404
    assert failure.code == "model_not_found"
    assert said in failure.message


def test_an_unknown_fallback_names_its_place_in_the_list() -> None:
    assert refused("gpt-4o", "local/a", "nobody/x").param == "fallbacks[1]"
