"""Sessions of the admin page in the store: whichever worker is asked finds them.

A session's number is known to whoever has its cookie, and here by a hash alone. `admin`
says with which admin key it was begun; whether that is one still, the key ring says.
"""

from contextlib import suppress
from hashlib import sha256
from secrets import token_urlsafe

from heliograph.gateway.ledger.database import Database, DatabaseError
from heliograph.gateway.ledger.key_hash import SECRET_BYTES

SESSIONS_MAX = 64
IDLE_S = 30 * 60
LASTING_S = 12 * 3600
NOTE_S = 60
"""After how long it is noted again that a session is in use."""
CHARACTERS_MAX = 64


def new_session() -> str:
    """Make a session's number, of 256 random bits."""
    return token_urlsafe(SECRET_BYTES)


def begin(database: Database, session: str, admin: str, now_s: int) -> None:
    """Keep a new session; of too many, the one that began first ends."""
    with database.transaction(alone=True):
        database.run(
            "DELETE FROM admin_sessions WHERE begun_at <= ? OR seen_at <= ?",
            (now_s - LASTING_S, now_s - IDLE_S),
        )
        database.run(
            "DELETE FROM admin_sessions WHERE hash NOT IN (SELECT hash FROM "
            "admin_sessions ORDER BY begun_at DESC, hash LIMIT ?)",
            (SESSIONS_MAX - 1,),
        )
        database.run(
            "INSERT INTO admin_sessions (hash, admin, begun_at, seen_at) "
            "VALUES (?, ?, ?, ?)",
            (hash_of(session), admin, now_s, now_s),
        )


def find(database: Database, session: str, now_s: int) -> str | None:
    """Return with which admin key a session was begun; None when it is over."""
    if len(session) > CHARACTERS_MAX:
        return None
    hashed = hash_of(session)
    rows = database.run(
        "SELECT admin, seen_at FROM admin_sessions "
        "WHERE hash = ? AND begun_at > ? AND seen_at > ?",
        (hashed, now_s - LASTING_S, now_s - IDLE_S),
    )
    if not rows:
        return None
    admin, seen_at = rows[0]
    if now_s - int(seen_at or 0) >= NOTE_S:
        # A disk that is full keeps nobody from seeing that it is.
        with suppress(DatabaseError):
            database.run(
                "UPDATE admin_sessions SET seen_at = ? WHERE hash = ? AND seen_at < ?",
                (now_s, hashed, now_s),
            )
    return str(admin)


def end(database: Database, session: str) -> None:
    """End a session."""
    database.run("DELETE FROM admin_sessions WHERE hash = ?", (hash_of(session),))


def hash_of(session: str) -> str:
    """Hash a session's number: it is random enough that this needs no secret."""
    return sha256(session.encode()).hexdigest()
