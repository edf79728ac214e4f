"""Models that are tables: their names, and bounds of their own."""

from collections.abc import Callable

import pytest

from heliograph.gateway.config import Problem
from heliograph.gateway.types import Config, Timeouts

Read = Callable[..., Config | list[Problem]]

OPENAI = "providers:\n  openai:\n    keys: [env.KEY]\n"


def test_a_models_bounds_are_laid_over_its_providers(read: Read) -> None:
    config = read(
        "timeouts: {idle_s: 7}\n" + OPENAI + "    timeouts: {total_s: 90}\n"
        "    models:\n"
        "      - gpt-4o\n"
        "      - {name: o3, timeouts: {first_byte_s: 80}}\n"
        "      - {name: o4}\n"
    )
    assert isinstance(config, Config), config
    openai = config.providers["openai"]
    assert openai.models == ("gpt-4o", "o3", "o4")
    assert openai.timeouts_of("o3") == Timeouts(
        idle_s=7.0, total_s=90.0, first_byte_s=80.0
    )
    assert openai.timeouts_of("o4") == openai.timeouts_of("gpt-4o") == openai.timeouts
    assert list(openai.model_timeouts) == ["o3"]


def test_a_model_that_is_a_table_can_be_named_by_a_fallback(read: Read) -> None:
    config = read(
        OPENAI + "    models: [gpt-4o, {name: o3}]\n"
        "fallbacks: [{from: openai/o3, to: openai/gpt-4o}]\n"
    )
    assert isinstance(config, Config), config
    assert config.fallbacks == {"openai/o3": ("openai/gpt-4o",)}


@pytest.mark.parametrize(
    ("item", "key", "message", "fix"),
    [
        ("{}", "", '"name" is missing', 'add "name:" with a model name'),
        ("{timeouts: {idle_s: 1}}", "", '"name" is missing', 'add "name:"'),
        ("{nmae: x, name: y}", ".nmae", "unknown key", 'did you mean "name"?'),
        ("{name: 4.1}", ".name", "expected a model name, found a number", "quotes"),
        ("{name: a b}", ".name", '"a b" holds a space', "write one name to an item"),
        ("{name: gpt-4o}", ".name", '"gpt-4o" stands in this list already', "remove"),
        (
            "{name: x, timeouts: {idle_s: 0}}",
            ".timeouts.idle_s",
            "0 is not a time to wait",
            "write seconds above 0",
        ),
        (
            "{name: x, timeouts: 5}",
            ".timeouts",
            "expected a table of timeouts, found a number",
            "write a table",
        ),
        ("[x]", "", "expected a model name, found a list", "write a model name"),
    ],
)
def test_a_mistake_in_a_model_names_its_place_and_fix(
    item: str, key: str, message: str, fix: str, *, read: Read
) -> None:
    found = read(f"{OPENAI}    models:\n      - gpt-4o\n      - {item}\n")
    assert isinstance(found, list), "this was read without complaint"
    (problem,) = found
    assert (problem.line, problem.key) == (6, f"providers.openai.models[2]{key}")
    assert message in problem.message
    assert fix in problem.fix
