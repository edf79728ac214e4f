"""Where the ledger is asked: beside the event loop, and not by the writer's connection.

Few questions are answered at once, so that the interpreter is left to the callers, and
few wait: nobody can hold the gateway up with them.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from heliograph.gateway.admin.errors import UNAVAILABLE, AdminError, in_trouble
from heliograph.gateway.ledger.database import Database, DatabaseError
from heliograph.gateway.ledger.stores.store import Store

AT_ONCE = 2
WAITING_MAX = 32
ANSWER_S = 15.0
_T = TypeVar("_T")


class Desk:
    """One per process; it costs nothing until it is asked something."""

    def __init__(self, store: Store | None) -> None:
        self.store = store
        self.threads: ThreadPoolExecutor | None = None
        self.spare: list[Database] = []
        self.opening = Lock()
        self.asked = 0

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
        loop = asyncio.get_running_loop()
        answer = loop.run_in_executor(self.threads, self.put, self.store, question)
        answer.add_done_callback(self.note_answered)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except TimeoutError:
            said = "The ledger has not answered in time."
            fix = "Ask for less: a shorter time, or fewer dimensions."
            raise AdminError(UNAVAILABLE, "slow", said, fix) from None
        except DatabaseError as error:
            raise in_trouble(error) from error

    def note_answered(self, _answer: object) -> None:
        """Make room for the next one."""
        self.asked -= 1

    def put(self, store: Store, question: Callable[[Database], _T]) -> _T:
        """Put *question* to a connection that nobody else uses meanwhile."""
        database = self.connection(store)
        try:
            answer = question(database)
        except DatabaseError:
            with suppress(DatabaseError):
                database.close()
            raise
        except BaseException:
            # Whatever the question found wrong, it is not the connection.
            self.spare.append(database)
            raise
        self.spare.append(database)
        return answer

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
        """Let go of the threads and connections."""
        if self.threads is not None:
            self.threads.shutdown(cancel_futures=True)
        for database in self.spare:
            with suppress(DatabaseError):
                database.close()
        self.spare.clear()
