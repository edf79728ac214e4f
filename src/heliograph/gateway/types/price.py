"""What a model's tokens cost, in integers of nano-dollars; no float knows money."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct, field

NANO = 10**9
"""Nano-dollars in a dollar."""

CostBasis = Literal["usage", "estimate", "free", "unknown_price", "unknown_usage"]
"""What an attempt's cost stands on.

*usage*: what the provider counted. *estimate*: it was broken off before anybody had
counted, and is taken for what it most likely used. *free*: it failed before there was
anything to pay for. The other two say what is not known; the cost is None then.
"""

STANDARD_SERVICES = frozenset({"", "default", "standard", "auto", "on_demand"})
"""The names under which providers answer at their listed price."""

UnknownPrice = Literal["allow", "refuse"]
"""Whether a model may be called whose price is not known."""


class Rates(Struct, frozen=True):
    """Nano-dollars per million tokens, by what the tokens are."""

    input: int
    output: int
    cached: int
    cache_write: int
    cache_write_1h: int
    reasoning: int
    audio_input: int
    audio_output: int
    picture_input: int
    picture_output: int


class Price(Struct, frozen=True):
    """What a call to one model costs.

    `tiers` are other rates for all tokens of a call whose input is above so many;
    `services` other prices, by the service that the provider says it has answered
    with (`batch`, `flex`, `priority`). *mixed*: what is heard, seen, spoken or drawn
    has rates of its own. `name` is the row's.
    """

    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    request_nano: int = 0
    services: Mapping[str, "Price"] = field(
        default_factory=lambda: MappingProxyType({})
    )
    mixed: bool = False
    name: str = ""
    source: str = ""
    date: str = ""


Rate = str | list[str | int]
"""Dollars per million tokens as a text; behind it, in pairs: above so many tokens of
input, so much. Pairs alone: below the first it costs what a wider kind of tokens does.
"""


class OwnPrice(Struct, frozen=True):
    """A price that the config says: its rates, or whose row it is like.

    `like` is `vendor/model`, or `vendor/*` for the vendor's row of the same name;
    `line` is where it stands.
    """

    rates: Mapping[str, Rate] = field(default_factory=lambda: MappingProxyType({}))
    like: str = ""
    line: int = 0


class PriceFile(Struct, frozen=True):
    """Rows of a file of prices in LiteLLM's format, by the names it has for models.

    `providers` says to whom a name without a provider in it belongs.
    """

    path: str = ""
    rows: Mapping[str, Mapping[str, Rate]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    providers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
