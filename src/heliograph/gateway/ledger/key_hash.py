"""Secrets that we make, and the keyed hash that is all we keep of them."""

from hashlib import sha256
from secrets import token_hex, token_urlsafe

VIRTUAL_PREFIX = "hg-"
ADMIN_PREFIX = "hgadmin-"
ID_PREFIX = "key-"
SECRET_BYTES = 32
ID_BYTES = 6
HINT_CHARACTERS = 4
BLOCK_BYTES = 64
INNER, OUTER = 0x36, 0x5C


class KeyHash:
    """HMAC-SHA256 (RFC 2104) under one secret, which is mixed in once.

    `hmac.digest` mixes it in anew each time, which takes four times as long.
    """

    def __init__(self, secret: bytes) -> None:
        block = sha256(secret).digest().ljust(BLOCK_BYTES, b"\0")
        self._inner = sha256(bytes(byte ^ INNER for byte in block))
        self._outer = sha256(bytes(byte ^ OUTER for byte in block))

    def __call__(self, key: bytes) -> bytes:
        """Hash *key*."""
        inner = self._inner.copy()
        inner.update(key)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    @property
    def fingerprint(self) -> str:
        """What tells this secret from another, and nothing else of it."""
        return self(b"heliograph: which secret is this").hex()


def new_secret(prefix: str) -> str:
    """Make a key of 256 random bits."""
    return prefix + token_urlsafe(SECRET_BYTES)


def new_id() -> str:
    """Make what a virtual key is called in records, whatever its name becomes."""
    return f"{ID_PREFIX}{token_hex(ID_BYTES)}"


def hint_of(secret: str) -> str:
    """Return the end of *secret*, by which people tell it from others."""
    return secret[-HINT_CHARACTERS:]
