"""How everything stands: providers, the queue, the config, the ledger."""

from functools import partial
from typing import Any

from msgspec import to_builtins
from starlette.requests import Request

from heliograph import __version__
from heliograph.gateway.admin.errors import AdminError
from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import Field, iso_of, read_query
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.search import seconds_of
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.types import ProviderStanding

FIELDS: dict[str, Field] = {}
ENDS = "SELECT MIN(exchange_id), MAX(exchange_id) FROM exchanges"


async def told(house: House, request: Request) -> dict[str, Any]:
    """Tell how everything stands; circuits and the queue are this worker's."""
    read_query(request, FIELDS, 0.0)
    gate = house.engine.gate
    return {
        "version": __version__,
        "now": iso_of(house.clock.wall_s()),
        "config": to_builtins(house.process.config),
        "workers": to_builtins(list(house.process.workers)),
        "queue": {
            "inside": gate.inside,
            "inside_max": gate.limits.concurrent_max,
            "waiting": len(gate.waiting),
        },
        "providers": providers_of(house),
        "ledger": await ledger_of(house),
        "keys_demanded": house.keys.demanded,
    }


def providers_of(house: House) -> list[dict[str, Any]]:
    """Tell of every provider; one that was not called yet stands well."""
    engine = house.engine
    known = {one.provider: one for one in engine.standings()}
    found = []
    for provider in engine.config.providers.values():
        fresh = ProviderStanding(provider.name, "closed", 0, 0)
        stands = known.get(provider.name, fresh)
        found.append(
            {
                **to_builtins(stands),
                "called": provider.name in known,
                "models": len(provider.models),
                "keys": len(provider.keys),
            }
        )
    return found


async def ledger_of(house: House) -> dict[str, Any]:
    """Tell of the ledger; what is wrong with it is part of the answer."""
    ledger = house.engine.ledger
    if ledger is None:
        return {"state": "off"}
    said = {"place": ledger.store.name, **to_builtins(ledger.standing)}
    try:
        held = await house.desk.ask(partial(held_by, ledger.store))
    except AdminError as error:
        return {**said, "trouble": error.said, "fix": error.fix}
    return {**said, **held}


def held_by(store: Store, database: Database) -> dict[str, Any]:
    """Say how large a ledger is, and from when to when there are exchanges."""
    first, last = ends(database)
    size_bytes = store.size_bytes(database) or None  # a server's disk is not ours
    return {"size_bytes": size_bytes, "first_at": first, "last_at": last}


def ends(database: Database) -> tuple[str | None, str | None]:
    """Say from when to when there are exchanges."""
    ((first, last),) = database.run(ENDS)
    return tuple(  # type: ignore[return-value] # there are two
        None if number is None else iso_of(seconds_of(int(number)))
        for number in (first, last)
    )
