"""All keys in memory: who is known, and what is done when the store cannot say."""

from collections.abc import Sequence
from math import inf
from pathlib import Path
from threading import Event, Thread

import pytest

from heliograph.gateway.ledger import virtual_keys as store
from heliograph.gateway.ledger.database import Row, Value
from heliograph.gateway.ledger.key_hash import KeyHash
from heliograph.gateway.ledger.key_ring import KeyRing, Ring
from heliograph.gateway.ledger.key_secret import KeySecret, SecretError
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from key_cases import NOW_S, KeptKeys


def test_without_a_key_none_is_demanded_and_none_is_known(keys: KeptKeys) -> None:
    keys.follow()
    assert not keys.ring.demanded
    assert keys.ring.find(b"hg-anything") is None
    assert not keys.ring.is_admin(b"", NOW_S)
    assert keys.said == []


def test_a_key_is_known_by_its_whole_secret_alone(keys: KeptKeys) -> None:
    key, secret = keys.add(expires_at=NOW_S + 60)
    assert keys.ring.demanded
    kept = keys.ring.find(secret.encode())
    assert kept is not None
    assert (kept.key, kept.until_s) == (key, NOW_S + 60)
    for other in (secret[:-1], secret + "A", secret.upper(), "hg-", "", "x" * 10_000):
        assert keys.ring.find(other.encode()) is None


def test_it_ends_with_whatever_ends_it_first(keys: KeptKeys) -> None:
    key, first = keys.add(expires_at=NOW_S + 1_000)
    hashing = keys.secret.make()
    store.rotate(keys.database, key.id, "hg-second", hashing, now_s=NOW_S, grace_s=30)
    keys.follow()
    ends = [keys.ring.find(each.encode()) for each in (first, "hg-second")]
    assert [kept.until_s if kept else None for kept in ends] == [
        NOW_S + 30,
        NOW_S + 1_000,
    ]


def test_a_revoked_key_has_ended_whatever_the_clock_of_who_revoked_it_said(
    keys: KeptKeys,
) -> None:
    key, secret = keys.add()
    store.revoke(keys.database, key.id, NOW_S + 5)
    keys.follow()
    kept = keys.ring.find(secret.encode())
    assert kept is not None
    assert kept.until_s < 0


def test_keys_that_are_all_revoked_are_demanded_still(keys: KeptKeys) -> None:
    key, _ = keys.add()
    store.revoke(keys.database, key.id, NOW_S)
    again = KeyRing(keys.secret)
    again.take(keys.database)
    assert again.demanded


def test_the_store_is_read_only_when_it_has_changed(keys: KeptKeys) -> None:
    keys.add()
    before = keys.ring.ring
    keys.follow()
    assert keys.ring.ring is before
    keys.add("day")
    assert keys.ring.ring is not before
    assert len(keys.ring.ring.kept) == 2


def test_a_secret_without_grace_ends_at_once_whatever_the_clock_says(
    keys: KeptKeys,
) -> None:
    key, first = keys.add()
    hashing = keys.secret.make()
    store.rotate(keys.database, key.id, "hg-second", hashing, now_s=NOW_S + 3_600)
    keys.follow()
    ends = [keys.ring.find(each.encode()) for each in (first, "hg-second")]
    assert [kept.until_s if kept else None for kept in ends] == [-inf, inf]
    for secret in ("hgadmin-one", "hgadmin-two"):
        store.set_admin(keys.database, secret, hashing, now_s=NOW_S + 3_600)
    keys.follow()
    assert not keys.ring.is_admin(b"hgadmin-one", NOW_S)
    assert keys.ring.is_admin(b"hgadmin-two", NOW_S)


def test_the_store_is_asked_twice_a_second_however_often_it_could_be(
    keys: KeptKeys,
) -> None:
    now_s = 100.0
    ring = KeyRing(keys.secret, clock_s=lambda: now_s)
    ring.do_chore(keys.database)
    keys.add()
    now_s += 0.4
    ring.do_chore(keys.database)
    assert not ring.demanded
    now_s += 0.1
    ring.do_chore(keys.database)
    assert ring.demanded


def test_an_admin_key_is_no_virtual_key_and_the_other_way_round(keys: KeptKeys) -> None:
    _, secret = keys.add()
    hashing = keys.secret.make()
    admin = b"hgadmin-one"
    store.set_admin(keys.database, admin.decode(), hashing, now_s=NOW_S)
    keys.follow()
    assert keys.ring.is_admin(admin, NOW_S)
    assert keys.ring.find(admin) is None
    assert not keys.ring.is_admin(secret.encode(), NOW_S)
    store.set_admin(keys.database, "hgadmin-two", hashing, now_s=NOW_S, grace_s=60)
    keys.follow()
    assert keys.ring.is_admin(b"hgadmin-two", NOW_S + 999)
    assert keys.ring.is_admin(admin, NOW_S + 59)
    assert not keys.ring.is_admin(admin, NOW_S + 60)


