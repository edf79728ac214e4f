"""Whether the door may open."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.gateway.app.keys import fault_of_openness, key_ring
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.key_secret import KeySecret
from heliograph.gateway.types import Keeping, Secret
from key_cases import NOW_S, KeptKeys

OWN = "the-operators-own-admin-key-of-32-characters"


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeptKeys]:
    kept = KeptKeys(tmp_path)
    yield kept
    kept.database.close()


def at(path: Path) -> Keeping:
    return Keeping(Secret(str(path)))


def test_the_keys_of_a_ledger_are_taken_at_the_start(
    keys: KeptKeys, tmp_path: Path
) -> None:
    _, secret = keys.add()
    ring = key_ring(at(tmp_path / "ledger.db"), {})
    assert isinstance(ring, KeyRing)
    assert ring.demanded
    assert ring.find(secret.encode()) is not None


def test_without_a_ledger_there_are_no_keys_but_the_operators_own() -> None:
    ring = key_ring(Keeping(), {"HELIOGRAPH_ADMIN_KEY": OWN})
    assert isinstance(ring, KeyRing)
    assert not ring.demanded
    assert ring.is_admin(OWN.encode(), NOW_S)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hg-" + "x" * 40, "HELIOGRAPH_ADMIN_KEY holds a virtual key"),
        ("x" * 31, "HELIOGRAPH_ADMIN_KEY is no admin key: give at least 32"),
        ("x" * 31 + " ", "HELIOGRAPH_ADMIN_KEY is no admin key"),
        ("ü" * 40, "HELIOGRAPH_ADMIN_KEY is no admin key"),
    ],
)
def test_what_cannot_be_an_admin_key_is_told_and_not_quoted(
    value: str, said: str
) -> None:
    told = key_ring(Keeping(), {"HELIOGRAPH_ADMIN_KEY": value})
    assert isinstance(told, str)
    assert told.startswith(said)
    assert value not in told


def test_a_ledger_in_trouble_matters_only_where_there_may_be_keys(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"no database " * 1000)
    ring = key_ring(at(path), {})
    assert isinstance(ring, KeyRing)
    assert not ring.demanded
    given = {"HELIOGRAPH_LEDGER_SECRET": "shared" * 8}
    told = key_ring(at(path), given)
    assert isinstance(told, str)
    assert (
        "HELIOGRAPH_LEDGER_SECRET says that there may be some, and the ledger" in told
    )
    assert "cannot be read" in told
    assert "shared" not in told


@pytest.mark.parametrize(
    ("host", "family"), [("127.0.0.1", socket.AF_INET), ("127.0.0.9", socket.AF_INET)]
)
def test_this_machine_alone_may_always_come_in(
    host: str, family: socket.AddressFamily
) -> None:
    with socket.create_server((host, 0), family=family) as listening:
        assert fault_of_openness(listening, KeyRing(), insecure=False) is None


def test_everybody_may_come_in_only_by_a_key_or_on_demand(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ring = KeyRing(KeySecret(tmp_path / "x"))
    with socket.create_server(("0.0.0.0", 0)) as listening:
        told = fault_of_openness(listening, ring, insecure=False)
        assert told is not None
        assert "no virtual key exists: make one with `heliograph keys create`" in told
        off = fault_of_openness(listening, KeyRing(), insecure=False)
        assert off is not None
        assert "the ledger, which keeps virtual keys, is off" in off
        assert capfd.readouterr().err == ""
        assert fault_of_openness(listening, ring, insecure=True) is None
        assert "warning: --insecure: anyone who reaches" in capfd.readouterr().err
        ring.demanded = True
        assert fault_of_openness(listening, ring, insecure=False) is None


def test_a_key_that_cannot_be_read_is_told_at_the_start(
    keys: KeptKeys, tmp_path: Path
) -> None:
    key, _ = keys.add()
    keys.database.run("UPDATE virtual_keys SET terms = 'no JSON'")
    told = key_ring(at(tmp_path / "ledger.db"), {})
    assert isinstance(told, str)
    assert told.startswith("virtual keys: what ")
    assert f"{key.id!r} in virtual_keys cannot be read (JSON is malformed" in told
    assert "restore the ledger from a copy" in told
