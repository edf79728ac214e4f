"""The guide holds every key the reader takes, and no other; its examples work."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from heliograph.gateway.config import Problem, schema
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import (
    Bodies,
    Breaker,
    Config,
    Hedge,
    Keeping,
    Key,
    Limits,
    Retries,
    Secret,
    Server,
    Timeouts,
)
from heliograph.yaml_reading.ranges import Range

Read = Callable[..., Config | list[Problem]]

GUIDE = (Path(__file__).parents[4] / "docs/guide/configuration.md").read_text()
SECTIONS = dict(
    section.split("\n", 1) for section in re.split(r"^## ", GUIDE, flags=re.MULTILINE)
)
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", re.MULTILINE)


@pytest.mark.parametrize(
    ("section", "keys"),
    [
        ("The file", schema.TOP_KEYS),
        ("A provider", schema.PROVIDER_KEYS),
        ("A key", schema.KEY_KEYS),
        ("Timeouts", schema.TIMEOUT_KEYS),
        ("A model", schema.MODEL_KEYS),
        ("A route", schema.ROUTE_KEYS),
        ("A route's target", schema.ROUTE_TARGET_KEYS),
        ("Hedging", tuple(schema.HEDGE_RANGES)),
        ("Retries", tuple(schema.RETRY_RANGES)),
        ("The breaker", tuple(schema.BREAKER_RANGES)),
        ("Limits", tuple(schema.ALL_LIMIT_RANGES)),
        ("The server", schema.SERVER_KEYS),
        ("The ledger", schema.LEDGER_KEYS),
        ("Bodies", tuple(schema.BODIES_RANGES)),
        ("A fallback", schema.FALLBACK_KEYS),
        ("A price", schema.PRICE_KEYS),
        ("A price's tier", schema.TIER_KEYS),
        ("A budget", schema.BUDGET_KEYS),
        ("Whom a budget is for", schema.SCOPE_KEYS),
    ],
)
def test_each_table_of_the_guide_holds_the_keys_of_the_reader(
    section: str, keys: tuple[str, ...]
) -> None:
    assert sorted(row[0] for row in ROW.findall(SECTIONS[section])) == sorted(keys)


def test_the_timeouts_of_the_guide_are_the_defaults() -> None:
    written = {
        name: float(value) for name, _, value in ROW.findall(SECTIONS["Timeouts"])
    }
    defaults = Timeouts()
    assert written == {name: getattr(defaults, name) for name in schema.TIMEOUT_KEYS}
    assert f"at most {schema.TIMEOUT_S_MAX:.0f}" in SECTIONS["Timeouts"]


def test_the_guide_names_the_keys_of_tls() -> None:
    for name in schema.TLS_KEYS:
        assert f"`{name}`" in SECTIONS["The server"]


def test_the_bounds_of_the_guide_are_the_defaults() -> None:
    rows = ROW.findall(SECTIONS["The server"])
    written = {
        name: float(value) for name, _, value in rows if name in schema.SERVER_BOUNDS
    }
    defaults = Server()
    assert written == {name: getattr(defaults, name) for name in schema.SERVER_BOUNDS}


@pytest.mark.parametrize(
    ("section", "ranges", "defaults"),
    [
        ("Retries", schema.RETRY_RANGES, Retries()),
        ("The breaker", schema.BREAKER_RANGES, Breaker()),
        ("Limits", schema.ALL_LIMIT_RANGES, Limits()),
        ("Hedging", schema.HEDGE_RANGES, Hedge()),
        ("The ledger", schema.LEDGER_RANGES, Keeping()),
        ("Bodies", schema.BODIES_RANGES, Bodies()),
    ],
)
def test_the_numbers_of_the_guide_are_those_of_the_reader(
    section: str, ranges: Mapping[str, Range], defaults: object
) -> None:
    rows = [row for row in ROW.findall(SECTIONS[section]) if row[0] in ranges]
    assert len(rows) == len(ranges)
    for name, allowed, default in rows:
        assert allowed == str(ranges[name]).removeprefix("a ")
        value = getattr(defaults, name)
        if value is not None:
            assert float(default) == value
            assert ranges[name].holds(value)


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("The file", "rescue", schema.RESCUE_POLICIES),
        ("A route", "rescue", schema.RESCUE_POLICIES),
        ("A route", "balance", schema.BALANCES),
    ],
)
def test_the_words_of_the_guide_are_those_of_the_reader(
    section: str, key: str, words: tuple[str, ...]
) -> None:
    (row,) = (row for row in ROW.findall(SECTIONS[section]) if row[0] == key)
    assert re.findall(r"`(\w+)`", row[1]) == list(words)


@pytest.mark.parametrize("section", ["A key", "A route's target"])
def test_the_weight_of_the_guide_is_the_default(section: str) -> None:
    (weight,) = (row for row in ROW.findall(SECTIONS[section]) if row[0] == "weight")
    assert float(weight[2]) == Key("x#1", Secret("x")).weight
    assert weight[1] == f"number from 0 to {schema.WEIGHT_MAX:.0f}"


def test_the_guide_names_every_known_provider_and_its_variables() -> None:
    for name, endpoint in ENDPOINTS.items():
        assert f"`{name}`" in SECTIONS["A provider"]
        for variable in endpoint.env:
            assert f"`{variable}`" in SECTIONS["Without a file"]
        if endpoint.base_url_env:
            row = f"| `{endpoint.base_url_env}` | `{name}` |"
            assert row in SECTIONS["Addresses from the environment"]
            assert f"`{endpoint.base_url_env}`" in SECTIONS["Without a file"]


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL))
def test_each_example_of_the_guide_is_read_without_complaint(
    text: str, read: Read
) -> None:
    environ = dict.fromkeys(re.findall(r"env\.(\w+)", text), "a-key")
    assert isinstance(read(text, environ), Config)


def test_the_problems_of_the_guide_are_what_the_reader_says(read: Read) -> None:
    article = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)[0]
    text = article.replace(
        "from: anthropic/claude-sonnet", "from: anthropic/claude-sonet"
    )
    environ = {"ANTHROPIC_KEY_2": "a-key", "OPENAI_KEY": "a-key"}
    found = read(text, environ)
    assert isinstance(found, list)
    assert "\n".join(str(problem) for problem in found) in GUIDE
