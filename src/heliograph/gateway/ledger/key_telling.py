"""What people are told of virtual keys, as a table or as JSON; never a secret."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger.table import aligned
from heliograph.gateway.ledger.virtual_keys import KeptSecret
from heliograph.gateway.types import KeyLimits, VirtualKey

COLUMNS = ("NAME", "ID", "STATE", "OWNER", "MAY USE", "EXPIRES", "ENDS IN")


def state_of(key: VirtualKey, now_s: float) -> str:
    """Say whether a key lets its holder in."""
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at is not None and now_s >= key.expires_at:
        return "expired"
    return "active"


def as_json(
    key: VirtualKey, secrets: Iterable[KeptSecret], now_s: float
) -> dict[str, object]:
    """Tell all of a key for programs; *secrets* are those of all keys."""
    return {
        "id": key.id,
        "name": key.name,
        "state": state_of(key, now_s),
        "team": key.owner.team,
        "project": key.owner.project,
        "camera": key.owner.camera,
        "tags": key.tags,
        "models": key.models,
        "routes": key.routes,
        "ip_ranges": key.ip_ranges,
        "limits": {
            "usd": usd_of(key.limits),
            "requests_per_minute": key.limits.requests_per_minute,
            "tokens_per_minute": key.limits.tokens_per_minute,
            "concurrent_max": key.limits.concurrent_max,
        },
        "created_at": moment(key.created_at),
        "expires_at": moment(key.expires_at),
        "revoked_at": moment(key.revoked_at),
        "secrets": [
            {
                "ends_in": secret.hint,
                "created_at": moment(secret.created_at),
                "ends_at": moment(secret.ends_at),
            }
            for secret in secrets
            if secret.key_id == key.id
        ],
    }


def as_lines(told: dict[str, object]) -> list[str]:
    """Write what `as_json` says for people, without what is empty."""
    lines = []
    for name, value in told.items():
        if name in {"limits", "secrets"}:
            continue
        if value:
            lines.append(f"{name.replace('_', ' '):<11} {words(value)}")
    limits, secrets = told["limits"], told["secrets"]
    assert isinstance(limits, dict)  # noqa: S101 - as it was made above
    assert isinstance(secrets, list)  # noqa: S101 - the same
    for name, value in limits.items():
        if value:
            lines.append(f"{'limit':<11} {name.replace('_', ' ')}: {words(value)}")
    for secret in secrets:
        ends = f", good until {secret['ends_at']}" if secret["ends_at"] else ""
        made = f"...{secret['ends_in']}, made {secret['created_at']}{ends}"
        lines.append(f"{'secret':<11} {made}")
    return lines


def as_table(
    keys: Sequence[VirtualKey], secrets: Sequence[KeptSecret], now_s: float
) -> list[str]:
    """Write a line for each key."""
    rows = [COLUMNS, *(row_of(key, secrets, now_s) for key in keys)]
    return aligned(rows, left=len(COLUMNS))


def row_of(
    key: VirtualKey, secrets: Sequence[KeptSecret], now_s: float
) -> tuple[str, ...]:
    """Write one row of the table."""
    owner = "/".join(
        filter(None, (key.owner.team, key.owner.project, key.owner.camera))
    )
    hints = [
        f"...{secret.hint}"
        for secret in secrets
        if secret.key_id == key.id
        and (secret.ends_at is None or now_s < secret.ends_at)
    ]
    return (
        key.name,
        key.id,
        state_of(key, now_s),
        owner or "-",
        words((*key.models, *key.routes)) or "everything",
        (moment(key.expires_at) or "never")[:16],
        words(hints) or "-",
    )


def usd_of(limits: KeyLimits) -> list[str]:
    """Write limits of money as they are asked for."""
    return [f"{print_usd(limit.nano)}/{limit.per}" for limit in limits.usd]


def words(value: object) -> str:
    """Write a list as one text."""
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def moment(at_s: int | None) -> str | None:
    """Write a time as ISO 8601."""
    return None if at_s is None else datetime.fromtimestamp(at_s, UTC).isoformat()
