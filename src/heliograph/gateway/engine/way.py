"""The way to one target: what every call to it has in common, found once."""

from collections.abc import Callable, Iterable
from math import inf
from ssl import SSLContext

from heliograph.gateway.catalog.cost import MILLION, ceiling_of
from heliograph.gateway.catalog.facts import facts
from heliograph.gateway.catalog.prices import PriceBook
from heliograph.gateway.ledger.caps import Amount
from heliograph.gateway.providers.signing import auth_headers
from heliograph.gateway.types import Chat, Failure, HttpRequest, Price, Target
from heliograph.gateway.upstream.call import Call, head_of, origin_of
from heliograph.gateway.wire.dialects import DIALECTS


class Way:
    """What the config and the catalog say of calls to one target.

    `price` is what was found in *prices* last, and good until `priced_until_s`;
    `ceiling` is its dearest rates of input and output, where they tell the worst, and
    what a request costs beside, with what rounds: in millionths of a nano-dollar.
    """

    __slots__ = (
        "ceiling",
        "dialect",
        "endpoint",
        "facts",
        "heads",
        "model",
        "origin",
        "price",
        "priced_until_s",
        "prices",
        "target",
        "timeouts",
        "tls",
    )

    def __init__(
        self, target: Target, tls: Callable[[], SSLContext], prices: PriceBook
    ) -> None:
        provider = target.provider
        self.prices = prices
        self.price: Price | None = None
        self.priced_until_s = -inf
        self.ceiling: tuple[int, int, int] | None = None
        self.target = target
        self.model = target.model
        self.endpoint = provider.endpoint
        self.dialect = DIALECTS[self.endpoint.dialect]
        self.facts = facts(provider.name, self.model)
        self.timeouts = provider.timeouts_of(self.model)
        self.origin, _ = origin_of(self.endpoint.base_url)
        self.tls = tls() if self.origin.tls else None
        self.heads: dict[str, bytes] = {}

    def price_at(self, at_s: float) -> Price | None:
        """Return what a call costs at that Unix time, or None if it is not known."""
        if at_s < self.priced_until_s:
            return self.price
        provider, prices = self.target.provider, self.prices
        vendor = self.endpoint.prices
        price = prices.price_of(provider.name, vendor, self.model, at_s)
        self.price, self.priced_until_s = price, prices.until_s
        rates = None if price is None else ceiling_of(price)
        self.ceiling = None
        if price is not None and rates is not None:
            self.ceiling = (*rates, price.request_nano * MILLION + MILLION // 2)
        return price

    def worst_of(self, input_tokens: int, output_tokens: int) -> Amount:
        """Say what a call takes at most with so many tokens, where `ceiling` tells."""
        assert self.ceiling is not None  # noqa: S101 - who asks has looked
        of_input, of_output, beside = self.ceiling
        micro = input_tokens * of_input + output_tokens * of_output + beside
        return (micro // MILLION, input_tokens + output_tokens, 1, 1)

    def encode(self, chat: Chat) -> HttpRequest | Failure:
        """Write *chat* in the target's dialect."""
        return self.dialect.encode(chat, self.model, self.endpoint, self.facts)

    def call(
        self, request: HttpRequest, deadline_at: float, patience_s: float | None = None
    ) -> Call:
        """Make the bytes of one call; its head is the same each time, and kept.

        *patience_s* tightens the bound on the first byte.
        """
        head = self.heads.get(request.path)
        if head is None:
            head = self.heads[request.path] = head_of(
                self.target.provider, request, self.auth
            )
        body, timeouts = request.body, self.timeouts
        return Call(
            self.origin, head, body, timeouts, deadline_at, self.tls, patience_s
        )

    @property
    def auth(self) -> Iterable[tuple[str, str]]:
        """The headers that carry the target's key."""
        return auth_headers(self.endpoint, self.target.key)
