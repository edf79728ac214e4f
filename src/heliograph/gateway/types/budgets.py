"""What may be spent, by whom, in which time: budgets and their caps."""

from typing import Literal

from msgspec import Struct

from heliograph.gateway.types.virtual_keys import Period
from heliograph.yaml_reading.secret import Secret

WindowKind = Literal["calendar", "rolling"]
CapKind = Literal["usd", "tokens", "requests", "concurrent"]
StoreDown = Literal["refuse", "allow"]

OVER_BUDGET = frozenset(
    {"budget_exceeded", "budget_rate_limited", "budget_held", "budget_unknown"}
)
"""The kinds of failure of a call that some budget leaves no room for: its money is
spent, its rate is used up, calls under way hold the rest, the store does not answer.
"""

Charge = tuple[str, int, int]
"""A cap's key, the bucket of its window (seconds since 1970), and how much."""
ChargedTo = tuple[tuple[str, int, int], ...]
"""The keys of caps, their buckets, and which measure each counts."""


class CapRule(Struct, frozen=True):
    """One limit of a budget: so many nano-dollars, tokens or requests in a window.

    A *calendar* window begins anew with its minute, hour, day or month; a *rolling* one
    is the time just past. `concurrent` counts what is under way and has no window.
    """

    kind: CapKind
    limit: int
    per: Period = "minute"
    window: WindowKind = "rolling"


class Scope(Struct, frozen=True):
    """Whom a budget is for: all that is named here must be so; nothing named is all.

    One with a `provider` or `model` counts the calls to them; another one exchanges.
    """

    team: str | None = None
    project: str | None = None
    camera: str | None = None
    key: str | None = None
    tag: str | None = None
    provider: str | None = None
    model: str | None = None

    @property
    def of_targets(self) -> bool:
        """It counts calls to some targets, whoever asked for them."""
        return self.provider is not None or self.model is not None


class Budget(Struct, frozen=True):
    """A named row of caps, whom it is for, and what happens when a cap is hit.

    At `soft` of a cap its operator is told, once a window, by `webhook` and a metric.
    `on_cap` names the model or route that exchanges fall to; None refuses them.
    `output_tokens_max` is asked for where a caller sets no bound: without one nothing
    could be reserved. `store_down`: what to do when the store cannot be asked and the
    slices leased from it have run out.
    """

    name: str
    caps: tuple[CapRule, ...]
    scope: Scope = Scope()
    zone: str = "UTC"
    soft: float | None = None
    webhook: Secret | None = None
    on_cap: str | None = None
    output_tokens_max: int = 4096
    store_down: StoreDown = "refuse"
