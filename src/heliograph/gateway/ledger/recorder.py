"""The ledger's one writer: a thread that writes what has ended every 100 ms.

The request path appends to a queue and waits for nothing. While the database is in
trouble the queue is kept, up to `HELD_MAX`, and what is beyond is counted as lost; what
was said is not kept so long, and never more of it than `HeldBodies` has room for.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_hex
from threading import Event, Thread

from heliograph.gateway.ledger.bodies import HeldBodies, redact
from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.ledger.troubles import put_away, told
from heliograph.gateway.ledger.write import Pen, Poster, was_written
from heliograph.gateway.types import Exchange

TURN_S = 0.1
RETRY_S = 1.0
CLOSE_S = 5.0
HELD_MAX = 20_000
BATCH_MAX = 2_000

Chore = Callable[[Database], None]
"""What else the ledger's thread does each turn, in transactions of its own."""


class Recorder:
    """Writes to *store*; *posters* and *chores* do more with the same connection.

    *say* tells the operator, and *give_up* is told of an exchange that the database
    refuses for good. All but `record`, `start`, `wake` and `close` is the thread's own.
    """

    def __init__(
        self,
        store: Store,
        say: Callable[[str], None],
        *,
        posters: Sequence[Poster] = (),
        chores: Sequence[Chore] = (),
        give_up: Callable[[Exchange], None] | None = None,
        wall_s: Callable[[], float] = time.time,
        held_max: int = HELD_MAX,
    ) -> None:
        self.store = store
        self.say = say
        self.posters = posters
        self.chores = chores
        self.give_up = give_up
        self.wall_s = wall_s
        self.held_max = held_max
        self.held: deque[Exchange] = deque()
        self.batch: list[Exchange] = []  # taken out of it, and not yet known written
        self.bodies = HeldBodies()
        self.name = token_hex(8)
        self.batches = 0  # begun
        self.tried = 0  # how many of the batch were in the last transaction
        self.written = 0
        self.turned_away = 0
        self.refused = 0
        self.told_lost = 0
        self.pen: Pen | None = None
        self.trouble: Trouble | None = None
        self.asides: list[str] = []  # corrupt files of which nothing was taken over yet
        self.woken = Event()
        self.closing = False
        self.thread = Thread(target=self.keep_writing, name="ledger", daemon=True)

    # what the request path and the process's life call

    def record(self, exchange: Exchange) -> bool:
        """Take in a finished exchange, which nobody changes any more.

        Return False when it is turned away: it will not be recorded.
        """
        held = self.held
        if len(held) < self.held_max:
            if exchange.said is not None:
                self.bodies.take(exchange, away=self.trouble is not None)
            held.append(exchange)
            return True
        self.turned_away += 1
        return False

    def start(self) -> None:
        """Open the database, so that a trouble is told at once, and begin."""
        self.turn()
        self.thread.start()

    def wake(self) -> None:
        """Have the next turn now."""
        self.woken.set()

    def close(self) -> None:
        """Write what is held, within `CLOSE_S`; tell what could not be written."""
        self.closing = True
        self.wake()
        self.thread.join(CLOSE_S)
        if self.waiting:
            self.turned_away += self.waiting
            self.say(
                f"error: the last {self.waiting} exchanges were not recorded in the "
                f"ledger {self.store.name}"
            )

    @property
    def database(self) -> Database | None:
        """The database, while it is open."""
        return None if self.pen is None else self.pen.database

    @property
    def waiting(self) -> int:
        """How many exchanges are yet to be written."""
        return len(self.held) + len(self.batch)

    @property
    def lost(self) -> int:
        """How many exchanges will never be recorded."""
        return self.turned_away + self.refused

    @property
    def done(self) -> int:
        """How many exchanges the thread is through with."""
        return self.written + self.refused

    # the thread

    def keep_writing(self) -> None:
        """Take turns until closed."""
        while not self.closing:
            self.woken.wait(RETRY_S if self.trouble else TURN_S)
            self.woken.clear()
            self.turn()
        self.turn()  # what came during the last one
        if self.database is not None:
            self.database.close()

    def turn(self) -> None:
        """Write what is held, and do the chores; on trouble, close and tell."""
        try:
            pen = self.opened()
            # What comes meanwhile waits for the next turn, or no chore had its own.
            end = self.done + self.waiting
            while self.done < end:
                self.write_some(pen)
            for chore in self.chores:
                chore(pen.database)
        except DatabaseError as error:
            self.meet(error)
        else:
            self.tell_end_of_trouble()

    def opened(self) -> Pen:
        """Open the database, anew if it failed or is no longer there."""
        pen = self.pen
        if pen is not None and not self.store.is_open_at(pen.database):
            self.say(f"warning: {self.store.name} has gone; a new ledger is begun")
            pen.database.close()
            pen = None
        if pen is None:
            pen = self.pen = Pen(self.store.open())
        while self.asides:
            aside = self.asides[0]
            self.say(f"{aside}: {self.store.salvage(aside, pen.database)}")
            del self.asides[0]  # now that it was done; else it is done again
        return pen

    def write_some(self, pen: Pen) -> None:
        """Write the oldest of what is held; only then is it held no longer."""
        batch = self.batch
        if batch and was_written(pen.database, self.name, self.batches):
            self.note_written()
        while self.held and len(batch) < BATCH_MAX:
            batch.append(self.held.popleft())
            redact(batch[-1])
        if not batch:
            return
        try:
            self.write(pen, batch)
        except DatabaseError as error:
            if error.trouble is not Trouble.REFUSED:
                raise
            self.write_singly(pen)

    def write(self, pen: Pen, exchanges: list[Exchange]) -> None:
        """Write the first of the batch, as many as *exchanges* are."""
        self.batches += 1
        self.tried = len(exchanges)
        signature = (self.name, self.batches, int(self.wall_s() * 1e3))
        pen.write(exchanges, self.posters, signature)
        self.note_written()

    def note_written(self) -> None:
        """Hold no longer what was tried last."""
        for exchange in self.batch[: self.tried]:
            self.bodies.let_go(exchange)
        del self.batch[: self.tried]
        self.written += self.tried

    def write_singly(self, pen: Pen) -> None:
        """Write each of the batch on its own, and give up those that are refused."""
        while self.batch:
            try:
                self.write(pen, self.batch[:1])
            except DatabaseError as error:
                if error.trouble is not Trouble.REFUSED:
                    raise
                self.refused += 1
                self.say(f"error: the ledger cannot hold an exchange: {error}")
                exchange = self.batch.pop(0)
                self.bodies.drop(exchange)
                if self.give_up is not None:
                    self.give_up(exchange)

    def meet(self, error: DatabaseError) -> None:
        """Let go of the database; tell the operator what is new."""
        database, self.pen = self.database, None
        is_new, self.trouble = error.trouble is not self.trouble, error.trouble
        self.drop_bodies()
        if error.trouble is Trouble.CORRUPT:
            aside = self.store.set_aside(database)
            if aside:
                self.asides.append(aside)
                self.say(put_away(self.store.name, aside, error))
            is_new = is_new and aside is None  # else it is written again at once
        if is_new:
            self.say(told(self.store.name, error))
        if database is not None:
            with suppress(DatabaseError):
                database.close()

    def drop_bodies(self) -> None:
        """Hold nothing of what was said: nobody knows how long it would wait."""
        for exchange in self.batch:
            self.bodies.drop(exchange)
        # By number: the request path may append meanwhile.
        for place in range(len(self.held)):
            self.bodies.drop(self.held[place])

    def tell_end_of_trouble(self) -> None:
        """Tell that all is well again, and what it has cost."""
        if self.trouble is None:
            return
        self.trouble = None
        lost, self.told_lost = self.lost - self.told_lost, self.lost
        what = f"{lost} exchanges were lost" if lost else "nothing was lost"
        self.say(f"the ledger is written again; {what}")
