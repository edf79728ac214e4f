"""What the exchanges of a process share: config, health, pool, and what they derive."""

from collections.abc import Callable
from ssl import SSLContext

from heliograph.clock import Clock
from heliograph.gateway.catalog.prices import PriceBook
from heliograph.gateway.engine.way import Way
from heliograph.gateway.ledger.budgets import Budgets
from heliograph.gateway.routing.allowance import Allowance
from heliograph.gateway.routing.ending import unknown_price
from heliograph.gateway.routing.health import Health
from heliograph.gateway.routing.names import Named, named
from heliograph.gateway.routing.permission import narrowed
from heliograph.gateway.routing.target_health import TargetHealth
from heliograph.gateway.types import (
    Chat,
    Config,
    Failure,
    Hedge,
    Price,
    Route,
    Target,
    VirtualKey,
)
from heliograph.gateway.upstream.pool import Pool

NAMED_MAX = 1024
WAYS_MAX = 4096


class Shared:
    """Belongs to the engine; `reload` swaps the config under exchanges."""

    def __init__(
        self,
        config: Config,
        *,
        pool: Pool,
        clock: Clock,
        draw: Callable[[], float],
        tls: Callable[[], SSLContext],
    ) -> None:
        self.pool = pool
        self.clock = clock
        self.draw = draw
        self.tls = tls  # asked for when it is needed: the system's roots take a while
        self.health = Health(config, draw)
        self.budgets: Budgets | None = None  # where there is a ledger
        self.begin_with(config)

    def begin_with(self, config: Config) -> None:
        """Take *config*, and forget what was derived from another."""
        self.config = config
        self.ways: dict[TargetHealth, Way] = {}
        self.named_before: dict[str, Named] = {}
        self.allowed_before: dict[tuple[str, str], tuple[VirtualKey, Named]] = {}
        self.hedges: dict[str, Allowance] = {}
        endpoints = [provider.endpoint for provider in config.providers.values()]
        if any(endpoint.base_url.startswith("https:") for endpoint in endpoints):
            self.tls()  # so that no call waits for it
        self.prices = PriceBook(config.prices, config.prices_file)
        for provider in config.providers.values():
            for model in provider.models:
                self.price_of(Target(provider, model, None), self.clock.wall_s())

    def reload(self, config: Config) -> None:
        """Swap the config; exchanges under way end with the one they began with."""
        self.health = self.health.successor(config)
        self.begin_with(config)
        if self.budgets is not None:
            self.budgets.follow(config.budgets)

    def named(self, chat: Chat) -> Named | Failure:
        """Name who may answer *chat*; what the config alone decides is kept."""
        if chat.fallbacks:
            return named(chat, self.config)
        kept = self.named_before.get(chat.model)
        if kept is None:
            found = named(chat, self.config)
            if isinstance(found, Failure):
                return found
            if len(self.named_before) > NAMED_MAX:
                self.named_before.clear()
            kept = self.named_before[chat.model] = found
        return kept

    def allowed(self, chat: Chat, key: VirtualKey) -> Named | Failure:
        """Name who may answer *chat* for the holder of *key*; kept as above.

        A key that was changed is another object, and nothing kept is of it.
        """
        name = (key.id, chat.model)
        kept = self.allowed_before.get(name)
        if kept is not None and kept[0] is key and not chat.fallbacks:
            return kept[1]
        found = narrowed(self.named(chat), chat, key)
        if isinstance(found, Named) and not chat.fallbacks:
            if len(self.allowed_before) > NAMED_MAX:
                self.allowed_before.clear()
            self.allowed_before[name] = (key, found)
        return found

    def price_of(self, target: Target, at_s: float) -> Price | None:
        """Return what *target* costs at that Unix time, or None if it is not known."""
        provider = target.provider
        vendor = provider.endpoint.prices
        return self.prices.price_of(provider.name, vendor, target.model, at_s)

    def unpriced(self, target: Target, at_s: float) -> Failure | None:
        """Refuse a call whose price is not known, if the config wants that."""
        if self.config.unknown_price == "allow" or self.price_of(target, at_s):
            return None
        return unknown_price(target.name)

    def hedges_of(self, route: Route, hedge: Hedge) -> Allowance:
        """Return what hedges *route* may still make."""
        allowance = self.hedges.get(route.name)
        if allowance is None:
            allowance = self.hedges[route.name] = Allowance(hedge.share)
        return allowance

    def way_to(self, health: TargetHealth) -> Way:
        """Return the way to a target; it is kept.

        An exchange that outlives a reload may still make calls by the old config: what
        is known of a target is of one config, and so neither gets the other's key.
        """
        way = self.ways.get(health)
        if way is None:
            if len(self.ways) >= WAYS_MAX:
                self.ways.clear()
            way = self.ways[health] = Way(health.target, self.tls, self.prices)
        return way
