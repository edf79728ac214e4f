"""A ledger in PostgreSQL, which gateways of many machines may share.

A connection that was lost is made anew by the next call outside a transaction, so
whoever does a failed transaction again needs no other care than to find out first
whether it came through: a lost answer to COMMIT says neither.
"""

import re
import select
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain, count
from math import inf
from time import monotonic
from types import MappingProxyType
from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper, IntLoader

from heliograph.gateway.config.postgres_url import (
    secrets_of_postgres_url,
    shown_postgres_url,
)
from heliograph.gateway.ledger.database import DatabaseError, Row, Trouble, Value

ANSWER_S = 30.0
LOCK_S = 5.0
INTERRUPT_S = 2.0
HURRY_NOT = b"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"
# "helio", as a number: what this program locks in a database is its own.
BE_ALONE = b"SELECT pg_advisory_xact_lock(448378202479)"
INSERT = re.compile(
    r"(INSERT INTO \w+(?: \([\w, ]+\))? VALUES )\((?:\?, )*\?\)([^?]*)", re.DOTALL
)
VALUES_MAX = 60_000  # a statement takes 65,535
WORDS: Mapping[str, str] = MappingProxyType(
    {"ROW_ID": "BIGINT PRIMARY KEY", "KEYED": "", "ROW_PLACE": "ctid"}
)
UNLESS_SAID: Mapping[str, str] = MappingProxyType(
    {
        "application_name": "heliograph",
        "client_encoding": "utf8",
        "connect_timeout": "5",
        # A server whose machine is gone says nothing: these find it out.
        "keepalives_idle": "5",
        "keepalives_interval": "2",
        "keepalives_count": "3",
        "tcp_user_timeout": "10000",
    }
)
"""Parameters of the connection, where the address does not say otherwise."""
TROUBLES: Mapping[str, Trouble] = MappingProxyType(
    {
        "08": Trouble.UNREACHABLE,
        "22": Trouble.REFUSED,
        "23": Trouble.REFUSED,
        "25006": Trouble.READ_ONLY,  # a standby, or a server told to be read-only
        "25P03": Trouble.UNREACHABLE,  # ended for standing still in a transaction
        "28": Trouble.UNREACHABLE,
        "3D": Trouble.UNREACHABLE,
        "3F": Trouble.READ_ONLY,  # no schema it may make a table in
        "40": Trouble.LOCKED,
        "42501": Trouble.READ_ONLY,  # no permission
        "53100": Trouble.FULL,
        "53": Trouble.UNREACHABLE,
        "55P03": Trouble.LOCKED,
        "57014": Trouble.LOCKED,  # ended for taking too long
        "57": Trouble.UNREACHABLE,
        "58": Trouble.UNREACHABLE,
        "XX": Trouble.UNREACHABLE,
        "XX001": Trouble.CORRUPT,
        "XX002": Trouble.CORRUPT,
    }
)
"""By SQLSTATE, or by its first two letters:
https://www.postgresql.org/docs/current/errcodes-appendix.html
"""
DATA_EXCEPTION = "22"
T = TypeVar("T")


class Connection(psycopg.Connection[Row]):
    """A connection that a server which says nothing cannot hold for ever."""

    answer_s: float | None = None

    def wait(
        self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None
    ) -> T:
        """Go through with what *gen* does, within `answer_s` if there is one."""
        bound_s = self.answer_s if timeout is None else timeout
        return super().wait(self._bounded(gen, bound_s), interval)

    def _bounded(self, gen: PQGen[T], bound_s: float | None) -> PQGen[T]:
        end = monotonic() + (inf if bound_s is None else bound_s)
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and monotonic() > end:
                    # Nobody knows what it would answer next, and to what.
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server does not answer")
                wanted = gen.send(ready)
        except StopIteration as ended:
            said: T = ended.value
            return said


