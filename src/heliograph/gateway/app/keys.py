"""Whether the door may open: who knows of keys, and who may reach it."""

import socket
from collections.abc import Mapping
from ipaddress import ip_address

from heliograph.gateway.app.voice import say
from heliograph.gateway.config import fault_of_secret
from heliograph.gateway.ledger.database import DatabaseError
from heliograph.gateway.ledger.key_hash import VIRTUAL_PREFIX
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.key_secret import SecretError, secret_of
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.ledger.virtual_keys import UnreadableKeyError
from heliograph.gateway.types import Keeping

ADMIN_VARIABLE = "HELIOGRAPH_ADMIN_KEY"
ADMIN_CHARACTERS_MIN = 32


def key_ring(keeping: Keeping, environ: Mapping[str, str]) -> KeyRing | str:
    """Take the keys of the ledger at *keeping*; a text says why they cannot be had.

    A ledger that cannot be read keeps no gateway from its work, unless keys were made:
    then it would open its door to everybody.
    """
    admin = environ.get(ADMIN_VARIABLE)
    if admin and (fault := fault_of_admin(admin)):
        return f"{ADMIN_VARIABLE} {fault}"
    secret = secret_of(keeping, environ)
    ring = KeyRing(secret, admin=admin, say=say)
    store = store_at(keeping)
    if store is None:
        return ring
    try:
        database = store.open()
        try:
            ring.take(database)
        finally:
            database.close()
    except (SecretError, UnreadableKeyError) as error:
        return f"virtual keys: {error}"
    except DatabaseError as error:
        if secret is not None and secret.there:
            return (
                f"virtual keys: {secret} says that there may be some, and the ledger"
                f" {store.name} cannot be read: {error}"
            )
    return ring


def fault_of_admin(key: str) -> str | None:
    """Say what keeps the operator's own admin key from being one."""
    if key.startswith(VIRTUAL_PREFIX):
        return "holds a virtual key, which opens no administration: give another"
    if len(key) < ADMIN_CHARACTERS_MIN or fault_of_secret(key):
        return (
            f"is no admin key: give at least {ADMIN_CHARACTERS_MIN} visible ASCII"
            " characters, or make one with `heliograph keys admin create`"
        )
    return None


def fault_of_openness(
    listening: socket.socket, ring: KeyRing, *, insecure: bool
) -> str | None:
    """Say why a door that everybody reaches must not open; None: it may."""
    host, port = listening.getsockname()[:2]
    if ip_address(host.partition("%")[0]).is_loopback or ring.demanded:
        return None
    if insecure:
        say(f"warning: --insecure: anyone who reaches {host}:{port} spends your keys")
        return None
    if ring.secret is None:
        why = "the ledger, which keeps virtual keys, is off"
    else:
        why = "no virtual key exists: make one with `heliograph keys create`"
    return (
        f"anyone who reaches {host}:{port} could spend your providers' keys, and {why};"
        " or give --insecure if only friends can reach it"
    )
