"""Mistakes in the fallbacks: each has its line, its key, what it is and the fix."""

from collections.abc import Callable

import pytest

from heliograph.gateway.config import Problem
from heliograph.gateway.types import Config

Read = Callable[..., Config | list[Problem]]

BY_LIST = "docs/guide/configuration.md shows the form"
TWO = (
    "providers:\n"
    "  openai:\n"
    "    keys: [env.KEY]\n"
    "    models: [gpt-4o, gpt-4o-mini]\n"
    "  anthropic:\n"
    "    keys: [env.KEY]\n"
    "fallbacks:\n"
)


def only(found: Config | list[Problem]) -> tuple[int, str, str, str]:
    """Return the one problem's line, key, message and fix."""
    assert isinstance(found, list), "this was read without complaint"
    (problem,) = found
    assert problem.file == "gateway.yaml"
    return problem.line, problem.key, problem.message, problem.fix


@pytest.mark.parametrize(
    ("fallbacks", "line", "key", "message", "fix"),
    [
        ("  from: a", 8, "fallbacks", "expected a list of fallbacks, found a", BY_LIST),
        ("  - gpt-4o", 8, "fallbacks[1]", "expected a table with from and to", BY_LIST),
        (
            "  - from: openai/gpt-4o",
            8,
            "fallbacks[1]",
            '"to" is missing',
            'add "to: provider/model"',
        ),
        (
            "  - {from: openai/gpt-4o, to: anthropic/c, form: x}",
            8,
            "fallbacks[1].form",
            "unknown key",
            'did you mean "from"?',
        ),
        (
            "  - {from: openai/gpt-4o, to: antropic/c}",
            8,
            "fallbacks[1].to",
            'provider "antropic" is not in this file',
            'did you mean "anthropic"?',
        ),
        (
            "  - {from: openai/gpt-4o, to: groq/x}",
            8,
            "fallbacks[1].to",
            'provider "groq" is not in this file',
            "its providers are: openai, anthropic",
        ),
        (
            "  - {from: openai/gpt-4, to: anthropic/c}",
            8,
            "fallbacks[1].from",
            'model "gpt-4" is not listed by openai',
            'did you mean "gpt-4o"?',
        ),
        (
            "  - from: anthropic/c\n    to:\n      - openai/zebra",
            10,
            "fallbacks[1].to[1]",
            'model "zebra" is not listed by openai',
            "add it to providers.openai.models",
        ),
        (
            "  - {from: gpt-4o, to: anthropic/c}",
            8,
            "fallbacks[1].from",
            '"gpt-4o" is not of the form provider/model',
            'write "openai/gpt-4o"',
        ),
        (
            "  - {from: openai/gpt-4o, to: anthropic/}",
            8,
            "fallbacks[1].to",
            '"anthropic/" is not of the form provider/model',
            "write provider/model",
        ),
        (
            "  - {from: openai/gpt-4o, to: 4}",
            8,
            "fallbacks[1].to",
            "expected a provider/model, found a number",
            "put it in quotes",
        ),
        (
            "  - {from: openai/gpt-4o, to: []}",
            8,
            "fallbacks[1].to",
            "the list is empty",
            "add an item or remove the key",
        ),
        (
            "  - {from: openai/gpt-4o, to: [anthropic/c, anthropic/c]}",
            8,
            "fallbacks[1].to[2]",
            '"anthropic/c" stands in this list already',
            "remove one of the two",
        ),
        (
            "  - {from: openai/gpt-4o, to: [anthropic/c, openai/gpt-4o]}",
            8,
            "fallbacks[1]",
            '"openai/gpt-4o" falls back to itself',
            "name another target",
        ),
        (
            (
                "  - {from: openai/gpt-4o, to: anthropic/c}\n"
                "  - {from: openai/gpt-4o, to: anthropic/d}"
            ),
            9,
            "fallbacks[2].from",
            '"openai/gpt-4o" has fallbacks in line 8 already',
            'write one item with a list under "to"',
        ),
        (
            (
                "  - {from: anthropic/c, to: openai/gpt-4o-mini}\n"
                "  - {from: openai/gpt-4o, to: anthropic/c}\n"
                "  - {from: openai/gpt-4o-mini, to: openai/gpt-4o}"
            ),
            8,
            "fallbacks[1]",
            (
                "the fallbacks go in a circle: anthropic/c -> openai/gpt-4o-mini"
                " -> openai/gpt-4o -> anthropic/c"
            ),
            'remove one of these from its "to"',
        ),
    ],
)
def test_a_mistake_in_the_fallbacks_names_its_place_and_fix(
    fallbacks: str, line: int, key: str, message: str, fix: str, *, read: Read
) -> None:
    found = only(read(f"{TWO}{fallbacks}\n"))
    assert found[:2] == (line, key)
    assert message in found[2]
    assert fix in found[3]


def test_two_circles_through_one_target_are_both_told(read: Read) -> None:
    found = read(
        TWO + "  - {from: anthropic/a, to: [anthropic/b, anthropic/c]}\n"
        "  - {from: anthropic/b, to: anthropic/a}\n"
        "  - {from: anthropic/c, to: anthropic/a}\n"
    )
    assert isinstance(found, list)
    assert [problem.message.partition(": ")[2] for problem in found] == [
        "anthropic/a -> anthropic/b -> anthropic/a",
        "anthropic/a -> anthropic/c -> anthropic/a",
    ]


def test_a_fallback_to_a_provider_with_a_mistake_is_no_second_mistake(
    read: Read,
) -> None:
    found = only(
        read(
            "providers: {openai: {keys: [env.GONE], models: [a, b]}}\n"
            "fallbacks: [{from: openai/a, to: openai/b}]\n"
        )
    )
    assert "GONE" in found[2]


def test_a_chain_longer_than_pythons_stack_is_followed_to_its_end(read: Read) -> None:
    length = 1_500
    rules = "".join(
        f"  - {{from: anthropic/{n}, to: anthropic/{n + 1}}}\n" for n in range(length)
    )
    config = read(TWO + rules)
    assert isinstance(config, Config)
    assert len(config.fallbacks["anthropic/0"]) == length
    assert config.fallbacks["anthropic/0"][-1] == f"anthropic/{length}"