def test_an_admin_key_alone_demands_no_virtual_key(keys: KeptKeys) -> None:
    store.set_admin(keys.database, "hgadmin-x", keys.secret.make(), now_s=NOW_S)
    keys.follow()
    assert not keys.ring.demanded
    assert keys.ring.is_admin(b"hgadmin-x", NOW_S)


def test_the_admin_key_of_the_environment_needs_no_store() -> None:
    ring = KeyRing(admin="a-long-admin-key-of-the-operators-own")
    assert ring.is_admin(b"a-long-admin-key-of-the-operators-own", NOW_S)
    assert not ring.is_admin(b"a-long-admin-key-of-the-operators-owN", NOW_S)
    assert not ring.is_admin(b"x" * 10_000, NOW_S)
    assert ring.find(b"a-long-admin-key-of-the-operators-own") is None


def emptied(keys: KeptKeys) -> None:
    keys.database.run("DELETE FROM virtual_keys")
    keys.database.run("DELETE FROM virtual_key_secrets")
    keys.database.run("DELETE FROM key_hashing")
    keys.database.run("UPDATE counters SET value = 0 WHERE name = 'virtual_keys'")


def test_a_store_that_was_lost_leaves_the_last_ring_in_force(keys: KeptKeys) -> None:
    _, secret = keys.add()
    emptied(keys)
    keys.follow()
    keys.follow()
    assert keys.ring.demanded
    assert keys.ring.find(secret.encode()) is not None
    (said,) = keys.said
    assert "holds no keys any more; restore it; the keys that were known" in said


def test_a_start_on_a_ledger_that_lost_its_keys_is_refused(keys: KeptKeys) -> None:
    keys.add()
    emptied(keys)
    with pytest.raises(SecretError) as told:
        KeyRing(keys.secret).take(keys.database)
    said = str(told.value)
    assert f"{keys.secret} says that keys were made, and" in said
    assert "restore it, or remove" in said


def test_a_variable_alone_does_not_say_that_there_were_keys(keys: KeptKeys) -> None:
    ring = KeyRing(KeySecret(keys.secret.path, "x" * 40))
    ring.take(keys.database)
    assert not ring.demanded


def test_a_secret_that_was_lost_or_replaced_keeps_everybody_out(
    keys: KeptKeys, tmp_path: Path
) -> None:
    keys.add()
    gone = KeyRing(KeySecret(tmp_path / "nowhere"))
    with pytest.raises(SecretError, match=r"is not at .*nowhere: restore it, or"):
        gone.take(keys.database)
    assert gone.demanded
    other = KeyRing(KeySecret(tmp_path / "x", "y" * 40))
    with pytest.raises(SecretError, match="hashed with another secret than that in"):
        other.take(keys.database)
    assert other.demanded
    assert other.find(b"hg-x") is None


def test_trouble_is_told_once_and_again_when_it_comes_back(keys: KeptKeys) -> None:
    keys.add()
    text = keys.secret.path.read_text()
    hashing = KeyHash(text.strip().encode())
    for _ in range(2):
        keys.secret.path.write_text("short")
        store.set_admin(keys.database, "hgadmin-x", hashing, now_s=NOW_S)
        keys.follow()
        keys.follow()
        keys.secret.path.write_text(text)
        keys.follow()
        keys.database.run("DELETE FROM admin_keys")
    assert len(keys.said) == 2
    assert "holds no secret" in keys.said[0]
    assert text.strip() not in keys.said[0]


def test_a_session_is_sealed_with_the_admin_key_that_is_kept(keys: KeptKeys) -> None:
    ring = keys.ring
    assert not ring.has_admin
    store.set_admin(keys.database, "hgadmin-one", keys.secret.make(), now_s=NOW_S)
    keys.follow()
    assert ring.has_admin
    seal = ring.seal(b"session", b"hgadmin-one")
    assert ring.is_sealed(seal, b"session", NOW_S)
    store.set_admin(
        keys.database, "hgadmin-two", keys.secret.make(), now_s=NOW_S, grace_s=60
    )
    keys.follow()
    assert ring.is_sealed(seal, b"session", NOW_S + 59)
    assert not ring.is_sealed(seal, b"session", NOW_S + 60)
    assert not ring.is_sealed(ring.seal(b"session", b"other"), b"session", NOW_S)


def test_a_session_is_sealed_with_the_admin_key_that_was_given() -> None:
    ring = KeyRing(admin="a-key-of-the-operators-own")
    seal = ring.seal(b"session", b"a-key-of-the-operators-own")
    assert ring.is_sealed(seal, b"session", NOW_S)
    assert not ring.is_sealed(seal, b"another", NOW_S)
    assert not KeyRing(admin="another").is_sealed(seal, b"session", NOW_S)
    assert not KeyRing().is_sealed(seal, b"session", NOW_S)


