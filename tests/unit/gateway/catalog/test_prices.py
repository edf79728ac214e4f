"""Which row a model's name leads to, and which price holds when."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

import pytest
from genai_prices import Usage as PackageUsage
from genai_prices.data_snapshot import get_snapshot

from heliograph.gateway.catalog.cost import cost_nano, rates_at
from heliograph.gateway.catalog.money import print_rates
from heliograph.gateway.catalog.price_sheet import price_from, read_sheet
from heliograph.gateway.catalog.prices import (
    PriceBook,
    Prices,
    is_listed,
    prices_of,
    vendors,
)
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import OwnPrice, PriceFile, Rate, Usage

NOW_S = datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp()


def row_name(vendor: str, model: str) -> str | None:
    rows = prices_of(vendor)
    assert rows is not None
    price = rows.find(model, NOW_S).price
    return price.name if price else None


@pytest.mark.parametrize(
    ("vendor", "model", "row"),
    [
        ("openai", "gpt-4o", "openai/gpt-4o"),
        ("openai", "GPT-4o", "openai/gpt-4o"),
        ("openai", "gpt-4o-2024-08-06", "openai/gpt-4o"),
        ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
        ("anthropic", "claude-haiku-4-5-20251001", "anthropic/claude-haiku-4-5"),
        ("google", "models/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("google", "gemini-2.5-flash-001", "google/gemini-2.5-flash"),
        (
            "openrouter",
            "anthropic/claude-sonnet-4.5",
            "openrouter/anthropic/claude-sonnet-4.5",
        ),
        # Dates of this model differ in price: one that is not listed is not guessed.
        ("openai", "gpt-4o-2031-01-01", None),
        ("openai", "gpt-4o-extra", None),
        ("openai", "models/", None),
        ("openai", "", None),
        ("openrouter", "anthropic/claude-sonnet-4.5:nitro", None),
    ],
)
def test_a_name_leads_to_its_own_row_or_to_none(
    vendor: str, model: str, row: str | None
) -> None:
    assert row_name(vendor, model) == row


def test_every_provider_whose_rows_are_named_has_such_rows() -> None:
    named = {row.prices for row in ENDPOINTS.values() if row.prices}
    assert named <= vendors()
    assert {name for name, row in ENDPOINTS.items() if not row.prices} == {"ollama"}


def test_each_row_says_from_where_it_is_and_when_it_was_read() -> None:
    for vendor in vendors():
        rows = prices_of(vendor)
        assert rows is not None
        assert rows.sheet.source.startswith("https://"), vendor
        assert rows.sheet.date >= "2026-11-26", vendor


@pytest.mark.parametrize("input_tokens", [50_000, 300_000])
def test_every_row_costs_what_the_package_reckons(input_tokens: int) -> None:
    theirs = PackageUsage(
        input_tokens=input_tokens, output_tokens=700, cache_read_tokens=1_000
    )
    ours = Usage(input_tokens, 700, cached_tokens=1_000)
    at, compared = datetime.fromtimestamp(NOW_S, UTC), 0
    for provider in get_snapshot().providers:
        rows = prices_of(provider.id)
        if rows is None:
            continue
        for row in rows.sheet.rows:
            model = provider.find_model(row.names[0])
            assert model is not None, row.names
            told = model.calc_price(theirs, provider, genai_request_timestamp=at)
            nano = (told.total_price * 10**9).quantize(Decimal(1), ROUND_HALF_UP)
            price, _ = row.price_at(NOW_S, rows.sheet)
            assert cost_nano(price, ours) == nano, row.names
            compared += 1
    assert compared > 2_000


def test_every_name_means_to_us_what_it_means_to_the_package() -> None:
    for provider in get_snapshot().providers:
        rows = prices_of(provider.id)
        for name, row in (rows.rows if rows else {}).items():
            assert provider.find_model(name) is provider.find_model(row.names[0]), name


SHEET = b"""{"vendor":"v","source":"https://v","package":"p 1","date":"2026-11-26","rows":[
{"names":["dated"],"prices":[{"input":"1","output":"1"},{"input":"2","output":"2","since":"2027-01-01"}]},
{"names":["hourly"],"prices":[{"input":"1","output":"1"},{"input":"3","output":"3","hours":["16:30","00:30"]}]}
]}"""  # noqa: E501 - a row a line, as in the files


@pytest.mark.parametrize(
    ("model", "at", "rate", "until"),
    [
        ("dated", "2026-12-31T23:59:59", 1, "2027-01-01T00:00:00"),
        ("dated", "2027-01-01T00:00:00", 2, None),
        ("hourly", "2026-11-26T16:29:59", 1, "2026-11-26T16:30:00"),
        ("hourly", "2026-11-26T16:30:00", 3, "2026-11-27T00:30:00"),
        ("hourly", "2026-11-27T00:29:00", 3, "2026-11-27T00:30:00"),
        ("hourly", "2026-11-27T00:30:00", 1, "2026-11-27T16:30:00"),
    ],
)
def test_a_price_holds_for_its_time(
    model: str, at: str, rate: int, until: str | None
) -> None:
    at_s = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
    found = Prices(read_sheet(SHEET)).find(model, at_s)
    assert found.price is not None
    assert found.price.rates.input == rate * 10**9
    if until is None:
        assert found.until_s == float("inf")
    else:
        ends = datetime.fromisoformat(until).replace(tzinfo=UTC)
        assert found.until_s == ends.timestamp()


def test_a_book_looks_a_price_up_once_and_again_when_it_may_have_changed() -> None:
    book = PriceBook()
    first = book.price_of("gemini", "google", "gemini-3.8-flash", NOW_S)
    assert first is not None
    assert book.price_of("gemini", "google", "gemini-3.8-flash", NOW_S + 1) is first
    after_s = datetime(2027, 1, 2, tzinfo=UTC).timestamp()
    later = book.price_of("gemini", "google", "gemini-3.8-flash", after_s)
    assert later is not None
    assert later.rates.input == 2 * first.rates.input


def test_a_provider_of_ones_own_has_no_price_and_neither_has_a_model_without_row() -> (
    None
):
    book = PriceBook()
    assert book.price_of("proxy", "", "gpt-4o", NOW_S) is None
    assert book.price_of("openai", "openai", "gpt-none", NOW_S) is None
    assert book.price_of("x", "nobody", "gpt-4o", NOW_S) is None


def test_what_the_config_says_goes_before_its_file_and_that_before_our_rows() -> None:
    own = {
        "openai/gpt-4o": OwnPrice({"input": "7", "output": "8"}),
        "proxy/*": OwnPrice(like="openai/*"),
        "proxy/fast": OwnPrice(like="groq/llama-3.1-8b-instant"),
    }
    rows: dict[str, dict[str, Rate]] = {
        "gpt-4o": {"input": "70", "output": "80"},
        "gpt-4o-mini": {"input": "71", "output": "81"},
        "xai/grok-4": {"input": "72", "output": "82"},
        "stray": {"input": "73", "output": "83"},
    }
    whose = {"gpt-4o": "openai", "gpt-4o-mini": "openai", "xai/grok-4": "xai",
             "stray": "somebody"}  # fmt: skip
    book = PriceBook(own, PriceFile("f.json", rows, whose))

    def dollars(provider: str, vendor: str, model: str) -> float | None:
        price = book.price_of(provider, vendor, model, NOW_S)
        return price.rates.input / 1e9 if price else None

    assert dollars("openai", "openai", "gpt-4o") == 7
    assert dollars("openai", "openai", "gpt-4o-mini") == 71
    assert dollars("openai", "openai", "gpt-4.1") == 2
    assert dollars("xai", "x-ai", "grok-4") == 72
    assert dollars("proxy", "", "gpt-4o") == 2.5
    assert dollars("proxy", "", "fast") == 0.05
    assert dollars("proxy", "", "unheard-of") is None
    assert dollars("openai", "openai", "stray") is None


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("openai/gpt-4o", True),
        ("openai/*", True),
        ("openai/gpt-none", False),
        ("nobody/*", False),
        ("gpt-4o", False),
    ],
)
def test_whether_a_row_is_listed_can_be_asked(name: str, *, listed: bool) -> None:
    assert is_listed(name) is listed


# What a kind costs that is not said: as the wider one, in each tier until it is said.
INPUT_TIERS: dict[str, Rate] = {"input": ["2", 100, "5"], "output": "9"}


@pytest.mark.parametrize(
    ("written", "kind", "below", "above_100", "above_200"),
    [
        ({}, "cached", "2", "5", "5"),
        ({"cached": "1"}, "cached", "1", "1", "1"),
        ({"cached": ["1", 100, "3"]}, "cached", "1", "3", "3"),
        ({"cached": [200, "3"]}, "cached", "2", "5", "3"),
        ({"cache_write": "4"}, "cache_write_1h", "4", "4", "4"),
        ({"cache_write": [200, "7"]}, "cache_write_1h", "2", "5", "7"),
        ({"output": ["9", 100, "11"]}, "reasoning", "9", "11", "11"),
        ({"reasoning": [200, "1"]}, "reasoning", "9", "9", "1"),
    ],
)
def test_what_is_not_said_costs_what_the_wider_kind_does_in_each_tier(
    written: dict[str, Rate], kind: str, below: str, above_100: str, above_200: str
) -> None:
    price = price_from(INPUT_TIERS | written | {"picture_input": [200, "2"]})
    told = [print_rates(rates_at(price, tokens))[kind] for tokens in (100, 101, 201)]
    assert told == [below, above_100, above_200]
    assert [edge for edge, _ in price.tiers] == [100, 200]