class PostgresDatabase:
    """A connection to the database at *url*, which has no fault.

    The server ends a statement, a wait for a lock, and the session of a transaction
    that stands still: a gateway that hangs in one does not hold up the others.
    """

    words = WORDS

    def __init__(
        self, url: str, *, answer_s: float = ANSWER_S, lock_s: float = LOCK_S
    ) -> None:
        self.name = shown_postgres_url(url)
        self._url = url
        self._secrets = secrets_of_postgres_url(url)
        self._answer_s = answer_s
        self._lock_s = lock_s
        self._within = False
        self._closed = False
        with self._told():
            self._connection = self._connected()

    def run(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Run one statement and return its rows."""
        with self._told():
            cursor = self._ready().execute(in_its_words(sql), values)
            return cursor.fetchall() if cursor.description else []

    def run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run one statement for each of *rows*."""
        if not rows:
            return
        insert = INSERT.fullmatch(sql)
        with self._told():
            connection = self._ready()
            if insert is None:
                connection.cursor().executemany(in_its_words(sql), rows)
                return
            most = VALUES_MAX // len(rows[0])
            for first in range(0, len(rows), most):
                some = rows[first : first + most]
                values = list(chain.from_iterable(some))
                connection.execute(spread(insert, some), values, prepare=False)

    @contextmanager
    def transaction(
        self, *, alone: bool = False, unhurried: bool = False
    ) -> Iterator[None]:
        """Do all within or nothing; *alone* waits for any other that is."""
        if self._within:
            raise DatabaseError(Trouble.UNKNOWN, "a transaction within another")
        with self._told():
            connection = self._ready()
        # One question, one answer.
        begin = [b"BEGIN", *[HURRY_NOT] * unhurried, *[BE_ALONE] * alone]
        self._within = True
        try:
            with self._told():
                connection.answer_s = None if unhurried else self._answer_s
                connection.execute(b"; ".join(begin))
            yield
            self._commit()
        except BaseException:
            # A lost connection has rolled it back already.
            with suppress(DatabaseError):
                self.run("ROLLBACK")
            raise
        finally:
            self._within = False
            connection.answer_s = self._answer_s

    def _commit(self) -> None:
        with self._told():
            done = self._ready().execute(b"COMMIT").statusmessage
        if done != "COMMIT":
            # It says so and no more, where a statement failed and was not minded.
            raise DatabaseError(Trouble.UNKNOWN, "a statement in it had failed")

    def interrupt(self) -> None:
        """Have the server end the statement that runs: it is asked beside it."""
        with self._told():
            self._connection.cancel_safe(timeout=INTERRUPT_S)

    def close(self) -> None:
        """Let go of it; a second time does nothing."""
        self._closed = True
        self._connection.close()

    def _ready(self) -> Connection:
        """Return the connection; outside a transaction a new one if it was lost."""
        if self._within or self._closed:
            return self._connection
        if has_ended(self._connection):
            self._connection.close()
            self._connection = self._connected()
        return self._connection

    def _connected(self) -> Connection:
        address = make_conninfo(self._url, **self._unsaid())
        connection = Connection.connect(
            address, autocommit=True, cursor_factory=psycopg.RawCursor
        )
        # One type for all numbers: else a statement is prepared for each mix of sizes.
        for kind in (int, bool):
            connection.adapters.register_dumper(kind, Int8Dumper)
        # A sum of BIGINT is NUMERIC there.
        connection.adapters.register_loader("numeric", IntLoader)
        connection.answer_s = self._answer_s
        bound(
            connection,
            lock=self._lock_s,
            statement=self._answer_s * 0.8,
            idle_in_transaction_session=self._answer_s,
        )
        return connection

    def _unsaid(self) -> dict[str, str]:
        said = conninfo_to_dict(self._url)
        return {name: value for name, value in UNLESS_SAID.items() if name not in said}

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell PostgreSQL's errors in the ledger's words."""
        try:
            yield
        except (psycopg.Error, UnicodeError) as error:
            said = text_of(error)
            for secret in self._secrets:
                said = said.replace(secret, "***")
            raise DatabaseError(trouble_of(error), said) from None


def spread(insert: re.Match[str], rows: Sequence[Sequence[Value]]) -> bytes:
    """Have *insert* take all *rows* at once: a quarter of the work of one by one."""
    width = len(rows[0])
    places = (
        f"({', '.join(f'${n}' for n in range(first, first + width))})"
        for first in range(1, len(rows) * width + 1, width)
    )
    return f"{insert[1]}{', '.join(places)}{insert[2]}".encode()


@lru_cache(maxsize=1000)
def in_its_words(sql: str) -> bytes:
    """Give each place of *sql* that stands for a value its number."""
    numbers = count(1)
    return re.sub(
        r"'[^']*'|\?",
        lambda found: f"${next(numbers)}" if found[0] == "?" else found[0],
        sql,
    ).encode()


def bound(connection: Connection, **bounds_s: float) -> None:
    """Have the server end what takes longer."""
    sets = (f"SET {name}_timeout = {s * 1000:.0f}" for name, s in bounds_s.items())
    connection.execute("; ".join(sets).encode())


def has_ended(connection: Connection) -> bool:
    """Say whether a connection that waits for nothing was lost meanwhile."""
    if connection.closed:
        return True
    heard = select.poll()
    heard.register(connection.fileno(), select.POLLIN)
    try:
        while heard.poll(0):
            connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return False


def trouble_of(error: Exception) -> Trouble:
    """Say of what kind an error of PostgreSQL or its driver is."""
    state = getattr(error, "sqlstate", None)
    if state is not None:
        found = TROUBLES.get(state) or TROUBLES.get(state[:2])
        return found or Trouble.UNKNOWN
    # From the driver: a value that it cannot send, or a server that it cannot ask.
    ours = isinstance(error, (psycopg.DataError, UnicodeError))
    return Trouble.REFUSED if ours else Trouble.UNREACHABLE


def text_of(error: Exception) -> str:
    """Say what went wrong in one line; a value that was to be written is not shown."""
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith(DATA_EXCEPTION):
        return f"{type(error).__name__} (SQLSTATE {state})"
    if state and isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    return " ".join(str(error).split())
