"""The secret under which keys are hashed: a file beside the ledger, or a variable.

It is made with the first key. So that there is a secret says that there were keys, also
when the ledger that had them is gone: a gateway that finds one never opens its door.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex, token_urlsafe

from heliograph.gateway.config.place import state_folder
from heliograph.gateway.config.postgres_url import is_postgres_url
from heliograph.gateway.ledger.key_hash import SECRET_BYTES, KeyHash
from heliograph.gateway.types import Keeping

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

    @property
    def there(self) -> bool:
        """Whether there is one, or may be: then there may be keys."""
        if self.given is not None:
            return True
        try:
            self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True  # it is not for us to see
        return True

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


def secret_of(keeping: Keeping, environ: Mapping[str, str]) -> KeySecret | None:
    """Say where the secret for the keys of a ledger is; None: it has no keys.

    It is beside the ledger's file, or in the user's own folder where the ledger is on a
    server: several gateways share it by the variable.
    """
    if keeping.place is None:
        return None
    place = keeping.place.reveal()
    path = Path(place).with_suffix(".secret")
    if is_postgres_url(place):
        path = (state_folder(environ) or Path()) / "ledger.secret"
    return KeySecret(path, environ.get(VARIABLE))
