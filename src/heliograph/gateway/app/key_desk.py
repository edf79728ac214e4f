"""What `heliograph keys` does: one change or question, and what is said of it.

A secret goes to standard output, once, and everything else to standard error, so that
`KEY=$(heliograph keys create --name night)` holds what it should.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec import json

from heliograph.gateway.config import process_environment
from heliograph.gateway.ledger import virtual_keys as store
from heliograph.gateway.ledger.asking import BAD, FAILED, Refusal, keeping_at
from heliograph.gateway.ledger.database import Database, DatabaseError
from heliograph.gateway.ledger.key_fields import read_lasting_s
from heliograph.gateway.ledger.key_hash import (
    ADMIN_PREFIX,
    VIRTUAL_PREFIX,
    new_id,
    new_secret,
)
from heliograph.gateway.ledger.key_secret import KeySecret, SecretError, secret_of
from heliograph.gateway.ledger.key_telling import as_json, as_lines, as_table
from heliograph.gateway.ledger.key_terms import Asked, read_asked
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import VirtualKey

OK = 0
ONCE = "this is the only time it is shown"
LEDGER_OFF = (
    "the ledger, which keeps virtual keys, is off here: give it a place (`ledger:` in"
    " the file of -c, or the variable HELIOGRAPH_LEDGER)"
)
NOT_THAT_ONE = (
    "the keys in the ledger were hashed with another secret than that in {}: restore"
    " that one"
)


class KeyDeskError(Refusal):
    """Why it was not done, for people."""

    def __init__(self, said: str, status: int = FAILED) -> None:
        super().__init__(f"error: {said}", status)


class KeyDesk:
    """The store of keys, open for one command."""

    def __init__(self, database: Database, secret: KeySecret) -> None:
        self.database = database
        self.secret = secret
        self.now_s = int(time.time())

    def key(self, name: str) -> VirtualKey:
        """Find a key by its name or id."""
        if name.startswith((VIRTUAL_PREFIX, ADMIN_PREFIX)):
            raise KeyDeskError("give the key's name or id, not the key itself")
        key = store.found(self.database, name)
        if key is None:
            said = f"there is no key called {name!r}; `heliograph keys list` names all"
            raise KeyDeskError(said)
        return key

    def told(self, key: VirtualKey) -> dict[str, object]:
        """Tell all of a key."""
        return as_json(key, store.secrets(self.database), self.now_s)


def create(asked: Asked, *, config: Path | None, to_json: bool) -> int:
    """Make a key."""
    key = read_asked(asked, new_id(), int(time.time()))
    if isinstance(key, list):
        for mistake in key:
            say(f"error: --{mistake.field}: {mistake.said}")
        return BAD
    with desk(config) as at:
        first = not store.listed(at.database)
        secret = new_secret(VIRTUAL_PREFIX)
        if not store.add(at.database, key, secret, at.secret.make()):
            said = f"there is a key called {key.name} already: revoke or rotate it"
            raise KeyDeskError(said)
        tell_secret(secret, at.told(key), to_json=to_json)
        say(f"{key.name} ({key.id}) was made; {ONCE}")
        if first:
            say("it is the first: from now on every caller of this gateway needs one")
    return OK


def show_list(*, config: Path | None, to_json: bool, everything: bool) -> int:
    """List the keys, those that were revoked only if *everything* is wanted."""
    with desk(config) as at:
        keys = [
            key
            for key in store.listed(at.database)
            if everything or key.revoked_at is None
        ]
        if to_json:
            write_json([at.told(key) for key in keys])
        elif keys:
            write(*as_table(keys, store.secrets(at.database), at.now_s))
        else:
            say("there is no virtual key; make one: heliograph keys create --name NAME")
    return OK


def show(name: str, *, config: Path | None, to_json: bool) -> int:
    """Tell all of one key."""
    with desk(config) as at:
        told = at.told(at.key(name))
        if to_json:
            write_json(told)
        else:
            write(*as_lines(told))
    return OK


def revoke(names: Sequence[str], *, config: Path | None) -> int:
    """End keys for good, all of those named or none."""
    with desk(config) as at:
        for key in [at.key(name) for name in names]:
            if key.revoked_at is None:
                store.revoke(at.database, key.id, at.now_s)
                say(f"{key.name} ({key.id}) is revoked")
            else:
                say(f"{key.name} ({key.id}) was revoked before")
    return OK


def rotate(name: str, *, grace: str | None, config: Path | None, to_json: bool) -> int:
    """Give a key a new secret."""
    grace_s = grace_of(grace)
    with desk(config) as at:
        key = at.key(name)
        if key.revoked_at is not None:
            raise KeyDeskError(f"{key.name} ({key.id}) is revoked: create another")
        secret, hashing = new_secret(VIRTUAL_PREFIX), at.secret.make()
        store.rotate(
            at.database, key.id, secret, hashing, now_s=at.now_s, grace_s=grace_s
        )
        tell_secret(secret, at.told(key), to_json=to_json)
        say(f"{key.name} ({key.id}) has a new secret; {ONCE}; {fate_of_old(grace)}")
    return OK


def set_admin(
    *, rotated: bool, grace: str | None, config: Path | None, to_json: bool
) -> int:
    """Make the admin key, or give it a new secret."""
    grace_s = grace_of(grace)
    with desk(config) as at:
        there = bool(store.admin_secrets(at.database))
        if there and not rotated:
            said = "there is an admin key already: heliograph keys admin rotate"
            raise KeyDeskError(said)
        if rotated and not there:
            raise KeyDeskError("there is no admin key: heliograph keys admin create")
        secret, hashing = new_secret(ADMIN_PREFIX), at.secret.make()
        store.set_admin(at.database, secret, hashing, now_s=at.now_s, grace_s=grace_s)
        tell_secret(secret, {}, to_json=to_json)
        say(f"the admin key was made; {ONCE}")
        if rotated:
            say(fate_of_old(grace))
    return OK


def grace_of(grace: str | None) -> int:
    """Read how long the secret before stays good."""
    try:
        return 0 if grace is None else read_lasting_s(grace)
    except ValueError as error:
        raise KeyDeskError(f"--grace: {error}", BAD) from error


def fate_of_old(grace: str | None) -> str:
    """Say what becomes of the secret before."""
    return f"the one before is good for {grace}" if grace else "the one before ends"


@contextmanager
def desk(config: Path | None) -> Iterator[KeyDesk]:
    """Open the ledger of the file at *config*, or of the environment."""
    environ = process_environment()
    keeping = keeping_at(config)
    opener, secret = store_at(keeping), secret_of(keeping, environ)
    if opener is None or secret is None:
        raise KeyDeskError(LEDGER_OFF)
    try:
        database = opener.open()
        try:
            yield KeyDesk(database, secret)
        finally:
            database.close()
    except DatabaseError as error:
        raise KeyDeskError(f"the ledger {opener.name}: {error}") from error
    except (SecretError, store.UnreadableKeyError) as error:
        raise KeyDeskError(str(error)) from error
    except store.OtherSecretError as error:
        raise KeyDeskError(NOT_THAT_ONE.format(secret)) from error


def tell_secret(secret: str, told: dict[str, object], *, to_json: bool) -> None:
    """Write a secret, the one time that it is."""
    if to_json:
        write_json({"secret": secret, **told})
    else:
        write(secret)


def write_json(told: object) -> None:
    """Write for programs."""
    write(json.format(json.encode(told), indent=2).decode())


def write(*lines: str) -> None:
    """Write what was asked for."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def say(text: str) -> None:
    """Tell whoever ran the command."""
    sys.stderr.write(f"{text}\n")
