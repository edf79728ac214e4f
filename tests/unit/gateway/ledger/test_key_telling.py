"""What people are told of virtual keys."""

from datetime import UTC, datetime

from heliograph.gateway.ledger.key_telling import (
    as_json,
    as_lines,
    as_table,
    state_of,
)
from heliograph.gateway.ledger.virtual_keys import KeptSecret
from heliograph.gateway.types import KeyLimits, Owner, UsdLimit, VirtualKey

NOW_S = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp())
PLAIN = VirtualKey("key-1", "night", created_at=NOW_S)
FULL = VirtualKey(
    "key-2",
    "day",
    Owner("vision", "", "cam-4"),
    models=("openai/*",),
    routes=("captions",),
    limits=KeyLimits((UsdLimit(5_000_000_001, "day"),), tokens_per_minute=9),
    created_at=NOW_S,
    expires_at=NOW_S + 60,
)
SECRETS = [
    KeptSecret(b"one", "key-1", "aaaa", NOW_S, NOW_S + 30),
    KeptSecret(b"two", "key-1", "bbbb", NOW_S, None),
    KeptSecret(b"three", "key-2", "cccc", NOW_S, None),
]


def test_a_key_is_active_until_it_expires_or_is_revoked() -> None:
    assert state_of(FULL, NOW_S + 59) == "active"
    assert state_of(FULL, NOW_S + 60) == "expired"
    revoked = VirtualKey("key-3", "x", expires_at=1, revoked_at=NOW_S)
    assert state_of(revoked, NOW_S) == "revoked"


def test_programs_are_told_all_of_a_key_and_of_its_own_secrets_alone() -> None:
    told = as_json(PLAIN, SECRETS, NOW_S)
    assert told["created_at"] == "2026-11-26T12:00:00+00:00"
    assert told["expires_at"] is None
    ends = [{"ends_in", "created_at", "ends_at"}] * 2
    assert [set(each) for each in told["secrets"]] == ends  # type: ignore[attr-defined] # a list
    full = as_json(FULL, SECRETS, NOW_S)
    assert full["limits"] == {
        "usd": ["5.000000001/day"],
        "requests_per_minute": None,
        "tokens_per_minute": 9,
        "concurrent_max": None,
    }


def test_people_are_told_what_there_is_and_nothing_of_what_is_not() -> None:
    said = "\n".join(as_lines(as_json(FULL, SECRETS, NOW_S)))
    assert "limit       usd: 5.000000001/day" in said
    assert "limit       tokens per minute: 9" in said
    assert "...cccc, made 2026-11-26T12:00:00+00:00" in said
    for absent in ("None", "project", "revoked", "tags", "concurrent", "aaaa"):
        assert absent not in said
    plain = "\n".join(as_lines(as_json(PLAIN, SECRETS, NOW_S)))
    assert "...aaaa, made 2026-11-26T12:00:00+00:00, good until 2026-11-26T" in plain


def test_a_table_has_a_line_for_each_key_and_the_secrets_that_are_good() -> None:
    head, night, day = as_table([PLAIN, FULL], SECRETS, NOW_S + 31)
    assert head.split() == [
        "NAME",
        "ID",
        "STATE",
        "OWNER",
        "MAY",
        "USE",
        "EXPIRES",
        "ENDS",
        "IN",
    ]
    assert night.split() == [
        "night",
        "key-1",
        "active",
        "-",
        "everything",
        "never",
        "...bbbb",
    ]
    assert "vision/cam-4" in day
    assert "openai/*, captions" in day
    assert "2026-11-26T12:01" in day
    assert head.index("STATE") == night.index("active") == day.index("active")
