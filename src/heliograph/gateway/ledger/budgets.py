"""The budgets of a process: what its exchanges may take, and its way to the store.

All of it belongs to the event loop. Every quarter of a second, or when somebody waits,
the ledger's thread is asked to renew the slices: one question is under way at a time.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from heliograph.clock import Clock
from heliograph.gateway.ledger.accounts import Account, Accounts
from heliograph.gateway.ledger.caps import Amount, Cap, Hold, overdraw, reserve
from heliograph.gateway.ledger.charges import charges_of
from heliograph.gateway.ledger.database import DatabaseError
from heliograph.gateway.ledger.leases import Ask, Leases, Told
from heliograph.gateway.ledger.purse import EMPTY, SHARES, Purse
from heliograph.gateway.types import Budget, Exchange

BUSY_S = 0.25
IDLE_S = 1.0
HUNGRY_S = 0.05
"""How soon the slices are renewed: while in use, while idle, while somebody waits."""
WAIT_S = 1.5
"""How long an exchange waits for a slice that others must give back first."""
GOOD_S = 3.5
"""A slice is surely ours for so long after it was renewed: others take it for that of a
dead process after `DEAD_S` of silence."""
SPARE_HOLDS = 4
"""A slice is kept so large that some calls find their worst case in it at once."""
SPARE_S = 1.0
"""And so large that it lasts for some turns, also when they come late."""
IDLE_TURNS = 20
"""After so many turns without use a slice goes back."""
TRIM_TURNS = 240
"""After so many turns caps that nobody uses any more are forgotten."""


NOBODY_WAITS = (0,)


class Waiter(NamedTuple):
    """An exchange that waits for so much of some caps."""

    come: asyncio.Future[None]
    caps: Sequence[Cap]
    amount: Amount


class Budgets:
    """Reserves and settles; *wake* has the ledger's thread look at *leases*.

    *notify* is called when the soft limit of a cap is reached.
    """

    def __init__(
        self,
        budgets: Sequence[Budget],
        *,
        leases: Leases,
        wake: Callable[[], None],
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        notify: Callable[[Cap], None],
    ) -> None:
        self.accounts = Accounts(budgets)
        self.account = self.accounts.of
        self.purses = self.accounts.purses
        self.leases = leases
        self.wake = wake
        self.clock = clock
        self.loop = loop
        self.notify = notify
        self.waiting: list[Waiter] = []
        self.asking = False
        self.turns = 0
        self.asked_s = 0.0
        self.good_until_s = -math.inf  # when slices may be taken for a dead process's
        self.silent_since_s = math.inf  # when it was asked what it has not answered
        self.forgone: Counter[tuple[str, int]] = Counter()
        self.closed = False
        self.timer: asyncio.TimerHandle | None = None
        self.due_s = 0.0  # when it goes off
        if budgets:
            self.turn()

    def follow(self, budgets: Sequence[Budget]) -> None:
        """Take the budgets of another config."""
        self.purses.empty()
        self.accounts.follow(budgets)
        self.turn_in(0.0)

    @property
    def caps(self) -> Mapping[str, Cap]:
        """All caps as they stand, by their keys."""
        self.purses.empty()
        return self.accounts.caps

    def reserve(self, caps: Sequence[Cap], amount: Amount, wall_s: float) -> Hold | Cap:
        """Reserve *amount* at once, or return a cap that lacks it."""
        if self.good_until_s <= self.clock.monotonic_s():
            return caps[0]
        found = reserve(caps, amount, wall_s)
        if isinstance(found, Cap) and self.purses.empty():
            return reserve(caps, amount, wall_s)
        return found

    def purse_of(self, account: Account) -> Purse | None:
        """Fill another purse for *account*; None where there is not plenty for it.

        Then nothing is to be had before the next turn. While somebody waits, all that
        is free is for him; and a budget of some targets is met by some calls only.
        """
        share, now_s = account.share, self.clock.monotonic_s()
        if (
            share is None
            or account.of_targets
            or account.thin_turn == self.turns
            or self.waiting
            or self.good_until_s <= now_s
        ):
            return None
        self.purses.settle()
        self.purses.close(account.purse)
        purse = self.purses.make(account.entry, account.spending.caps, share)
        if account.spending.caps and (purse is None or purse.shares < SHARES):
            account.share = None  # smaller ones may do: the next call tells
        if purse is None:
            account.purse, account.thin_turn = EMPTY, self.turns
            return None
        wall_s = self.clock.wall_s()
        lasts_s = min(purse.fill(wall_s), share.until_s - wall_s)
        purse.until_s = min(self.good_until_s, now_s + lasts_s)
        account.purse = purse
        return purse

    async def wait_for(
        self, caps: Sequence[Cap], amount: Amount, wait_s: float
    ) -> Hold | Cap:
        """Reserve *amount*, waiting for the slices to be renewed if need be.

        Return the cap that it does not fit in, at once when that is sure.
        """
        loop, clock = self.loop, self.clock
        until_s = loop.time() + wait_s
        while True:
            wall_s = clock.wall_s()
            found = self.reserve(caps, amount, wall_s)
            if isinstance(found, Hold):
                return found
            need = amount[found.measure]
            left_s = until_s - loop.time()
            in_vain = self.is_away or found.is_used_up(need, wall_s)
            if left_s > 0 and not in_vain:
                await self.more(caps, amount, left_s)
            elif self.is_blind:
                return without_store(caps, amount, wall_s)
            else:
                return found

    @property
    def is_blind(self) -> bool:
        """Whether the store could not be asked for so long that no slice is sure."""
        return self.good_until_s <= self.clock.monotonic_s()

    @property
    def is_away(self) -> bool:
        """Whether that is known: it has been asked, and waiting for it was in vain."""
        return (
            self.is_blind and self.clock.monotonic_s() - self.silent_since_s >= WAIT_S
        )

    async def more(self, caps: Sequence[Cap], amount: Amount, left_s: float) -> None:
        """Wait until some of *caps* may have become free, or for *left_s*."""
        come: asyncio.Future[None] = self.loop.create_future()
        waiter = Waiter(come, caps, amount)
        timer = self.loop.call_later(left_s, wake, come)
        self.waiting.append(waiter)
        for cap in caps:
            cap.waiting += 1
        since_asked_s = self.clock.monotonic_s() - self.asked_s
        self.turn_in(max(0.0, HUNGRY_S - since_asked_s))
        try:
            await come
        finally:
            timer.cancel()
            for cap in caps:
                cap.waiting -= 1
            if waiter in self.waiting:
                self.waiting.remove(waiter)

    def settle(self, hold: Hold, truth: Amount, exchange: Exchange) -> None:
        """End *hold* with the *truth*; what is charged stands on *exchange*."""
        if exchange.charges is None:
            exchange.charges = []
        hold.settle(truth, exchange.charges)
        if self.waiting:
            self.wake_all()

    def forgo(self, exchange: Exchange) -> None:
        """Have spent what *exchange* was charged, although it will not be recorded."""
        for cap, bucket_s, amount in charges_of(exchange):
            self.forgone[cap, bucket_s] += amount

    def wake_all(self) -> None:
        """Let all who wait look again, in the order in which they came."""
        waiting, self.waiting = self.waiting, []
        for waiter in waiting:
            wake(waiter.come)

    # the way to the store

    def turn_in(self, wait_s: float) -> None:
        """Renew the slices in *wait_s*, unless that happens sooner."""
        if self.asking or self.closed:
            return
        due_s = self.loop.time() + wait_s
        if self.timer is not None:
            if self.due_s <= due_s:
                return
            self.timer.cancel()
        self.due_s = due_s
        self.timer = self.loop.call_at(due_s, self.turn)

    def turn(self) -> None:
        """Ask the thread to renew what is in use, and to look at what is configured."""
        self.timer = None
        self.turns += 1
        self.purses.empty()
        if self.turns % TRIM_TURNS == 0:
            self.leases.forget(self.accounts.trim())
        wall_s = self.clock.wall_s()
        configured = {id(each) for each in self.accounts.budgets}
        now_s = self.clock.monotonic_s()
        past_s, self.asked_s = now_s - self.asked_s, now_s
        needs: dict[str, list[int]] = {}
        for waiter in self.waiting:
            for cap in waiter.caps:
                need = waiter.amount[cap.measure]
                needs.setdefault(cap.key, []).append(need)
        asks = [
            ask_of(cap, wall_s, past_s, needs.get(cap.key, NOBODY_WAITS))
            for cap in self.accounts.caps.values()
            if cap.is_in_use or id(cap.budget) in configured
        ]
        if not asks:
            return
        self.asking = True
        self.silent_since_s = min(self.silent_since_s, now_s)
        forgone, self.forgone = self.forgone, Counter()
        told = partial(self.told, now_s, forgone)
        self.leases.ask(asks, partial(self.loop.call_soon_threadsafe, told), forgone)
        self.wake()

    def told(
        self,
        asked_s: float,
        forgone: Counter[tuple[str, int]],
        answers: list[Told] | DatabaseError,
    ) -> None:
        """Take in what the store said to what was asked at *asked_s*.

        If it said no, what is *forgone* is passed on again.
        """
        self.asking = False
        self.purses.empty()
        if isinstance(answers, DatabaseError):
            self.forgone += forgone
            self.turn_in(BUSY_S)
            return
        self.good_until_s = asked_s + GOOD_S
        self.silent_since_s = math.inf
        wall_s = self.clock.wall_s()
        in_use = False
        for told in answers:
            cap = self.accounts.caps[told.cap]
            take(cap, told, wall_s)
            if told.notice:
                cap.soft_told += 1
                self.notify(cap)
            in_use = in_use or cap.is_in_use
        self.wake_all()
        if any(cap.waiting for cap in self.accounts.caps.values()):
            self.turn_in(HUNGRY_S)
        else:
            self.turn_in(BUSY_S if in_use else IDLE_S)

    def close(self) -> None:
        """Have all slices given back, once what was charged is in the store."""
        self.closed = True
        self.purses.empty()
        if self.timer is not None:
            self.timer.cancel()
        caps = self.accounts.caps.values()
        charged = {cap.key: cap.charged for cap in caps}
        self.leases.say_farewell(charged, self.forgone)


def wake(come: asyncio.Future[None]) -> None:
    """Let one who waits look again."""
    if not come.done():
        come.set_result(None)


def without_store(caps: Sequence[Cap], amount: Amount, wall_s: float) -> Hold | Cap:
    """Do as the budgets say for when their store is away: the strictest decides."""
    for cap in caps:
        if cap.budget.store_down == "refuse":
            return cap
    return overdraw(caps, amount, wall_s)


def ask_of(
    cap: Cap, wall_s: float, past_s: float, needs: Sequence[int] = NOBODY_WAITS
) -> Ask:
    """Say how *cap* stands, and what more of it would be good to have.

    *needs* is what those want who wait; the last turn was *past_s* ago. What is free
    and not wanted is taken out of the slice, and so given back.
    """
    span = cap.enter(wall_s)
    spare = spare_of(cap, past_s, needs)
    wanted = 0 if cap.yields else spare
    if cap.free > 2 * wanted:
        cap.slice -= cap.free - wanted
        cap.free = wanted
    wanted = max(wanted, *needs)
    soft = cap.budget.soft
    limit = cap.rule.limit
    return Ask(
        cap.key,
        limit,
        span.since_s,
        cap.window.began_s(span),
        cap.reserved,
        cap.free,
        cap.charged,
        max(0, min(needs) - cap.free),
        max(0, wanted - cap.free),
        None if soft is None else math.ceil(limit * soft),
    )


def spare_of(cap: Cap, past_s: float, needs: Sequence[int]) -> int:
    """Say how much of *cap* is to be free: it grows at once and shrinks slowly."""
    cap.idle = 0 if cap.last or cap.waiting else cap.idle + 1
    pace = (cap.charged - cap.seen) / max(past_s, HUNGRY_S)
    holds = SPARE_HOLDS * max(cap.last, *needs)
    wanted = max(holds, int(pace * SPARE_S) + SPARE_HOLDS * cap.reserved)
    cap.last, cap.seen = 0, cap.charged
    if cap.idle > IDLE_TURNS:
        cap.spare = 0
    elif wanted > cap.spare or not cap.idle:
        cap.spare = max(wanted, cap.spare - cap.spare // 4)
    return cap.spare


def take(cap: Cap, told: Told, wall_s: float) -> None:
    """Take in what the store said of *cap*."""
    cap.free += told.granted
    cap.slice += told.granted - (told.posted - cap.posted)
    cap.posted = told.posted
    cap.spent = told.spent
    cap.others = told.others
    cap.oldest_s = told.oldest_s
    cap.yields = told.lacks
    cap.left = cap.rule.limit - told.spent - cap.unposted
    span = cap.window.span(wall_s)
    cap.left_until_s = span.until_s
