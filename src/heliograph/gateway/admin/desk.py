"""Where the ledger is asked: beside the event loop, and not by the writer's connection.

Few questions are answered at once, so that the interpreter is left to the callers, and
few wait: nobody can hold the gateway up with them. What nobody waits for any more, the
caller having left or the gateway ending, is broken off.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from threading import Lock
from typing import TypeVar

from heliograph.gateway.admin.errors import BROKEN, UNAVAILABLE, AdminError, in_trouble
from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.ledger.virtual_keys import UnreadableKeyError

AT_ONCE = 2
WAITING_MAX = 32
ANSWER_S = 15.0
AGAIN_S = 0.05
_T = TypeVar("_T")


class Desk:
    """One per process; it costs nothing until it is asked something."""

    def __init__(self, store: Store | None) -> None:
        self.store = store
        self.threads: ThreadPoolExecutor | None = None
        self.spare: list[Database] = []
        self.opening = Lock()
        self.asked = 0
        self.numbers = count()
        self.tickets: set[int] = set()  # of questions that somebody waits for
        self.busy: dict[int, Database] = {}  # by ticket; under `moving`
        self.moving = Lock()

    async def ask(self, question: Callable[[Database], _T]) -> _T:
        """Have *question* put to the ledger, in its turn."""
        if self.store is None:
            said = "This gateway keeps no ledger."
            fix = "Give it one: leave out `ledger: off`, and HELIOGRAPH_LEDGER=off."
            raise AdminError(UNAVAILABLE, "ledger_off", said, fix)
        if self.asked >= WAITING_MAX:
            said, fix = "Too many questions wait already.", "Ask again in a moment."
            headers = {"retry-after": "1"}
            raise AdminError(UNAVAILABLE, "busy", said, fix, headers=headers)
        if self.threads is None:
            self.threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="admin")
        self.asked += 1
        ticket = next(self.numbers)
        self.tickets.add(ticket)
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(
            self.threads, self.put, ticket, self.store, question
        )
        answer.add_done_callback(self.note_answered)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            said = "The ledger has not answered in time."
            fix = "Ask for less: a shorter time, or fewer dimensions."
            raise AdminError(UNAVAILABLE, "slow", said, fix) from None
        except UnreadableKeyError as error:
            said = "A virtual key in the ledger cannot be read."
            fix = "See which: heliograph keys list, where the ledger is."
            raise AdminError(BROKEN, "key_unreadable", said, fix) from error
        except DatabaseError as error:
            if ticket in self.tickets:
                raise in_trouble(error) from error
            said, fix = "The gateway is being stopped.", "Ask again in a moment."
            raise AdminError(UNAVAILABLE, "stopping", said, fix) from error
        finally:
            self.tickets.discard(ticket)
            if ticket in self.busy:
                # Whoever asked has gone. A server may take a moment to be told.
                loop.run_in_executor(None, self.break_off, ticket)

    def note_answered(self, _answer: object) -> None:
        """Make room for the next one."""
        self.asked -= 1

    def put(self, ticket: int, store: Store, question: Callable[[Database], _T]) -> _T:
        """Put *question* to a connection that nobody else uses meanwhile."""
        database = self.connection(store)
        with self.moving:
            self.busy[ticket] = database
        is_well = True  # whatever else the question finds wrong, it is not this
        try:
            self.check_wanted(ticket)
            return question(database)
        except DatabaseError:
            is_well = False
            raise
        finally:
            self.put_back(ticket, database, is_well=is_well)

    def check_wanted(self, ticket: int) -> None:
        """See that somebody still waits for the answer."""
        if ticket not in self.tickets:
            raise DatabaseError(Trouble.LOCKED, "nobody waits for it any more")

    def put_back(self, ticket: int, database: Database, *, is_well: bool) -> None:
        """Spare a connection for the next question, or close it.

        One that was interrupted is closed: that may reach it late, and end another's.
        """
        with self.moving:
            del self.busy[ticket]
            if is_well and ticket in self.tickets:
                self.spare.append(database)
                return
        with suppress(DatabaseError):
            database.close()

    def break_off(self, *tickets: int) -> None:
        """Interrupt questions until they have ended: between statements none hears."""
        while True:
            with self.moving:
                running = [self.busy[one] for one in tickets if one in self.busy]
                for database in running:
                    with suppress(DatabaseError):
                        database.interrupt()
            if not running:
                return
            time.sleep(AGAIN_S)

    def connection(self, store: Store) -> Database:
        """Return a connection that is to spare, or a new one."""
        with suppress(IndexError):
            database = self.spare.pop()
            if store.is_open_at(database):
                return database
            database.close()
        with self.opening:  # SQLite makes a new file for one at a time
            return store.open()

    def close(self) -> None:
        """Break off what is asked; let go of the threads and connections."""
        self.tickets.clear()
        if self.threads is not None:
            self.threads.shutdown(wait=False, cancel_futures=True)
            self.break_off(*self.busy)
            self.threads.shutdown()
        for database in self.spare:
            with suppress(DatabaseError):
                database.close()
        self.spare.clear()
