"""Who asks: the keys that we give to callers, whose they are, what they may."""

from typing import Literal

from msgspec import Struct

Period = Literal["minute", "hour", "day", "month"]


class Owner(Struct, frozen=True):
    """Whose an exchange is; what is not known is empty."""

    team: str = ""
    project: str = ""
    camera: str = ""


class UsdLimit(Struct, frozen=True):
    """So many nano-dollars may be spent in each calendar period (UTC)."""

    nano: int
    per: Period


class KeyLimits(Struct, frozen=True):
    """What the exchanges of one virtual key may use together; None: no bound."""

    usd: tuple[UsdLimit, ...] = ()
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent_max: int | None = None


class VirtualKey(Struct, frozen=True):
    """A key that we gave to a caller; its secret is known by a hash alone.

    `models` are patterns of `provider/model`, `routes` names of routes, `ip_ranges`
    networks: where one is empty it bounds nothing. Times are seconds since 1970.
    """

    id: str
    name: str
    owner: Owner = Owner()
    tags: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    ip_ranges: tuple[str, ...] = ()
    limits: KeyLimits = KeyLimits()
    created_at: int = 0
    expires_at: int | None = None
    revoked_at: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether not every model may be asked for."""
        return bool(self.models or self.routes)
