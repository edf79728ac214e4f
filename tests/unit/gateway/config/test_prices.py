"""The tables of prices: what they take, and each mistake with its fix."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.catalog.prices import PriceBook
from heliograph.gateway.config import Problem, read_file
from heliograph.gateway.config.prices import USD_FIX
from heliograph.gateway.config.prices_file import KINDS, AbsurdAmountError, read_rows
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config, OwnPrice

Read = Callable[..., Config | list[Problem]]

START = """\
providers:
  openai:
    keys: [env.KEY]
    models: [gpt-4o]
  ollama:
"""
PRICES = START + "prices:\n"


def prices_of(found: Config | list[Problem]) -> dict[str, OwnPrice]:
    assert isinstance(found, Config), found
    return dict(found.prices)


def test_rates_are_taken_as_they_are_written(read: Read) -> None:
    text = PRICES + (
        "  openai/gpt-4o:\n    input: 2.50\n    output: '10'\n    cached: 1.25\n"
        "    request: 0.001\n    tiers:\n"
        "      - above_tokens: 200000\n        input: 5\n        cached: 2.5\n"
        "      - above_tokens: 500000\n        input: 6.123456789\n"
        "        reasoning: 1\n"
    )
    (price,) = prices_of(read(text)).values()
    assert dict(price.rates) == {
        "input": ["2.5", 200_000, "5", 500_000, "6.123456789"],
        "output": "10",
        "cached": ["1.25", 200_000, "2.5"],
        "request": "0.001",
        "reasoning": [500_000, "1"],
    }


def test_a_price_may_be_like_another_or_nothing_for_every_model(read: Read) -> None:
    text = PRICES + (
        "  openai/gpt-4o: {like: azure/gpt-4o}\n  ollama/*: {free: true}\n"
        "  ollama/llama: {like: groq/llama-3.3-70b-versatile}\n"
    )
    found = prices_of(read(text))
    assert found["openai/gpt-4o"].like == "azure/gpt-4o"
    assert dict(found["ollama/*"].rates) == {"input": "0", "output": "0"}
    assert found["ollama/llama"] == OwnPrice(
        like="groq/llama-3.3-70b-versatile", line=9
    )


GPT = "prices.openai/gpt-4o"
TIERS = """\
  openai/gpt-4o:
    input: 1
    output: 1
    tiers:
      - {above_tokens: 9, input: 2}
      - {above_tokens: 9, input: 3}
