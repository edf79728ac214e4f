"""What is asked for in a new virtual key: pure.

The command line and the admin API ask in this one way; each mistake names its field.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from msgspec import Struct

from heliograph.gateway.ledger import key_fields as fields
from heliograph.gateway.types import KeyLimits, Owner, UsdLimit, VirtualKey
from heliograph.gateway.wire.tags import TAGS_MAX

ITEMS_MAX = 64
_T = TypeVar("_T")


class Asked(Struct, frozen=True, forbid_unknown_fields=True):
    """A key as it is asked for; the names are those of the options."""

    name: str
    team: str | None = None
    project: str | None = None
    camera: str | None = None
    tag: Sequence[str] = ()
    expires: str | None = None
    model: Sequence[str] = ()
    route: Sequence[str] = ()
    ip: Sequence[str] = ()
    usd: Sequence[str] = ()
    rpm: str | int | None = None
    tpm: str | int | None = None
    concurrent: str | int | None = None


class Mistake(NamedTuple):
    """What is wrong with one field."""

    field: str
    said: str


def read_asked(asked: Asked, key_id: str, now_s: int) -> VirtualKey | list[Mistake]:
    """Read *asked* as a key that is made now, or list all that is wrong with it."""
    reading = _Reading(asked)
    name = reading.one("name", fields.read_name) or ""
    owner = Owner(
        reading.one("team", fields.read_owner) or "",
        reading.one("project", fields.read_owner) or "",
        reading.one("camera", fields.read_owner) or "",
    )
    limits = KeyLimits(
        reading.usd(),
        reading.one("rpm", fields.read_count),
        reading.one("tpm", fields.read_count),
        reading.one("concurrent", fields.read_count),
    )
    key = VirtualKey(
        key_id,
        name,
        owner,
        reading.each("tag", fields.read_tag, most=TAGS_MAX),
        reading.each("model", fields.read_pattern),
        reading.each("route", fields.read_route),
        reading.each("ip", fields.read_range),
        limits,
        created_at=now_s,
        expires_at=reading.one("expires", lambda text: fields.read_end(text, now_s)),
    )
    return reading.mistakes or key


class _Reading:
    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.mistakes: list[Mistake] = []

    def one(self, field: str, read: Callable[[str], _T]) -> _T | None:
        value = getattr(self.asked, field)
        return None if value is None else self._read(field, value, read)

    def each(
        self, field: str, read: Callable[[str], _T], most: int = ITEMS_MAX
    ) -> tuple[_T, ...]:
        values = dict.fromkeys(getattr(self.asked, field))
        if len(values) > most:
            self.mistakes.append(Mistake(field, f"give at most {most} of them"))
        found = [self._read(field, value, read) for value in values]
        return tuple(one for one in found if one is not None)

    def usd(self) -> tuple[UsdLimit, ...]:
        limits = self.each("usd", fields.read_usd)
        if len({limit.per for limit in limits}) < len(limits):
            self.mistakes.append(Mistake("usd", "give one amount for each period"))
        return limits

    def _read(self, field: str, value: object, read: Callable[[str], _T]) -> _T | None:
        try:
            return read(str(value))
        except ValueError as error:
            self.mistakes.append(Mistake(field, str(error)))
            return None
