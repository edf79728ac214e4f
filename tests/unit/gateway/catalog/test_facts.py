"""What is known of models, and the checks on the rows."""

import pytest

from heliograph.gateway.catalog.facts import CatalogError, facts, load, models_of
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import ModelFacts

ROW = """\
[mine."a/b"]
output_tokens_max = 10
source = "https://host.example"
date = "2026-11-23"
"""


def test_a_known_model_has_its_limits_with_source_and_date() -> None:
    known = facts("anthropic", "claude-sonnet-4-6")
    assert known.output_tokens_max == 64_000
    assert known.context_tokens == 1_000_000
    assert known.vision is True
    assert known.source.startswith("https://")
    assert known.date >= "2026-11-23"


@pytest.mark.parametrize(
    ("name", "prefill"),
    [
        ("anthropic/claude-haiku-4-5", True),
        ("anthropic/claude-sonnet-4-5", True),
        ("anthropic/claude-sonnet-4-6", False),
        ("anthropic/claude-opus-4-6", False),
        ("openai/gpt-4o", False),
    ],
)
def test_who_goes_on_from_a_final_assistant_turn_is_known(
    name: str, *, prefill: bool
) -> None:
    provider, _, model = name.partition("/")
    assert facts(provider, model).prefill is prefill


@pytest.mark.parametrize(
    ("provider", "model"), [("anthropic", "claude-9"), ("nobody", "gpt-4o")]
)
def test_of_an_unknown_model_the_least_is_assumed(provider: str, model: str) -> None:
    assert facts(provider, model) == ModelFacts(output_tokens_max=4096)


def test_each_provider_that_can_come_from_the_environment_has_models() -> None:
    for name, endpoint in ENDPOINTS.items():
        assert bool(models_of(name)) == bool(endpoint.env), name


def test_the_models_come_in_the_files_order() -> None:
    assert models_of("openai")[:2] == ("gpt-4o", "gpt-4o-mini")
    assert models_of("nobody") == ()


def test_no_model_answers_more_than_its_window() -> None:
    for provider in ENDPOINTS:
        for model in models_of(provider):
            known = facts(provider, model)
            assert known.context_tokens is not None
            assert known.output_tokens_max <= known.context_tokens, model


def test_what_a_row_leaves_out_is_not_known() -> None:
    row = load(ROW)["mine"]["a/b"]
    assert (row.context_tokens, row.vision) == (None, None)
    assert row.prefill is False


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("= 10", "= 0", "Expected `int` >= 1"),
        ("= 10", '= "10"', "Expected `int`, got `str`"),
        ("output_tokens_max = 10\n", "", "missing required field `output_tokens_max`"),
        ('date = "2026-11-23"\n', "", "missing required field `date`"),
        ("2026-11-23", "yesterday", "matching regex"),
        ("https://", "", "matching regex"),
        ("date", "prefill = 1\ndate", "Expected `bool`, got `int`"),
        ("date", "vison = true\ndate", "unknown field `vison`"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_name(
    old: str, new: str, message: str
) -> None:
    with pytest.raises(CatalogError) as error:
        load(ROW.replace(old, new))
    assert str(error.value).startswith("mine/a/b: ")
    assert message in str(error.value)
