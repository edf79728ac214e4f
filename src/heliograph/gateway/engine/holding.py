"""What an exchange and its calls hold of budgets: taken before, settled after.

Where no budget bounds an exchange its account is None, and little here is called.
"""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from msgspec.structs import replace

from heliograph.gateway.engine.course import Course
from heliograph.gateway.engine.way import Way
from heliograph.gateway.engine.worst import share_for, text_size, worst
from heliograph.gateway.ledger.accounts import Account, Met
from heliograph.gateway.ledger.budgets import WAIT_S
from heliograph.gateway.ledger.caps import ENTRY, TOKENS, USD, Amount, Cap, Hold
from heliograph.gateway.ledger.refusal import refusal
from heliograph.gateway.ledger.rows import COST_NANO_MAX, cost_of
from heliograph.gateway.routing.names import Named
from heliograph.gateway.types import Attempt, Blame, Chat, Failure

ENTERED: Amount = (0, 0, 1, 0)
"""What it has taken when it ends."""
NOTHING: Amount = (0, 0, 0, 0)
NO_ROOM = Failure(
    Blame.TARGET, "budget_held", "a budget leaves no room for a second call"
)
"""Why a hedge is not made."""


class Lacking(NamedTuple):
    """What could not be reserved at once: it must be waited for."""

    caps: Sequence[Cap]
    amount: Amount


async def enter(course: Course, account: Account) -> Failure | None:
    """Take what an exchange takes as it begins, or say why it may not."""
    if course.purse is not None or course.entry is not None or not account.entry:
        return None
    found = at_once(course, account.entry, ENTRY)
    held = await waited(course, found, WAIT_S) if isinstance(found, Lacking) else found
    if isinstance(held, Failure):
        return held
    course.entry = held
    return None


def fall(
    course: Course, account: Account, chat: Chat
) -> tuple[Account, Chat, Named] | None:
    """Turn to the model or route that a budget names for when it is used up.

    Once in an exchange: who falls further would fall in a circle.
    """
    budget, exchange = course.refused_by, course.exchange
    if budget is None or budget.on_cap is None or exchange.on_cap is not None:
        return None
    chat = replace(chat, model=budget.on_cap, fallbacks=())
    named = course.shared.named(chat)
    if not isinstance(named, Named):
        return None
    exchange.on_cap = budget.name
    relieved = course.account = account.without_rates(budget)
    return relieved, chat, named


def go(course: Course) -> None:
    """Settle what an exchange took as it began, and its call if it has a share.

    Nearly always the purse does it, in a row with others: one call, of which all is
    known, answered.
    """
    purse, attempts = course.purse, course.exchange.attempts
    budgets = course.shared.budgets
    if purse is None or budgets is None or not course.drawn or not attempts:
        give_share_back(course)
        end_entry(course)
        return
    attempt = attempts[0]
    nano = attempt.cost_nano
    if nano is None or nano > COST_NANO_MAX or attempt.usage is None:
        settle(course, parted(course), attempt)
        end_entry(course)
        return
    course.exchange.charged_to = purse.charged_to
    ended = purse.ended
    if not ended:
        budgets.purses.unsettled.append(purse)
    ended.append(attempt)
    if budgets.waiting:
        budgets.wake_all()


def end_entry(course: Course) -> None:
    """Settle what an exchange took as it began: one that called nobody took nothing."""
    budgets, entry, purse = course.shared.budgets, course.entry, course.purse
    if purse is not None:
        entry = Hold(purse.entry, ENTRY, purse.at_s)
    if budgets is not None and entry is not None:
        truth = ENTERED if course.exchange.attempts else NOTHING
        budgets.settle(entry, truth, course.exchange)


def draw(course: Course, met: Met, way: Way, chat: Chat) -> bool:
    """Say whether the share that an exchange has is enough for its call.

    If not, it is given back: the call takes what it needs of the caps themselves.
    """
    purse = course.purse
    if purse is None:
        return False
    if way is purse.way and (chat.max_tokens or 0) <= purse.output:
        size = text_size(chat)
        if size is not None and size <= purse.size:
            return True
    amount = worst(course, way, chat, met)
    if not isinstance(amount, Failure):
        nano, tokens, *_ = amount
        if nano <= purse.nano and tokens <= purse.tokens:
            return True
        purse.until_s = -inf
        learn(course, way, chat, amount)
    give_share_back(course)
    return False


