"""All keys in memory, as the store had them last: what the door asks.

The ledger's thread puts a new ring in the place of the old one as a whole, so that the
request path needs no lock. What the store cannot tell leaves the last ring in force.
"""

import time
from collections.abc import Callable, Mapping
from hmac import compare_digest
from math import inf
from secrets import token_bytes
from threading import RLock
from types import MappingProxyType

from heliograph.gateway.config.networks import Networks, network_of
from heliograph.gateway.ledger import virtual_keys as store
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.key_hash import SECRET_BYTES, KeyHash
from heliograph.gateway.ledger.key_secret import VARIABLE, KeySecret, SecretError
from heliograph.gateway.types import VirtualKey

SHOWN_BYTES_MAX = 256
GIVEN = "given:"
FOLLOW_S = 0.5
STAY = "the keys that were known last stay in force"


class Kept:
    """One secret of a key; it is good until `until_s`."""

    __slots__ = ("hash", "key", "networks", "until_s")

    def __init__(self, hashed: bytes, key: VirtualKey, ends_s: float) -> None:
        self.hash = hashed
        self.key = key
        expires_s = inf if key.expires_at is None else key.expires_at
        # Who revoked it may have another clock than we.
        self.until_s = -inf if key.revoked_at is not None else min(ends_s, expires_s)
        self.networks: Networks = tuple(map(network_of, key.ip_ranges))


class Ring:
    """One state of the store, never changed."""

    __slots__ = ("admins", "hashing", "kept", "version")

    def __init__(
        self,
        version: int = -1,
        hashing: KeyHash | None = None,
        kept: Mapping[bytes, Kept] = MappingProxyType({}),
        admins: Mapping[bytes, float] = MappingProxyType({}),
    ) -> None:
        self.version = version
        self.hashing = hashing
        self.kept = kept
        self.admins = admins


