"""Every path of the API: what it takes, and who answers. The reference reads it."""

from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from heliograph.gateway.admin import (
    PREFIX,
    budgets,
    captions,
    costs,
    keys,
    prices,
    record,
    session,
    standing,
)
from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import Fields
from heliograph.gateway.ledger.key_terms import Asked

API = f"{PREFIX}/api/v1"
SESSION = f"{PREFIX}/session"
CREATED = 201
NO_FIELDS: Fields = MappingProxyType({})
Answer = Callable[[House, Request], Awaitable[dict[str, Any] | Response]]


class Way(NamedTuple):
    """One method of one path. *open*: it judges for itself who may come in."""

    method: str
    path: str
    answer: Answer
    fields: Fields = NO_FIELDS
    body: type[Struct] | None = None
    status: int = 200
    open: bool = False


WAYS = (
    Way("GET", f"{API}/standing", standing.told),
    Way("GET", f"{API}/costs", costs.told, costs.FIELDS),
    Way("GET", f"{API}/exchanges", record.listed, record.FIELDS),
    Way("GET", f"{API}/exchanges/{{number:int}}", record.shown),
    Way("GET", f"{API}/captions", captions.listed, captions.FIELDS),
    Way("GET", f"{API}/keys", keys.listed, keys.LIST_FIELDS),
    Way("POST", f"{API}/keys", keys.created, body=Asked, status=CREATED),
    Way("GET", f"{API}/keys/{{key}}", keys.shown),
    Way("POST", f"{API}/keys/{{key}}/revoke", keys.revoked),
    Way("POST", f"{API}/keys/{{key}}/rotate", keys.rotated, body=keys.Rotation),
    Way("GET", f"{API}/budgets", budgets.listed, budgets.FIELDS),
    Way("GET", f"{API}/prices", prices.listed, prices.FIELDS),
    Way("POST", SESSION, session.begun, body=session.Login, status=CREATED, open=True),
    Way("GET", SESSION, session.told, open=True),
    Way("DELETE", SESSION, session.ended, open=True),
)