def test_a_key_is_demanded_before_the_ring_is_another(keys: KeptKeys) -> None:
    demanded: list[bool] = []

    class Watched(KeyRing):
        def __setattr__(self, name: str, value: object) -> None:
            if isinstance(value, Ring) and hasattr(self, "demanded"):
                demanded.append(self.demanded)
            super().__setattr__(name, value)

    keys.add()
    ring = Watched(keys.secret)
    demanded.clear()
    ring.take(keys.database)
    assert demanded == [True, True]


def test_an_older_state_never_comes_after_a_newer_one(tmp_path: Path) -> None:
    begun, goes_on = Event(), Event()

    class Slow(SqliteDatabase):
        def run(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
            rows = super().run(sql, values)
            if "FROM virtual_keys ORDER" in sql:
                begun.set()
                goes_on.wait(5)
            return rows

    keys = KeptKeys(tmp_path)
    slow = Slow(tmp_path / "ledger.db")
    behind = Thread(target=keys.ring.follow, args=(slow,))
    behind.start()
    assert begun.wait(5)
    ahead = Thread(target=keys.add)
    ahead.start()
    ahead.join(0.2)  # by then it has its state, unless it waits for its turn
    goes_on.set()
    ahead.join()
    behind.join()
    assert keys.ring.demanded
    assert keys.ring.ring.version == store.version(keys.database)
    assert len(keys.ring.ring.kept) == 1
    slow.close()
    keys.database.close()


def test_one_who_is_forked_again_over_a_ledger_that_was_lost_keeps_all_out(
    keys: KeptKeys,
) -> None:
    forked = KeyRing(keys.secret, say=keys.said.append)
    forked.take(keys.database)  # the supervisor, before there was a key
    _, secret = keys.add()
    emptied(keys)
    forked.follow(keys.database)
    forked.close_unless_known()
    forked.follow(keys.database)
    assert forked.demanded
    assert forked.find(secret.encode()) is None
    (said,) = keys.said
    assert "says that keys were made, and" in said


def test_nor_does_one_let_in_whoever_was_known_to_its_supervisor(
    keys: KeptKeys,
) -> None:
    key, secret = keys.add()
    forked = KeyRing(keys.secret)
    forked.take(keys.database)
    store.revoke(keys.database, key.id, NOW_S)
    forked.close_unless_known()
    assert forked.demanded
    assert forked.find(secret.encode()) is None
    forked.follow(keys.database)
    kept = forked.find(secret.encode())
    assert kept is not None
    assert kept.until_s < 0


def test_who_knows_the_store_is_not_closed(keys: KeptKeys) -> None:
    _, secret = keys.add()
    keys.ring.close_unless_known()
    assert keys.ring.find(secret.encode()) is not None


def test_one_that_was_closed_opens_where_there_is_no_virtual_key(
    keys: KeptKeys, tmp_path: Path
) -> None:
    store.set_admin(keys.database, "hgadmin-x", keys.secret.make(), now_s=NOW_S)
    variable = KeySecret(tmp_path / "nowhere", keys.secret.path.read_text())
    for secret in (keys.secret, variable):
        ring = KeyRing(secret)
        ring.close_unless_known()
        assert ring.demanded
        ring.follow(keys.database)
        assert not ring.demanded
        assert ring.is_admin(b"hgadmin-x", NOW_S)


def test_without_a_secret_there_is_nothing_to_close(keys: KeptKeys) -> None:
    keys.ring.close_unless_known()
    assert not keys.ring.demanded


BROKEN = [
    "UPDATE virtual_keys SET terms = 'no JSON'",
    """UPDATE virtual_keys SET terms = '{"tags":7}'""",
    """UPDATE virtual_keys SET terms = '{"ip_ranges":["here"]}'""",
    "UPDATE virtual_key_secrets SET hash = 'no hash'",
]


@pytest.mark.parametrize("sql", BROKEN)
def test_what_cannot_be_read_leaves_the_last_ring_and_is_told(
    keys: KeptKeys, sql: str
) -> None:
    key, secret = keys.add()
    rows = keys.database.run("SELECT * FROM virtual_keys")
    keys.database.run(sql)
    keys.database.run("UPDATE counters SET value = 9 WHERE name = 'virtual_keys'")
    for _ in range(2):
        keys.follow()
    assert keys.ring.find(secret.encode()) is not None
    (said,) = keys.said
    assert f"of the key '{key.id}' in virtual_key" in said
    assert "cannot be read" in said
    assert "stay in force" in said
    keys.database.run("DELETE FROM virtual_keys")
    keys.database.run("DELETE FROM virtual_key_secrets")
    keys.database.run(f"INSERT INTO virtual_keys VALUES ({'?, ' * 8}?)", rows[0])  # noqa: S608 - no value is in it
    keys.follow()
    assert keys.ring.find(secret.encode()) is None


def test_a_first_key_that_cannot_be_read_lets_nobody_in(
    keys: KeptKeys, tmp_path: Path
) -> None:
    keys.add()
    keys.database.run(BROKEN[0])
    ring = KeyRing(KeySecret(tmp_path / "ledger.secret"), say=keys.said.append)
    ring.follow(keys.database)
    assert ring.demanded
    assert ring.ring.kept == {}
