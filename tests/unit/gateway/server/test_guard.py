"""Who may come in, and what others are told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.gateway.config.networks import network_of
from heliograph.gateway.ledger import virtual_keys as store
from heliograph.gateway.server import guard as g
from heliograph.gateway.types import Failure, VirtualKey
from key_cases import NOW_S, KeptKeys

CHAT = b"/v1/chat/completions"
PEER = "192.0.2.1"


class Watched:
    """A guard over keys in a folder, and the time it is there."""

    def __init__(self, folder: Path) -> None:
        self.keys = KeptKeys(folder)
        self.now_s = float(NOW_S)
        self.guard = g.Guard(self.keys.ring, lambda: self.now_s)

    def judge(
        self, secret: str, peer: str | None = PEER, *more: tuple[bytes, bytes]
    ) -> tuple[VirtualKey | None, Failure | None]:
        headers = [(b"authorization", f"Bearer {secret}".encode()), *more]
        return self.guard.judge(headers, CHAT, peer)[:2]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.keys.database.close()


def test_the_holder_of_a_key_comes_in(door: Watched) -> None:
    key, secret = door.keys.add()
    assert door.judge(secret) == (key, None)
    assert door.guard.judge([(b"x-api-key", secret.encode())], CHAT, None).key == key


def test_others_are_told_what_to_send(door: Watched) -> None:
    door.keys.add()
    assert door.guard.judge([], CHAT, PEER)[:2] == (None, g.NO_KEY)
    assert door.judge("sk-of-a-vendor") == (None, g.NOT_OURS)
    assert door.judge("hg-unknown") == (None, g.UNKNOWN)
    for failure in (g.NO_KEY, g.NOT_OURS, g.UNKNOWN):
        assert (failure.status, failure.code) == (401, "invalid_api_key")


def test_an_expired_key_is_told_so_and_is_good_until_then(door: Watched) -> None:
    key, secret = door.keys.add(expires_at=NOW_S + 10)
    door.now_s = NOW_S + 9.9
    assert door.judge(secret) == (key, None)
    door.now_s = NOW_S + 10.0
    assert door.judge(secret) == (key, g.EXPIRED)
    assert "has expired" in g.EXPIRED.message


def test_a_revoked_or_replaced_key_is_told_what_an_unknown_one_is(
    door: Watched,
) -> None:
    key, first = door.keys.add()
    hashing = door.keys.secret.make()
    database = door.keys.database
    store.rotate(database, key.id, "hg-second", hashing, now_s=NOW_S, grace_s=5)
    door.keys.follow()
    assert door.judge(first) == door.judge("hg-second") == (key, None)
    door.now_s += 5
    assert door.judge(first) == (key, g.REPLACED)
    store.revoke(database, key.id, NOW_S)
    door.keys.follow()
    assert door.judge("hg-second")[1] == g.REVOKED
    told = [g.UNKNOWN, g.REVOKED, g.REPLACED]
    assert len({(one.message, one.code, one.status) for one in told}) == 1
    assert [one.kind for one in told] == ["key_unknown", "key_revoked", "key_replaced"]


def test_a_key_for_some_addresses_is_of_no_use_elsewhere(door: Watched) -> None:
    key, secret = door.keys.add(ip_ranges=("10.0.0.0/8", "2001:db8::/32"))
    assert door.judge(secret, "10.1.1.1") == (key, None)
    assert door.judge(secret, "::ffff:10.1.1.1") == (key, None)
    assert door.judge(secret, "2001:db8::5") == (key, None)
    for peer in (PEER, "::1", None):
        assert door.judge(secret, peer) == (key, g.NOT_FROM_THERE)
    assert (g.NOT_FROM_THERE.status, g.NOT_FROM_THERE.code) == (403, "ip_not_allowed")


def test_only_a_trusted_proxy_says_from_where(door: Watched) -> None:
    key, secret = door.keys.add(ip_ranges=("10.0.0.0/8",))
    lie = (b"x-forwarded-for", b"10.1.1.1")
    assert door.judge(secret, PEER, lie) == (key, g.NOT_FROM_THERE)
    door.guard.trusted = (network_of(PEER),)
    assert door.judge(secret, PEER, lie) == (key, None)
    door.guard.trusted = (network_of("10.1.1.1"),)
    outside = (b"x-forwarded-for", b"203.0.113.1")
    assert door.judge(secret, "10.1.1.1", outside) == (key, g.NOT_FROM_THERE)


def test_the_admin_key_opens_no_model_and_a_virtual_key_is_no_admins(
    door: Watched,
) -> None:
    _, secret = door.keys.add()
    hashing = door.keys.secret.make()
    store.set_admin(door.keys.database, "hgadmin-x", hashing, now_s=NOW_S)
    door.keys.follow()
    assert door.judge("hgadmin-x") == (None, g.NOT_OURS)
    assert door.guard.is_admin([(b"authorization", b"Bearer hgadmin-x")])
    assert door.guard.is_admin([(b"x-api-key", b"hgadmin-x")])
    assert not door.guard.is_admin([(b"authorization", f"Bearer {secret}".encode())])
    assert not door.guard.is_admin([])


def test_numbers_are_for_this_machine_and_the_admin(door: Watched) -> None:
    assert door.guard.may_scrape([], PEER)
    _, secret = door.keys.add()
    hashing = door.keys.secret.make()
    store.set_admin(door.keys.database, "hgadmin-x", hashing, now_s=NOW_S)
    door.keys.follow()
    assert door.guard.may_scrape([], "127.0.0.1")
    assert not door.guard.may_scrape([], PEER)
    assert not door.guard.may_scrape([(b"x-api-key", secret.encode())], PEER)
    assert door.guard.may_scrape([(b"authorization", b"Bearer hgadmin-x")], PEER)
    assert not door.guard.may_scrape([(b"x-forwarded-for", b"::1")], "127.0.0.1")
