"""What a configuration says, frozen: providers, routes, bounds."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, field

from heliograph.gateway.types.budgets import Budget
from heliograph.gateway.types.price import OwnPrice, PriceFile, UnknownPrice
from heliograph.yaml_reading.secret import Secret


class Key(Struct, frozen=True):
    """One credential of one provider.

    `id` is `provider#position` counted from 1: it goes into logs, the value never.
    """

    id: str
    secret: Secret
    weight: float = 1.0


class Timeouts(Struct, frozen=True):
    """Bounds on one attempt, in seconds; `total_s` is the whole exchange's budget.

    `first_byte_s` runs until the first byte of a whole answer, or until the first
    event with content of a stream; `idle_s` between any two reads after that.
    """

    connect_s: float = 5.0
    first_byte_s: float = 30.0
    idle_s: float = 20.0
    total_s: float = 120.0


class Limits(Struct, frozen=True):
    """How many exchanges may be under way at once, and how many may wait, how long.

    `body_mb_in_flight` bounds what a process holds of their bodies; a provider's own
    limits say nothing of it.
    """

    concurrent_max: int = 1024
    queue_max: int = 1024
    queue_s: float = 2.0
    body_mb_in_flight: float = 256.0


class Retries(Struct, frozen=True):
    """How often the same provider may be asked again within one exchange.

    `same_target_max` is for a lone 5xx or a reset; it waits up to `backoff_s`, doubled
    each time, with full jitter. Repeats of a provider are at most `budget` of its
    recent exchanges plus `floor_per_s`.
    """

    same_target_max: int = 1
    backoff_s: float = 0.1
    budget: float = 0.1
    floor_per_s: float = 0.3


class Breaker(Struct, frozen=True):
    """When a provider or target is left alone, and how it comes back.

    It opens after `failures` in a row, or once `error_rate` of the calls in the last
    `window_s`, at least `calls_min`, failed, or as many were slower than `slow_factor`
    times the 95th percentile of before (0: slowness is no fault). Then one probe at a
    time is let through, the first after `probe_s`, later ones after a tenth of the
    outage so far, up to `probe_s_max`; once a probe is answered, traffic comes back
    over `ramp_s`.
    """

    failures: int = 5
    error_rate: float = 0.5
    calls_min: int = 20
    window_s: float = 30.0
    slow_factor: float = 3.0
    probe_s: float = 6.0
    probe_s_max: float = 60.0
    ramp_s: float = 3.0


class Hedge(Struct, frozen=True):
    """A second attempt beside a slow first one.

    It begins after the target's own 95th percentile, or `after_s`, and for at most
    `share` of a route's exchanges.
    """

    share: float = 0.05
    after_s: float | None = None


RescuePolicy = Literal["auto", "hold", "continue", "off"]
"""`auto` holds answers of at most `HOLD_TOKENS_MAX` tokens and continues others."""

Balance = Literal["weighted", "least_busy", "fastest"]


class Route(Struct, frozen=True):
    """A name callers ask for: several targets, and the policies of their exchanges.

    `targets` are `provider/model`s with their weights. A route named like a
    `provider/model` sets the policies of that model alone.
    """

    name: str
    targets: tuple[tuple[str, float], ...]
    balance: Balance = "weighted"
    sticky_header: str | None = None
    rescue: RescuePolicy | None = None
    hedge: Hedge | None = None


class Endpoint(Struct, frozen=True):
    """One row of `providers/endpoints.toml`: where a provider is and what it takes.

    `auth` is how the key travels: `bearer`, `header:NAME`, or `none` (no key).
    `drop` names request parameters left out for this provider, as its docs say.
    `rename` maps a request parameter to the provider's own name for it.
    `base_url_env` is the variable that the vendor's own SDKs take another address
    from; `base_url_from` is that variable once it was used, for the operator's eyes.
    `prices` is the vendor whose price rows hold; without one no price is known.
    `output_bound` is how a bound of ours on the answer is called.
    """

    name: str
    dialect: str
    base_url: str
    auth: str = "bearer"
    env: tuple[str, ...] = ()
    drop: frozenset[str] = frozenset()
    rename: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stream_usage: bool = True
    prices: str = ""
    output_bound: str = "max_tokens"
    docs: str = ""
    base_url_env: str = ""
    base_url_from: str = ""


class Provider(Struct, frozen=True):
    """A configured provider: its endpoint with the file's overrides applied."""

    name: str
    endpoint: Endpoint
    keys: tuple[Key, ...] = ()
    models: tuple[str, ...] = ()
    timeouts: Timeouts = Timeouts()
    model_timeouts: Mapping[str, Timeouts] = field(
        default_factory=lambda: MappingProxyType({})
    )
    limits: Limits | None = None

    def timeouts_of(self, model: str) -> Timeouts:
        """Return the bounds on calls to *model*."""
        return self.model_timeouts.get(model, self.timeouts)


class Tls(Struct, frozen=True):
    """The files of the server's own certificate chain and key."""

    certificate: str
    key: str


class Server(Struct, frozen=True):
    """The door: whom it lets in, how much, and how slowly.

    `hosts` are the names it answers to beside every address and `localhost`;
    `cors_origins` are the web pages that may use it; what `trusted_proxies` (ranges of
    addresses) say of who asked through them is believed.
    """

    hosts: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    tls: Tls | None = None
    body_mb_max: float = 32.0
    json_depth_max: int = 64
    head_s: float = 10.0
    body_bytes_per_s_min: float = 1024.0
    idle_s: float = 75.0
    unread_s: float = 30.0
    drain_s: float = 30.0
    connections_max: int = 8192


class Bodies(Struct, frozen=True):
    """How long requests and answers are kept, and how much of each."""

    keep_days: float = 7.0
    kb_max: float = 64.0


class Keeping(Struct, frozen=True):
    """What is remembered of exchanges: `place` is a file, or a URL with a password.

    None: nothing is. Exchanges are kept for `keep_days`, and as many as fit into
    `size_mb_max` of a file; their sums by the hour for `keep_sums_days`; what was said
    in them not at all, unless there are `bodies`.
    """

    place: Secret | None = None
    keep_days: float = 90.0
    keep_sums_days: float = 800.0
    size_mb_max: float | None = None
    bodies: Bodies | None = None


class Config(Struct, frozen=True):
    """A whole configuration, frozen. A reload swaps the reference.

    `fallbacks` maps `provider/model` to the `provider/model`s tried after it, in
    order and already followed to the end of the chain.
    """

    providers: Mapping[str, Provider]
    fallbacks: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    source: str = "environment"
    routes: Mapping[str, Route] = field(default_factory=lambda: MappingProxyType({}))
    rescue: RescuePolicy = "auto"
    retries: Retries = Retries()
    breaker: Breaker = Breaker()
    limits: Limits = Limits()
    server: Server = Server()
    ledger: Keeping = Keeping()
    budgets: tuple[Budget, ...] = ()
    prices: Mapping[str, OwnPrice] = field(default_factory=lambda: MappingProxyType({}))
    prices_file: PriceFile = PriceFile()
    unknown_price: UnknownPrice = "allow"
