"""Secrets and their keyed hash."""

import hmac
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.ledger.key_hash import KeyHash, hint_of, new_id, new_secret


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_it_is_hmac_sha256(secret: bytes, key: bytes) -> None:
    keyed = sha256(secret).digest()
    assert KeyHash(secret)(key) == hmac.digest(keyed, key, "sha256")


def test_another_secret_is_another_hash_and_another_fingerprint() -> None:
    one, other = KeyHash(b"one"), KeyHash(b"other")
    assert one(b"hg-x") != other(b"hg-x")
    assert one.fingerprint != other.fingerprint
    assert one.fingerprint == KeyHash(b"one").fingerprint


def test_a_new_secret_has_256_bits_and_is_never_the_same() -> None:
    made = {new_secret("hg-") for _ in range(100)}
    assert len(made) == 100
    for secret in made:
        assert secret.startswith("hg-")
        assert len(secret) == len("hg-") + 43  # 256 bits of base64 without padding
        assert secret.endswith(hint_of(secret))
        assert len(hint_of(secret)) == 4


def test_ids_tell_keys_apart_and_are_no_secrets() -> None:
    made = {new_id() for _ in range(100)}
    assert len(made) == 100
    assert all(one.startswith("key-") for one in made)
