"""The command that shows prices: all rows that we have, or those of a config."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, json

from heliograph.clock import SystemClock
from heliograph.gateway.app.source import Source
from heliograph.gateway.catalog.money import print_rates, print_usd
from heliograph.gateway.catalog.prices import (
    EVERY,
    PriceBook,
    Prices,
    prices_of,
    vendors,
)
from heliograph.gateway.config import render_problems
from heliograph.gateway.types import Config, Price


class Shown(Struct, omit_defaults=True):
    """One line of the list: dollars per million tokens, exact."""

    target: str
    row: str | None
    rates: dict[str, str] | None = None
    tiers: list[dict[str, str | int]] | None = None
    request: str | None = None
    services: dict[str, dict[str, str]] | None = None
    source: str | None = None
    date: str | None = None


def show_prices(model: str | None, config: Path | None, *, as_json: bool) -> int:
    """Print the prices that *model* is a part of the name of, or of a config."""
    now_s = SystemClock().wall_s()
    if config is None:
        listed = [shown(name, price) for name, price in known(model, now_s)]
    else:
        found = Source(config).read().found
        if isinstance(found, list):
            print(render_problems(found), file=sys.stderr)  # noqa: T201 - its purpose
            return 1
        listed = [
            shown(name, price)
            for name, price in configured(found, now_s)
            if model is None or model in name
        ]
    if not listed and model is not None:
        where = "row" if config is None else "target of the config"
        said = f"error: no {where} is called {model!r}; leave it out to see all"
        print(said, file=sys.stderr)  # noqa: T201 - its purpose
        return 1
    text = json.format(json.encode(listed)).decode() if as_json else None
    tell(text or "\n".join(lines(listed)))
    return 0


def tell(text: str) -> None:
    """Print *text*; whoever reads it may have seen enough, as `head` has."""
    try:
        print(text, flush=True)  # noqa: T201 - its purpose
    except BrokenPipeError:
        # Else Python would complain of it when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def known(model: str | None, now_s: float) -> Iterator[tuple[str, Price]]:
    """Yield the rows whose name *model* is, else those it is a part of."""
    sheets = [(vendor, prices_of(vendor)) for vendor in sorted(vendors())]
    exact = list(named(sheets, model, now_s)) if model else []
    if exact:
        yield from exact
        return
    for vendor, rows in sheets:
        for row in rows.sheet.rows if rows else ():
            names = [f"{vendor}/{name}" for name in row.names]
            if rows and (model is None or any(model.lower() in name for name in names)):
                yield names[0], row.price_at(now_s, rows.sheet)[0]


def named(
    sheets: list[tuple[str, Prices | None]], model: str, now_s: float
) -> Iterator[tuple[str, Price]]:
    """Yield the rows that a target called *model* would be paid for by."""
    for vendor, rows in sheets:
        name = model.removeprefix(f"{vendor}/")
        price = rows.find(name, now_s).price if rows else None
        if price is not None:
            yield f"{vendor}/{name}", price


def configured(config: Config, now_s: float) -> Iterator[tuple[str, Price | None]]:
    """Yield the targets that *config* lists, with what is known of their price.

    Of a provider that lists none, those that have a price of their own, or any (`*`).
    """
    book = PriceBook(config.prices, config.prices_file)
    for provider in config.providers.values():
        vendor = provider.endpoint.prices
        start = f"{provider.name}/"
        own = [name[len(start) :] for name in config.prices if name.startswith(start)]
        for model in provider.models or own or [EVERY]:
            price = book.price_of(provider.name, vendor, model, now_s)
            yield f"{provider.name}/{model}", price


def unpriced(config: Config) -> list[str]:
    """Return the targets that *config* lists, of which no price is known."""
    priced = configured(config, SystemClock().wall_s())
    return [target for target, price in priced if price is None]


def shown(target: str, price: Price | None) -> Shown:
    """Write a price in dollars."""
    if price is None:
        return Shown(target, None)
    return Shown(
        target,
        price.name,
        rates=print_rates(price.rates),
        tiers=[
            {"above_tokens": above, **print_rates(rates)}
            for above, rates in price.tiers
        ],
        request=print_usd(price.request_nano) if price.request_nano else None,
        services={name: print_rates(one.rates) for name, one in price.services.items()},
        source=price.source,
        date=price.date or None,
    )


def lines(listed: list[Shown]) -> Iterator[str]:
    """Write the list for people: what is known first, then what is not."""
    yield "Dollars per million tokens"
    known_ones = [one for one in listed if one.rates is not None]
    width = max((len(one.target) for one in known_ones), default=0)
    yield from (line_of(one, width) for one in known_ones)
    unknown = [one.target for one in listed if one.rates is None]
    if unknown:
        yield ""
        yield f"No price is known of: {', '.join(unknown)}"
        if any(name.endswith(f"/{EVERY}") for name in unknown):
            yield "Of /*, any model may be asked: its price is looked up by its name."
        yield 'Write it under "prices:" in the config; docs/guide/costs.md shows how.'


def line_of(one: Shown, width: int) -> str:
    """Write one known price."""
    rates = one.rates or {}
    told = [f"{rates['input']:>8} in {rates['output']:>8} out"]
    told += [
        f"{rates[name]} {word}"
        for name, word, wide in (
            ("cached", "cached", "input"),
            ("cache_write", "cache write", "input"),
            ("cache_write_1h", "for an hour", "cache_write"),
            ("reasoning", "thinking", "output"),
            ("audio_input", "audio in", "input"),
            ("audio_output", "audio out", "output"),
            ("picture_input", "pictures in", "input"),
            ("picture_output", "pictures out", "output"),
        )
        if rates[name] != rates[wide]
    ]
    told += [
        f"above {tier['above_tokens']:,} tokens {tier['input']} in {tier['output']} out"
        for tier in one.tiers or ()
    ]
    if one.request:
        told.append(f"{one.request} a request")
    told += [
        f"{name} {other['input']} in {other['output']} out"
        for name, other in sorted((one.services or {}).items())
    ]
    origin = ", ".join(word for word in (one.row, one.date, one.source) if word)
    return f"{one.target:{width}}  {', '.join(told)}  ({origin})"
