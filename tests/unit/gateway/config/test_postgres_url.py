"""The address of a PostgreSQL database: its faults, and what is shown of it."""

import pytest

from heliograph.gateway.config.postgres_url import (
    fault_of_postgres_url,
    is_postgres_url,
    secrets_of_postgres_url,
    shown_postgres_url,
)

GOOD = [
    "postgresql://db.example/ledger",
    "postgres://helio@db.example:5432/ledger?sslmode=verify-full&sslrootcert=system",
    "postgresql://helio:pa%40ss@db.example/ledger",
    "postgresql://a:b@one.example:5432,two.example:5433/l?target_session_attrs=primary",
    "postgresql://helio@/ledger?host=/run/postgresql",
    "postgresql://[::1]:5432/ledger",
    "postgresql:///ledger?options=-csearch_path%3Dheliograph",
    "postgresql://u@h/d?options=-c%20search_path%3Dheliograph&connect_timeout=3",
]


@pytest.mark.parametrize("url", GOOD)
def test_an_address_that_the_driver_reads_has_no_fault(url: str) -> None:
    assert is_postgres_url(url)
    assert fault_of_postgres_url(url) is None


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("postgresql://u:se cret@h/d", "a space"),
        ("postgresql://u:sécret@h/d", "outside ASCII"),
        ("postgresql://u:sec@ret@h/d", "told apart from its password"),
        ("postgresql://u:sec/ret@h/d", "told apart from its password"),
        ("postgresql://u:sec#ret@h/d", "told apart from its password"),
        ("postgresql://u:sec?ret@h/d", "name=value"),
        ("postgresql://u:sec%ret@h/d", "no %XX"),
        ("postgresql://h:secret/d", "a port"),
        ("postgresql://h:99999/d", "a port"),
        ("postgresql://h/d?secret", "name=value"),
        ("postgresql://h/d?options=-csearch_path=secret", "name=value"),
        ("postgresql://h/d?sslmode=require&secret", "name=value"),
    ],
)
def test_a_fault_is_told_with_its_fix_and_without_the_password(
    url: str, message: str
) -> None:
    fault = fault_of_postgres_url(url)
    assert fault is not None
    assert message in fault[0]
    assert "cret" not in "".join(fault)


def test_what_is_shown_has_no_secret() -> None:
    url = "postgres://helio:pa%40ss@one:1,two:2/d?sslmode=require&sslpassword=top"
    assert shown_postgres_url(url) == (
        "postgresql://helio@one:1,two:2/d?sslmode=require"
    )
    assert secrets_of_postgres_url(url) == ["pa%40ss", "pa@ss", "top"]
    plain = "postgresql:///ledger?host=/run/postgresql"
    assert shown_postgres_url(plain) == plain
    assert secrets_of_postgres_url(plain) == []