class KeyRing:
    """The ring in force. When `demanded`, nobody is let in without a key.

    That is never taken back while the process lives: keys are revoked, not forgotten.
    But `closed`, it is demanded only because nobody knows yet whether there are keys.
    *admin* is the admin key that the operator has given; *say* tells him what is wrong.
    """

    def __init__(
        self,
        secret: KeySecret | None = None,
        *,
        admin: str | None = None,
        say: Callable[[str], object] = str,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.secret = secret
        self.say = say
        self.clock_s = clock_s
        self.due_s = 0.0
        self.ring = Ring()
        self.demanded = False
        self.closed = False
        self.followed = False  # by this process, not by the one it was forked from
        self.taking = RLock()  # else an older state could come after a newer one
        self.trouble = ""
        self.own_hash = KeyHash(token_bytes(SECRET_BYTES))
        self.given_admin = self.own_hash(admin.encode()) if admin else None
        self.given_seal = KeyHash(admin.encode()) if admin else None

    # what the door asks

    def find(self, shown: bytes) -> Kept | None:
        """Find what is kept of a virtual key's secret."""
        ring = self.ring
        if ring.hashing is None or len(shown) > SHOWN_BYTES_MAX:
            return None
        hashed = ring.hashing(shown)
        kept = ring.kept.get(hashed)
        return kept if kept and compare_digest(kept.hash, hashed) else None

    def is_admin(self, shown: bytes, now_s: float) -> bool:
        """Say whether *shown* is the admin key."""
        if len(shown) > SHOWN_BYTES_MAX:
            return False
        if self.given_admin and compare_digest(self.given_admin, self.own_hash(shown)):
            return True
        ring = self.ring
        if ring.hashing is None:
            return False
        return now_s < ring.admins.get(ring.hashing(shown), 0.0)

    # what the admin page asks

    @property
    def has_admin(self) -> bool:
        """Whether there is an admin key at all."""
        return self.given_admin is not None or bool(self.ring.admins)

    def seal(self, session: bytes, admin: bytes) -> str:
        """Say what a session is to keep of the *admin* key that it begins with.

        Of one that the operator has given nothing is kept that it could be guessed by
        without knowing the session.
        """
        hashing = self.ring.hashing
        hashed = b"" if hashing is None else hashing(admin)
        if hashed in self.ring.admins or self.given_seal is None:
            return hashed.hex()
        return GIVEN + self.given_seal(session).hex()

    def is_sealed(self, seal: str, session: bytes, now_s: float) -> bool:
        """Say whether the admin key that a session began with still is one."""
        if seal.startswith(GIVEN):
            given = self.given_seal
            mark = bytes.fromhex(seal.removeprefix(GIVEN))
            return given is not None and compare_digest(given(session), mark)
        return now_s < self.ring.admins.get(bytes.fromhex(seal), 0.0)

    # what the ledger's thread does

    def do_chore(self, database: Database) -> None:
        """Catch up with the store when it is time: the ledger's thread comes often."""
        now_s = self.clock_s()
        if now_s >= self.due_s:
            self.due_s = now_s + FOLLOW_S
            self.follow(database)

    def follow(self, database: Database) -> None:
        """Take what has changed in the store; in trouble, keep what is known.

        What the database itself is in trouble with is its owner's to tell.
        """
        with self.taking:
            self.catch_up(database)

    def catch_up(self, database: Database) -> None:
        """Do so; the first time all is read, whatever version the ring is of.

        A ledger that was lost and begun anew counts its versions from 0 again.
        """
        try:
            if not self.followed or store.version(database) != self.ring.version:
                self.take(database)
                self.followed = True
        except (SecretError, store.UnreadableKeyError) as error:
            self.tell(f"virtual keys: {error}; {STAY}")
        else:
            self.trouble = ""

    def take(self, database: Database) -> None:
        """Take all keys from the store, or raise and change nothing.

        Where there are keys that cannot be judged, everybody is kept out.
        """
        with self.taking:
            version = store.version(database)  # what changes after it is seen next time
            try:
                keys = {key.id: key for key in store.listed(database)}
            except store.UnreadableKeyError:
                self.demand()  # so there are some
                raise
            admins = store.admin_secrets(database)
            if keys:
                self.demand()
                self.closed = False
            hashing = self.agreed(database, any_keys=bool(keys or admins))
            secrets = store.secrets(database)
            ends = store.ends_of(secrets)
            kept = {
                secret.hash: Kept(secret.hash, keys[secret.key_id], ends[secret.hash])
                for secret in secrets
                if secret.key_id in keys
            }
            self.ring = Ring(version, hashing, kept, store.ends_of(admins))
            if self.closed:
                self.demanded = self.closed = False

    def demand(self) -> None:
        """Demand a key; whoever came in by the ring before is asked again."""
        if not self.demanded:
            self.demanded = True  # before the ring: its change is what asks them
            self.ring = Ring()

    def close_unless_known(self) -> None:
        """Keep everybody out while it is not known of the store whether it has keys.

        A process that is forked has the ring of its supervisor's start. Keys may have
        been made since, or revoked; without a secret there are none.
        """
        with self.taking:
            secret = self.secret
            if not self.followed and secret is not None and secret.there:
                self.closed = not self.demanded
                self.demanded = True
                self.ring = Ring()

    def agreed(self, database: Database, *, any_keys: bool) -> KeyHash | None:
        """Return the hash that the store's keys were made with; None without keys."""
        secret = self.secret
        hashing = secret.read() if secret else None
        known = store.agrees(database, hashing or self.own_hash)
        if known is None and not any_keys and (self.closed or not self.demanded):
            if hashing is not None and secret is not None and secret.given is None:
                raise SecretError(
                    f"{secret} says that keys were made, and {database.name} holds"
                    f" none: restore it, or remove {secret} to begin without keys"
                )
            return None
        if known and hashing is not None:
            return hashing
        if known is None:
            raise SecretError(f"{database.name} holds no keys any more; restore it")
        if hashing is None:
            raise SecretError(
                f"the secret that the keys were hashed with is not at {secret}: restore"
                f" it, or set {VARIABLE}"
            )
        raise SecretError(
            f"the keys in {database.name} were hashed with another secret than that in"
            f" {secret}: restore that one"
        )

    def tell(self, trouble: str) -> None:
        """Tell the operator of *trouble* once."""
        if trouble != self.trouble:
            self.trouble = trouble
            self.say(f"warning: {trouble}")