def give_share_back(course: Course) -> None:
    """Give back what an exchange had of a purse for its call, if it still has that."""
    settle(course, parted(course), None)


def learn(course: Course, way: Way, chat: Chat, amount: Amount) -> None:
    """Have shares that are enough for calls like one that comes to *amount*."""
    account = course.account
    if account is not None:
        share = share_for(way, chat, amount)
        known = account.share or share
        account.share = share._replace(
            nano=max(share.nano, known.nano), tokens=max(share.tokens, known.tokens)
        )


def parted(course: Course) -> Hold | None:
    """Make a hold of its own of what an exchange has of a purse for its call."""
    purse = course.purse
    if purse is None or not course.drawn:
        return None
    course.drawn = False
    return Hold(purse.spending, purse.amount, purse.at_s)


def hold(
    course: Course, met: Met, way: Way, chat: Chat
) -> Hold | Lacking | Failure | None:
    """Reserve the worst that a call may come to; None where no cap counts it."""
    if not met.caps:
        return None
    amount = worst(course, way, chat, met)
    if isinstance(amount, Failure):
        return amount
    if course.account is not None and course.account.share is None:
        learn(course, way, chat, amount)
    return at_once(course, met.caps, amount)


def at_once(course: Course, caps: Sequence[Cap], amount: Amount) -> Hold | Lacking:
    """Reserve *amount* of all *caps* if nobody has to be asked for it."""
    budgets = course.shared.budgets
    assert budgets is not None  # noqa: S101 - an account is of them
    found = budgets.reserve(caps, amount, budgets.clock.wall_s())
    return found if isinstance(found, Hold) else Lacking(caps, amount)


async def waited(course: Course, lacking: Lacking, wait_s: float) -> Hold | Failure:
    """Wait for what is lacking, within what is left of the exchange's time."""
    budgets = course.shared.budgets
    assert budgets is not None  # noqa: S101 - an account is of them
    left_s = course.deadline_at - budgets.loop.time()
    found = await budgets.wait_for(*lacking, min(wait_s, left_s))
    return found if isinstance(found, Hold) else refused(course, found, lacking.amount)


def refused(course: Course, cap: Cap, amount: Amount) -> Failure:
    """Count and say that *cap* leaves no room."""
    budgets = course.shared.budgets
    cap.refused += 1
    course.refused_by = cap.budget
    blind = budgets is not None and budgets.is_blind
    wall_s = course.shared.clock.wall_s()
    return refusal(cap, amount[cap.measure], wall_s, blind=blind)


def settle(course: Course, held: Hold | None, attempt: Attempt | None) -> None:
    """End a call's hold with what it came to: one without an *attempt*, to nothing.

    What nobody has counted is taken for the worst: an answer that a caller leaves
    early is paid for, and a cap must hold.
    """
    budgets = course.shared.budgets
    if budgets is None or held is None or held.ended:
        return
    truth = NOTHING if attempt is None else truth_of(attempt, held)
    budgets.settle(held, truth, course.exchange)


def truth_of(attempt: Attempt, held: Hold) -> Amount:
    """Say what *attempt* came to: its cost, its tokens, and that it was made.

    A cost that is not known is what was reserved, where dollars were; else it stays
    unknown. One that no ledger could hold is not known either.
    """
    reserved = held.amount
    if cost_of(attempt) is None and any(cap.measure == USD for cap in held.caps):
        attempt.cost_nano = min(reserved[USD], COST_NANO_MAX)
        attempt.cost_basis = "estimate"
    usage = attempt.usage
    if usage is not None:
        tokens = usage.input_tokens + usage.output_tokens
    else:
        tokens = 0 if attempt.cost_basis == "free" else reserved[TOKENS]
    return (attempt.cost_nano or 0, tokens, 1, 0)
