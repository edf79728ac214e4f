"""The secret under which keys are hashed: a file beside the ledger, or a variable.

It is made with the first key. So that there is a secret says that there were keys, also
when the ledger that had them is gone: a gateway that finds one never opens its door.
"""

import os
from contextlib import suppress
from pathlib import Path
from secrets import token_hex, token_urlsafe

from heliograph.gateway.ledger.key_hash import SECRET_BYTES, KeyHash

VARIABLE = "HELIOGRAPH_LEDGER_SECRET"
CHARACTERS_MIN = 32
ONLY_OURS = 0o600


class SecretError(Exception):
    """The secret cannot be had; the text says why and what to do."""


class KeySecret:
    """Where the secret is: in *given*, the variable's value, or else in a file."""

    def __init__(self, path: Path, given: str | None = None) -> None:
        self.path = path
        self.given = given or None

    def __str__(self) -> str:
        return VARIABLE if self.given else str(self.path)

    def read(self) -> KeyHash | None:
        """Return the hash under it; None when there is none yet."""
        if self.given is not None:
            return self._hash(self.given)
        try:
            return self._hash(self.path.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not plain text"
            raise SecretError(f"cannot read {self.path}: {reason}") from error

    def make(self) -> KeyHash:
        """Return the hash under it; make one when there is none.

        Whoever else makes one meanwhile has made it for both.
        """
        known = self.read()
        if known is not None:
            return known
        own = self.path.with_name(f"{self.path.name}.{token_hex(4)}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(own, flags, ONLY_OURS), "w") as file:
                file.write(f"{token_urlsafe(SECRET_BYTES)}\n")
            try:
                with suppress(FileExistsError):
                    os.link(own, self.path)
            finally:
                own.unlink()
        except OSError as error:
            raise SecretError(f"cannot write {self.path}: {error.strerror}") from error
        return self.make()

    def _hash(self, text: str) -> KeyHash:
        secret = text.strip()
        if len(secret) < CHARACTERS_MIN or not secret.isascii():
            raise SecretError(
                f"{self} holds no secret: at least {CHARACTERS_MIN} characters of plain"
                " ASCII are needed"
            )
        return KeyHash(secret.encode())
