"""Virtual keys: listed, made, shown, revoked, given a new secret."""

from collections import defaultdict
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder
from starlette.requests import Request

from heliograph.gateway.admin.errors import (
    CONFLICT,
    NOT_FOUND,
    UNAVAILABLE,
    AdminError,
    bad_value,
)
from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import (
    Field,
    choice_field,
    count_field,
    read_body,
    read_query,
    text_field,
)
from heliograph.gateway.ledger import virtual_keys as store
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.key_fields import read_lasting_s
from heliograph.gateway.ledger.key_hash import (
    VIRTUAL_PREFIX,
    KeyHash,
    new_id,
    new_secret,
)
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.key_secret import SecretError
from heliograph.gateway.ledger.key_telling import as_json, state_of
from heliograph.gateway.ledger.key_terms import Asked, Mistake, read_asked
from heliograph.gateway.types import VirtualKey

STATES = ("active", "expired", "revoked")
LIMIT, LIMIT_MAX = 100, 1000
LIST_FIELDS = {
    "state": choice_field("only keys that are so", *STATES),
    "after": text_field("the `next` of the page before"),
    "limit": count_field(f"how many; {LIMIT} if left out", LIMIT_MAX),
}
NO_FIELDS: dict[str, Field] = {}
ASKED = Decoder(Asked)
Answer = dict[str, Any]


class Rotation(Struct, frozen=True, forbid_unknown_fields=True):
    """How a secret is replaced: the one before may stay good for a while."""

    grace: str | None = None


ROTATION = Decoder(Rotation)


async def listed(house: House, request: Request) -> Answer:
    """List the keys, the oldest first."""
    now_s = house.clock.wall_s()
    asked = read_query(request, LIST_FIELDS, now_s)
    limit, after = asked.get("limit", LIMIT), asked.get("after")

    def question(database: Database) -> Answer:
        keys = after_of(store.listed(database), after)
        if "state" in asked:
            keys = [key for key in keys if state_of(key, now_s) == asked["state"]]
        secrets = defaultdict(list)
        for secret in store.secrets(database):
            secrets[secret.key_id].append(secret)
        page = keys[:limit]
        more = page[-1].id if len(keys) > limit else None
        told = [as_json(key, secrets[key.id], now_s) for key in page]
        return {"data": told, "next": more}

    return await house.desk.ask(question)


def after_of(keys: list[VirtualKey], after: str | None) -> list[VirtualKey]:
    """Leave out the keys up to *after*."""
    if after is None:
        return keys
    for place, key in enumerate(keys, start=1):
        if key.id == after:
            return keys[place:]
    raise bad_value("after", "`after` names no key.", "Begin at the first page again.")


async def shown(house: House, request: Request) -> Answer:
    """Show one key."""
    read_query(request, NO_FIELDS, 0.0)
    name = request.path_params["key"]
    now_s = house.clock.wall_s()

    def question(database: Database) -> Answer:
        return as_json(known(database, name), store.secrets(database), now_s)

    return await house.desk.ask(question)


async def created(house: House, request: Request) -> Answer:
    """Make a key; its secret is told this once."""
    read_query(request, NO_FIELDS, 0.0)
    asked = await read_body(request, ASKED)
    now_s = int(house.clock.wall_s())
    key = read_asked(asked, new_id(), now_s)
    if not isinstance(key, VirtualKey):
        raise mistaken(key)
    secret = new_secret(VIRTUAL_PREFIX)

    def question(database: Database) -> Answer:
        if not store.add(database, key, secret, hashing_of(house.keys)):
            said = f"There is a key called {key.name} already."
            fix = "Choose another name, or revoke that one."
            raise AdminError(CONFLICT, "name_taken", said, fix, field="name")
        house.keys.follow(database)
        return as_json(key, store.secrets(database), now_s)

    made = await house.desk.ask(question)
    house.note(request, f"made the virtual key {key.name} ({key.id})")
    return {"key": made, "secret": secret}


async def revoked(house: House, request: Request) -> Answer:
    """End a key for good."""
    read_query(request, NO_FIELDS, 0.0)
    name = request.path_params["key"]
    now_s = int(house.clock.wall_s())

    def question(database: Database) -> Answer:
        store.revoke(database, known(database, name).id, now_s)
        house.keys.follow(database)
        return as_json(known(database, name), store.secrets(database), now_s)

    ended = await house.desk.ask(question)
    house.note(request, f"revoked the virtual key {ended['name']} ({ended['id']})")
    return ended


async def rotated(house: House, request: Request) -> Answer:
    """Give a key a new secret, told this once."""
    read_query(request, NO_FIELDS, 0.0)
    asked = await read_body(request, ROTATION)
    name = request.path_params["key"]
    now_s = int(house.clock.wall_s())
    grace_s = grace_of(asked)
    secret = new_secret(VIRTUAL_PREFIX)

    def question(database: Database) -> Answer:
        key = known(database, name)
        if key.revoked_at is not None:
            said = f"{key.name} was revoked, and stays so."
            raise AdminError(CONFLICT, "key_revoked", said, "Make another key.")
        hashing = hashing_of(house.keys)
        store.rotate(database, key.id, secret, hashing, now_s=now_s, grace_s=grace_s)
        house.keys.follow(database)
        return as_json(key, store.secrets(database), now_s)

    turned = await house.desk.ask(question)
    house.note(request, f"rotated the virtual key {turned['name']} ({turned['id']})")
    return {"key": turned, "secret": secret}


def grace_of(asked: Rotation) -> int:
    """Read for how long the secret before stays good."""
    if asked.grace is None:
        return 0
    try:
        return read_lasting_s(asked.grace)
    except ValueError as error:
        raise bad_value("grace", f"{error}.", "Mend `grace`.") from None


def known(database: Database, name: str) -> VirtualKey:
    """Find a key by its id or name."""
    key = store.found(database, name)
    if key is None:
        fix = "List them: GET /admin/api/v1/keys"
        raise AdminError(NOT_FOUND, "no_such_key", "There is no such key.", fix)
    return key


def hashing_of(keys: KeyRing) -> KeyHash:
    """Return the hash that keys are kept under, made with the first of them."""
    if keys.secret is None:
        said = "This gateway has no secret to keep keys under."
        fix = "Start it with a ledger."
        raise AdminError(UNAVAILABLE, "no_secret", said, fix)
    try:
        return keys.secret.make()
    except SecretError as error:
        fix = "See the file's permissions, and its disk."
        raise AdminError(UNAVAILABLE, "no_secret", f"{error}.", fix) from error


def mistaken(mistakes: list[Mistake]) -> AdminError:
    """Tell the first of some mistakes, and how many there are."""
    first, rest = mistakes[0], len(mistakes) - 1
    more = f" ({rest} more fields are wrong)" if rest else ""
    return bad_value(
        first.field, f"`{first.field}`: {first.said}.{more}", f"Mend `{first.field}`."
    )
