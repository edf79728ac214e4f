"""Virtual keys in the store: each change is one transaction and a new version.

Who follows the store reads the version alone, and the keys when that has changed.
"""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from msgspec import DecodeError, Struct, json

from heliograph.gateway.config.networks import network_of
from heliograph.gateway.ledger.database import Database, Row, Value
from heliograph.gateway.ledger.key_hash import KeyHash, hint_of
from heliograph.gateway.types import KeyLimits, Owner, VirtualKey

COUNTER = "virtual_keys"
COLUMNS = "id, name, team, project, camera, terms, created_at, expires_at, revoked_at"


class KeptSecret(NamedTuple):
    """What is kept of one secret of a key."""

    hash: bytes
    key_id: str
    hint: str
    created_at: int
    ends_at: int | None


def ends_of(secrets: Sequence[KeptSecret]) -> dict[bytes, float]:
    """Say when each of *secrets*, the oldest first, is good no more.

    One that had no grace ended as the next was made: at once, also for a gateway whose
    clock is behind that of whoever made it.
    """
    made_s = {secret.key_id: secret.created_at for secret in secrets}
    return {
        secret.hash: inf
        if secret.ends_at is None
        else -inf
        if secret.ends_at <= made_s[secret.key_id]
        else secret.ends_at
        for secret in secrets
    }


class Terms(Struct, frozen=True):
    """What a key may do, as it is kept."""

    tags: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    ip_ranges: tuple[str, ...] = ()
    limits: KeyLimits = KeyLimits()


TERMS = json.Decoder(Terms)


class OtherSecretError(Exception):
    """The keys in the store were hashed under another secret than the one at hand."""


class UnreadableKeyError(Exception):
    """A row of the store is none that this program has written; it names the row."""

    def __init__(self, database: Database, table: str, key: Value, why: object) -> None:
        super().__init__(
            f"what {database.name} holds of the key {key!r} in {table} cannot be read"
            f" ({why}): restore the ledger from a copy, or delete that row"
        )


def version(database: Database) -> int:
    """Return the number that every change makes another one."""
    rows = database.run("SELECT value FROM counters WHERE name = ?", (COUNTER,))
    return int(rows[0][0] or 0) if rows else 0


def listed(database: Database) -> list[VirtualKey]:
    """Return all keys, the oldest first."""
    sql = f"SELECT {COLUMNS} FROM virtual_keys ORDER BY created_at, id"  # noqa: S608 - no value in it
    return [_key_of(database, row) for row in database.run(sql)]


def found(database: Database, name: str) -> VirtualKey | None:
    """Find a key by its id or name; of those called so, one that is not revoked."""
    sql = (
        f"SELECT {COLUMNS} FROM virtual_keys WHERE id = ? OR name = ? "  # noqa: S608 - no value in it
        "ORDER BY (id = ?) DESC, (revoked_at IS NULL) DESC, created_at DESC, id DESC"
    )
    rows = database.run(f"{sql} LIMIT 1", (name, name, name))
    return _key_of(database, rows[0]) if rows else None


def secrets(database: Database) -> list[KeptSecret]:
    """Return what is kept of the secrets of all keys, the oldest first."""
    rows = database.run(
        "SELECT hash, key_id, hint, created_at, ends_at FROM virtual_key_secrets "
        "ORDER BY created_at, (ends_at IS NULL), hash"
    )
    return [_secret_of(database, "virtual_key_secrets", row) for row in rows]


def add(database: Database, key: VirtualKey, secret: str, hashing: KeyHash) -> bool:
    """Keep a new key; False when another that is not revoked has its name."""
    terms = Terms(key.tags, key.models, key.routes, key.ip_ranges, key.limits)
    row = (
        *(key.id, key.name, key.owner.team, key.owner.project, key.owner.camera),
        *(json.encode(terms).decode(), key.created_at, key.expires_at, key.revoked_at),
    )
    with database.transaction(alone=True):
        _agree(database, hashing)
        taken = database.run(
            "SELECT 1 FROM virtual_keys WHERE name = ? AND revoked_at IS NULL",
            (key.name,),
        )
        if taken:
            return False
        database.run(
            f"INSERT INTO virtual_keys ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - no value in it
            row,
        )
        _add_secret(database, key.id, secret, hashing, key.created_at)
        _changed(database)
    return True