"""
MISTAKES = [
    ("- a", "prices", "expected a table of targets and prices", ""),
    ("gpt-4o: {free: true}", "prices", "not of the form", 'write "openai/gpt-4o"'),
    ("openia/x: {free: true}", "prices", "not in this file", '"openai"?'),
    ("openai/x: {free: true}", "prices", "not listed by openai", ""),
    ("openai/gpt-4o: 3", GPT, "a table of rates, like or free, found a number", ""),
    ("openai/gpt-4o: {input: 1}", GPT, '"output" is missing', 'add "output:" in d'),
    (
        "openai/gpt-4o: {inputs: 1, input: 1, output: 1}",
        f"{GPT}.inputs",
        "unknown key",
        'did you mean "input"?',
    ),
    *(
        (
            f"openai/gpt-4o: {{input: {amount}, output: 1}}",
            f"{GPT}.input",
            "is no amount",
            USD_FIX,
        )
        for amount in ("-1", "1e-6", "$2", ".inf")
    ),
    *(
        (
            f"openai/gpt-4o: {{input: 1, output: 1, {name}: {amount}}}",
            f"{GPT}.{name}",
            message,
            USD_FIX,
        )
        for name, amount, message in (
            ("cached", "[1]", "expected an amount of dollars, found a list"),
            ("request", "0.0000000001", "is finer than a nano-dollar"),
            ("reasoning", "1000000000.1", "is more than 1000000000 dollars"),
        )
    ),
    (
        "openai/gpt-4o: {free: false}",
        f"{GPT}.free",
        "is not true",
        'write "free: true", or rates',
    ),
    (
        "openai/gpt-4o: {free: true, input: 1}",
        GPT,
        '"free" stands alone',
        'remove the other keys, or "free"',
    ),
    (
        "openai/gpt-4o: {like: gpt-4o}",
        f"{GPT}.like",
        '"gpt-4o" names no price row',
        "such as openai/gpt-4o",
    ),
    ("openai/gpt-4o: {like: openai/*}", f"{GPT}.like", "names no price row", ""),
    (
        "openai/gpt-4o: {input: 1, output: 1, tiers: [{input: 2}]}",
        f"{GPT}.tiers[1].above_tokens",
        "is no size of a prompt",
        "write a whole number of tokens",
    ),
]


def only(found: Config | list[Problem]) -> Problem:
    assert isinstance(found, list), found
    (problem,) = found
    return problem


@pytest.mark.parametrize(("text", "key", "message", "fix"), MISTAKES)
def test_each_mistake_has_its_line_its_key_and_its_fix(
    read: Read, text: str, key: str, message: str, fix: str
) -> None:
    problem = only(read(f"{PRICES}  {text}\n"))
    assert (problem.line, problem.key) == (7, key)
    assert message in problem.message
    assert fix in problem.fix


def test_a_tier_begins_above_the_one_before(read: Read) -> None:
    problem = only(read(PRICES + TIERS))
    assert (problem.line, problem.key) == (12, f"{GPT}.tiers[2].above_tokens")
    assert "larger than that of the tier before" in problem.fix


def test_unknown_prices_are_allowed_unless_the_file_says_otherwise(read: Read) -> None:
    found = read(START)
    assert isinstance(found, Config)
    assert found.unknown_price == "allow"
    found = read(START + "unknown_price: refuse\n")
    assert isinstance(found, Config)
    assert found.unknown_price == "refuse"
    found = read(START + "unknown_price: deny\n")
    assert isinstance(found, list)
    assert found[0].fix == "write allow or refuse"


# Rows as LiteLLM's file has them.
LITELLM = {
    "sample_spec": {"mode": "one of: chat, embedding", "input_cost_per_token": 0.0},
    "gpt-4o": {
        "cache_read_input_token_cost": 1.25e-06,
        "input_cost_per_token": 2.5e-06,
        "input_cost_per_token_batches": 1.25e-06,
        "input_cost_per_token_priority": 4.25e-06,
        "litellm_provider": "openai",
        "mode": "chat",
        "output_cost_per_token": 1e-05,
        "supports_vision": True,
    },
    "gemini/gemini-2.5-pro": {
        "input_cost_per_token": 1.25e-06,
        "input_cost_per_token_above_200k_tokens": 2.5e-06,
        "litellm_provider": "gemini",
        "mode": "chat",
        "output_cost_per_token": 1e-05,
        "output_cost_per_token_above_200k_tokens": 1.5e-05,
    },
    "claude-sonnet-4-5": {
        "cache_creation_input_token_cost": 3.75e-06,
        "cache_creation_input_token_cost_above_1hr": 6e-06,
        "cache_read_input_token_cost": 3e-07,
        "input_cost_per_token": 3e-06,
        "litellm_provider": "anthropic",
        "output_cost_per_token": 1.5e-05,
    },
    "a/free": {
        "input_cost_per_token": 0.0,
        "litellm_provider": "a",
        "output_cost_per_token": 0,
    },
    "by-the-second": {
        "input_cost_per_second": 0.001,
        "input_cost_per_token": 1e-06,
        "litellm_provider": "b",
        "output_cost_per_token": 1e-06,
    },
    "dall-e": {"litellm_provider": "openai", "mode": "image_generation"},
    "broken": {"input_cost_per_token": "much", "output_cost_per_token": 1e-06},
    "free-until-large": {
        "input_cost_per_token_above_200k_tokens": 1e-06,
        "litellm_provider": "openai",
        "output_cost_per_token": 1e-06,
    },
    "cached-when-large": {
        "cache_read_input_token_cost_above_200k_tokens": 2e-07,
        "input_cost_per_token": -0.0,
        "input_cost_per_request": 0.25,
        "litellm_provider": "openai",
        "output_cost_per_token": 1e-06,
    },
    "no table": 7,
}


def test_the_rows_of_litellm_are_read_exactly() -> None:
    found = read_rows(json.dumps(LITELLM).encode(), "f.json")
    assert found is not None
    assert {name: dict(rates) for name, rates in found.rows.items()} == {
        "gpt-4o": {"cached": "1.25", "input": "2.5", "output": "10"},
        "gemini/gemini-2.5-pro": {
            "input": ["1.25", 200_000, "2.5"],
            "output": ["10", 200_000, "15"],
        },
        "claude-sonnet-4-5": {
            "cache_write": "3.75",
            "cache_write_1h": "6",
            "cached": "0.3",
            "input": "3",
            "output": "15",
        },
        "a/free": {"input": "0", "output": "0"},
        "cached-when-large": {
            "cached": [200_000, "0.2"],
            "input": "0",
            "output": "1",
            "request": "0.25",
        },
    }
    assert found.providers["gpt-4o"] == "openai"


def test_a_file_of_prices_is_read_beside_the_config(tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    (tmp_path / "prices.json").write_text(json.dumps(LITELLM))
    (tmp_path / "none.json").write_text("{}")
    (tmp_path / "page.html").write_text("<html>")

    def read_with(name: str) -> Config | list[Problem]:
        config.write_text(f"providers:\n  ollama:\nprices_file: {name}\n")
        return read_file(config, endpoints=ENDPOINTS, environ={})

    found = read_with("prices.json")
    assert isinstance(found, Config)
    assert len(found.prices_file.rows) == 5
    for name, message in (
        ("none.json", '"none.json" holds no prices'),
        ("page.html", '"page.html" holds no prices'),
        ("gone.json", '"gone.json" cannot be read: no such file or directory'),
        (".", '"." cannot be read: is a directory'),
    ):
        problems = read_with(name)
        assert isinstance(problems, list), name
        assert (problems[0].line, problems[0].message) == (3, message)


@pytest.mark.parametrize("amount", ["1000.01", "1e400", "1e999999", '"1e9999999999"'])
@pytest.mark.parametrize(
    ("member", "of"),
    [
        ("output_cost_per_token", " per million tokens"),
        ("input_cost_per_token_above_200k_tokens", " per million tokens"),
        ("input_cost_per_request", ""),
    ],
)
def test_an_amount_that_nothing_costs_is_told_with_its_row_and_member(
    tmp_path: Path, member: str, of: str, amount: str
) -> None:
    if member == "input_cost_per_request":
        amount = amount.replace("1000.01", "1000000000.01")
    row = dict.fromkeys(("input_cost_per_token", "output_cost_per_token"), 1e-06)
    text = json.dumps({"m": {"litellm_provider": "openai", **row, member: "AMOUNT"}})
    (tmp_path / "p.json").write_text(text.replace('"AMOUNT"', amount))
    config = tmp_path / "gateway.yaml"
    config.write_text("providers:\n  ollama:\nprices_file: p.json\n")
    problem = only(read_file(config, endpoints=ENDPOINTS, environ={}))
    assert (problem.line, problem.key) == (3, "prices_file")
    said = f'"p.json": {member} of "m" is more than 1000000000 dollars{of}'
    assert problem.message == said
    assert problem.fix == "correct that row of the file, or remove it"


@pytest.mark.parametrize(
    "data",
    [
        b'{"m":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,"a\xff":1}}',
        b'{"m":{"input_cost_per_token":1e-6,"output_cost_per_token":1e-6,'
        b'"input_cost_per_token_above_' + b"9" * 5000 + b'k_tokens":1e-6}}',
    ],
)
def test_a_hostile_file_holds_no_prices(data: bytes) -> None:
    found = read_rows(data, "f.json")
    assert found is None or not found.rows


@given(
    st.dictionaries(
        st.sampled_from([*KINDS, "input_cost_per_token_above_7k_tokens"]),
        st.one_of(st.decimals(allow_nan=False, min_value=-1), st.floats(0, 1000)),
        min_size=2,
    )
)
def test_every_row_that_is_taken_can_be_reckoned_with(row: dict[str, object]) -> None:
    members = {"litellm_provider": "openai"} | {k: str(v) for k, v in row.items()}
    data = json.dumps({"m": members}).encode()
    try:
        found = read_rows(data, "f.json")
    except AbsurdAmountError:
        return
    assert found is not None
    price = PriceBook(file=found).price_of("openai", "openai", "m", 0.0)
    assert (price is not None) == ("m" in found.rows)
