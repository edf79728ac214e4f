"""What the config's models cost, and where that was read."""

from typing import Any

from starlette.requests import Request

from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import read_query, text_field
from heliograph.gateway.catalog.money import print_rates, print_usd
from heliograph.gateway.types import Price, Target

FIELDS = {"provider": text_field("only this provider's models")}


async def listed(house: House, request: Request) -> dict[str, Any]:
    """List the models of the config with their prices."""
    now_s = house.clock.wall_s()
    asked = read_query(request, FIELDS, now_s)
    engine = house.engine
    data = [
        price_as_json(
            provider.name, model, engine.price_of(Target(provider, model, None), now_s)
        )
        for provider in engine.config.providers.values()
        if asked.get("provider") in (None, provider.name)
        for model in provider.models
    ]
    return {"data": data, "unknown": sum(not one["known"] for one in data)}


def price_as_json(provider: str, model: str, price: Price | None) -> dict[str, Any]:
    """Write what one model costs, in dollars for a million tokens."""
    said: dict[str, Any] = {"provider": provider, "model": model}
    if price is None:
        return {**said, "known": False}
    return {
        **said,
        "known": True,
        "usd_per_million": print_rates(price.rates),
        "tiers": [
            {"above_tokens": above, "usd_per_million": print_rates(rates)}
            for above, rates in price.tiers
        ],
        "usd_per_request": print_usd(price.request_nano),
        "row": price.name or None,
        "source": price.source or None,
        "date": price.date or None,
    }
