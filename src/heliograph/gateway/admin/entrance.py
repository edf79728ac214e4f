"""Who comes in: whoever shows the admin key, or has a session that began with it.

A session's number is in a cookie that no script can read and no other site can send. A
change asked for by cookie must also carry the session's token in a header, which only a
page of ours has been told. Keys shown in vain are counted, and slow their sender down.
"""

from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from math import ceil

from starlette.requests import Request

from heliograph.clock import Clock
from heliograph.gateway.admin.desk import Desk
from heliograph.gateway.admin.errors import (
    FORBIDDEN,
    TOO_MANY,
    UNAUTHORIZED,
    AdminError,
)
from heliograph.gateway.admin.guesses import Guesses
from heliograph.gateway.ledger import admin_sessions as sessions
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.key_hash import ADMIN_PREFIX, VIRTUAL_PREFIX
from heliograph.gateway.ledger.key_ring import KeyRing

COOKIE = "heliograph_admin"
TOKEN_HEADER = "x-heliograph-csrf"  # noqa: S105 - a header's name
BEARER = "bearer"
SAFE = frozenset({"GET", "HEAD"})
SEND_KEY = f"Send the admin key as `Authorization: Bearer {ADMIN_PREFIX}...`."
LOG_IN = f"{SEND_KEY} Or log in anew."
MAKE_ONE = "Make one: heliograph keys admin create"


class Entrance:
    """Judges requests; *address_of* says from where one comes."""

    def __init__(
        self,
        keys: KeyRing,
        desk: Desk,
        clock: Clock,
        address_of: Callable[[Request], str],
    ) -> None:
        self.keys = keys
        self.desk = desk
        self.clock = clock
        self.address_of = address_of
        self.guesses = Guesses()

    async def admit(self, request: Request) -> None:
        """Let *request* in, or raise why not."""
        self.check_open()
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == BEARER:
            self.judge(request, shown.strip())
        else:
            await self.admit_session(request)

    def check_open(self) -> None:
        """See that there is a key to come in by."""
        if not self.keys.has_admin:
            said = "The admin page and API are closed: there is no admin key."
            raise AdminError(FORBIDDEN, "no_admin_key", said, MAKE_ONE)

    def judge(self, request: Request, shown: str) -> bytes:
        """See that *shown* is the admin key, and return it."""
        address, now_s = self.address_of(request), self.clock.monotonic_s()
        wait_s = self.guesses.wait_s(address, now_s)
        if wait_s > 0:
            said = "Too many wrong keys came from this address."
            fix = f"Try again in {ceil(wait_s)} s."
            headers = {"retry-after": str(ceil(wait_s))}
            raise AdminError(TOO_MANY, "too_many_tries", said, fix, headers=headers)
        key = shown.encode("utf-8", "replace")
        if self.keys.is_admin(key, self.clock.wall_s()):
            return key
        self.guesses.note_wrong(address, now_s)
        if shown.startswith(VIRTUAL_PREFIX):
            said = (
                "A virtual key was sent: those are for callers and open nothing here."
            )
            raise unauthorized("virtual_key", said, SEND_KEY)
        raise unauthorized("wrong_key", "That is not the admin key.", SEND_KEY)

    async def admit_session(self, request: Request) -> None:
        """See that a cookie is that of a session, and a change is its owner's wish."""
        session = request.cookies.get(COOKIE, "")
        if not session:
            raise unauthorized("no_key", "No admin key was sent.", SEND_KEY)
        if not await self.desk.ask(lambda database: self.is_on(database, session)):
            said = "The session is over, or its admin key was replaced."
            raise unauthorized("session_over", said, LOG_IN)
        if request.method not in SAFE:
            check_wish(request, session)

    def is_on(self, database: Database, session: str) -> bool:
        """Say whether a session has begun and not ended."""
        now_s = self.clock.wall_s()
        seal = sessions.find(database, session, int(now_s))
        return seal is not None and self.keys.is_sealed(seal, session.encode(), now_s)

    async def begin(self, request: Request, shown: str) -> str:
        """Begin a session with the admin key *shown*; return its number."""
        self.check_open()
        key, now_s = self.judge(request, shown.strip()), self.clock.wall_s()
        session = sessions.new_session()
        seal = self.keys.seal(session.encode(), key)
        await self.desk.ask(
            lambda database: sessions.begin(database, session, seal, int(now_s))
        )
        return session

    async def end(self, request: Request) -> None:
        """End the session of *request*."""
        session = request.cookies.get(COOKIE, "")
        await self.desk.ask(lambda database: sessions.end(database, session))


def unauthorized(code: str, said: str, fix: str) -> AdminError:
    """Say that whoever asks is not known."""
    headers = {"www-authenticate": 'Bearer realm="heliograph admin"'}
    return AdminError(UNAUTHORIZED, code, said, fix, headers=headers)


def check_wish(request: Request, session: str) -> None:
    """See that a change comes from a page of ours, not from another in its name."""
    token = request.headers.get(TOKEN_HEADER, "")
    if not compare_digest(token.encode(), token_of(session).encode()):
        said = f"A change that is asked for by cookie must carry `{TOKEN_HEADER}`."
        fix = "Send there the `csrf` of `GET /admin/session`, or use the admin key."
        raise AdminError(FORBIDDEN, "csrf", said, fix)
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if origin is not None and origin.lower().partition("://")[2] != host.lower():
        said = "This change was asked for by a page of another site."
        raise AdminError(FORBIDDEN, "origin", said, "Use the page of this gateway.")


def token_of(session: str) -> str:
    """Make a session's token, from which the session cannot be told."""
    return sha256(f"heliograph csrf {session}".encode()).hexdigest()