def revoke(database: Database, key_id: str, now_s: int) -> None:
    """End a key for good; it stays known, so that its exchanges have a name."""
    with database.transaction(alone=True):
        database.run(
            "UPDATE virtual_keys SET revoked_at = ? "
            "WHERE id = ? AND revoked_at IS NULL",
            (now_s, key_id),
        )
        _changed(database)


def rotate(
    database: Database,
    key_id: str,
    secret: str,
    hashing: KeyHash,
    *,
    now_s: int,
    grace_s: int = 0,
) -> None:
    """Give a key a new secret; the ones before it end after *grace_s*."""
    ends_at = now_s + grace_s
    with database.transaction(alone=True):
        _agree(database, hashing)
        database.run(
            "UPDATE virtual_key_secrets SET ends_at = ? "
            "WHERE key_id = ? AND (ends_at IS NULL OR ends_at > ?)",
            (ends_at, key_id, ends_at),
        )
        _add_secret(database, key_id, secret, hashing, now_s)
        _changed(database)


def admin_secrets(database: Database) -> list[KeptSecret]:
    """Return what is kept of the admin key's secrets, the oldest first."""
    rows = database.run(
        "SELECT hash, '', hint, created_at, ends_at FROM admin_keys "
        "ORDER BY created_at, (ends_at IS NULL), hash"
    )
    return [_secret_of(database, "admin_keys", row) for row in rows]


def set_admin(
    database: Database, secret: str, hashing: KeyHash, *, now_s: int, grace_s: int = 0
) -> None:
    """Give the admin key a new secret; the ones before it end after *grace_s*."""
    ends_at = now_s + grace_s
    with database.transaction(alone=True):
        _agree(database, hashing)
        database.run(
            "UPDATE admin_keys SET ends_at = ? WHERE ends_at IS NULL OR ends_at > ?",
            (ends_at, ends_at),
        )
        database.run(
            "INSERT INTO admin_keys (hash, hint, created_at) VALUES (?, ?, ?)",
            (hashing(secret.encode()).hex(), hint_of(secret), now_s),
        )
        _changed(database)


def agrees(database: Database, hashing: KeyHash) -> bool | None:
    """Say whether keys were hashed under this secret; None when there are none."""
    rows = database.run("SELECT fingerprint FROM key_hashing")
    return None if not rows else (hashing.fingerprint,) in rows


def _agree(database: Database, hashing: KeyHash) -> None:
    match agrees(database, hashing):
        case None:
            database.run(
                "INSERT INTO key_hashing (fingerprint) VALUES (?)",
                (hashing.fingerprint,),
            )
        case False:
            raise OtherSecretError


def _add_secret(
    database: Database, key_id: str, secret: str, hashing: KeyHash, now_s: int
) -> None:
    database.run(
        "INSERT INTO virtual_key_secrets (hash, key_id, hint, created_at) "
        "VALUES (?, ?, ?, ?)",
        (hashing(secret.encode()).hex(), key_id, hint_of(secret), now_s),
    )


def _changed(database: Database) -> None:
    database.run("UPDATE counters SET value = value + 1 WHERE name = ?", (COUNTER,))


def _secret_of(database: Database, table: str, row: Row) -> KeptSecret:
    hashed, key_id, hint, created, ends = row
    try:
        return KeptSecret(
            bytes.fromhex(str(hashed)),
            str(key_id),
            str(hint),
            int(created or 0),
            None if ends is None else int(ends),
        )
    except ValueError as error:
        raise UnreadableKeyError(database, table, key_id or "admin", error) from error


def _key_of(database: Database, row: Row) -> VirtualKey:
    try:
        key = _read(row)
        for ip_range in key.ip_ranges:
            network_of(ip_range)
    except (DecodeError, ValueError) as error:
        raise UnreadableKeyError(database, "virtual_keys", row[0], error) from error
    return key


def _read(row: Row) -> VirtualKey:
    key_id, name, team, project, camera, terms, created, expires, revoked = row
    kept = TERMS.decode(str(terms))
    return VirtualKey(
        str(key_id),
        str(name),
        Owner(str(team), str(project), str(camera)),
        kept.tags,
        kept.models,
        kept.routes,
        kept.ip_ranges,
        kept.limits,
        int(created or 0),
        None if expires is None else int(expires),
        None if revoked is None else int(revoked),
    )
