"""Virtual keys in the store."""

from pathlib import Path

import pytest

from heliograph.gateway.ledger import virtual_keys as store
from heliograph.gateway.ledger.key_hash import KeyHash
from heliograph.gateway.types import KeyLimits, Owner, UsdLimit, VirtualKey
from key_cases import NOW_S, KeptKeys

FULL = VirtualKey(
    "key-1",
    "night",
    Owner("vision", "harbour", "cam-4"),
    tags=("edge", "run=7"),
    models=("openai/*",),
    routes=("captions",),
    ip_ranges=("10.0.0.0/8",),
    limits=KeyLimits((UsdLimit(5 * 10**9, "day"),), 60, 100_000, 4),
    created_at=NOW_S,
    expires_at=NOW_S + 60,
)


def test_a_key_comes_back_as_it_was_kept(keys: KeptKeys) -> None:
    assert store.add(keys.database, FULL, "hg-one", keys.secret.make())
    assert store.listed(keys.database) == [FULL]
    assert store.found(keys.database, "night") == FULL
    assert store.found(keys.database, "key-1") == FULL
    assert store.found(keys.database, "day") is None


def test_the_secret_is_nowhere_in_the_store(tmp_path: Path) -> None:
    keys = KeptKeys(tmp_path)
    _, secret = keys.add()
    keys.database.close()
    for path in tmp_path.iterdir():
        held = path.read_bytes()
        assert secret.encode() not in held
        assert secret.removeprefix("hg-").encode() not in held


def test_a_name_is_taken_until_its_key_is_revoked(keys: KeptKeys) -> None:
    first, _ = keys.add("night")
    hashing = keys.secret.make()
    second = VirtualKey("key-2", "night", created_at=NOW_S + 5)
    assert not store.add(keys.database, second, "hg-two", hashing)
    store.revoke(keys.database, first.id, NOW_S + 9)
    assert store.add(keys.database, second, "hg-two", hashing)
    assert store.found(keys.database, "night") == second
    revoked = store.found(keys.database, first.id)
    assert revoked is not None
    assert revoked.revoked_at == NOW_S + 9


def test_a_key_that_was_revoked_stays_revoked_since_then(keys: KeptKeys) -> None:
    key, _ = keys.add()
    store.revoke(keys.database, key.id, NOW_S + 1)
    store.revoke(keys.database, key.id, NOW_S + 99)
    assert [each.revoked_at for each in store.listed(keys.database)] == [NOW_S + 1]


def test_every_change_is_another_version(keys: KeptKeys) -> None:
    seen = {store.version(keys.database)}
    key, _ = keys.add()
    seen.add(store.version(keys.database))
    hashing = keys.secret.make()
    store.rotate(keys.database, key.id, "hg-new", hashing, now_s=NOW_S)
    seen.add(store.version(keys.database))
    store.set_admin(keys.database, "hgadmin-x", hashing, now_s=NOW_S)
    seen.add(store.version(keys.database))
    store.revoke(keys.database, key.id, NOW_S)
    seen.add(store.version(keys.database))
    assert len(seen) == 5


def test_a_rotation_ends_the_secrets_before_after_their_grace(keys: KeptKeys) -> None:
    key, _ = keys.add()
    hashing = keys.secret.make()
    ways = [(NOW_S + 10, 100), (NOW_S + 20, 0)]
    for now_s, grace_s in ways:
        secret = f"hg-{now_s}"
        store.rotate(
            keys.database, key.id, secret, hashing, now_s=now_s, grace_s=grace_s
        )
    ends = [kept.ends_at for kept in store.secrets(keys.database)]
    assert ends == [NOW_S + 20, NOW_S + 20, None]
    assert [kept.hint for kept in store.secrets(keys.database)][1:] == ["0010", "0020"]


def test_a_second_rotation_gives_no_longer_grace_than_the_first(keys: KeptKeys) -> None:
    key, _ = keys.add()
    hashing = keys.secret.make()
    for now_s, grace_s in [(NOW_S, 60), (NOW_S + 10, 3_600)]:
        secret = f"hg-{now_s}"
        store.rotate(
            keys.database, key.id, secret, hashing, now_s=now_s, grace_s=grace_s
        )
    ends = [kept.ends_at for kept in store.secrets(keys.database)]
    assert sorted(ends, key=str) == [NOW_S + 60, NOW_S + 3_610, None]


def test_keys_are_not_mixed_under_two_secrets(keys: KeptKeys) -> None:
    key, _ = keys.add()
    other = KeyHash(b"another")
    with pytest.raises(store.OtherSecretError):
        store.add(keys.database, FULL, "hg-two", other)
    with pytest.raises(store.OtherSecretError):
        store.rotate(keys.database, key.id, "hg-two", other, now_s=NOW_S)
    with pytest.raises(store.OtherSecretError):
        store.set_admin(keys.database, "hgadmin-x", other, now_s=NOW_S)
    assert store.listed(keys.database) == [key]
