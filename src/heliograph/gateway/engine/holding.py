"""What an exchange and its calls hold of budgets: taken before, settled after.

Where no budget bounds an exchange its account is None, and little here is called.
"""

from collections.abc import Sequence
from typing import NamedTuple

from heliograph.gateway.engine.course import Course
from heliograph.gateway.engine.way import Way
from heliograph.gateway.engine.worst import worst
from heliograph.gateway.ledger.accounts import Account, Met
from heliograph.gateway.ledger.budgets import WAIT_S
from heliograph.gateway.ledger.caps import TOKENS, USD, Amount, Cap, Hold
from heliograph.gateway.ledger.refusal import refusal
from heliograph.gateway.ledger.rows import COST_NANO_MAX, cost_of
from heliograph.gateway.types import Attempt, Blame, Chat, Failure

ENTRY: Amount = (0, 0, 1, 1)
"""What an exchange takes as it begins."""
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
    if course.entry is not None or not account.entry:
        return None
    found = at_once(course, account.entry, ENTRY)
    held = await waited(course, found, WAIT_S) if isinstance(found, Lacking) else found
    if isinstance(held, Failure):
        return held
    course.entry = held
    return None


def go(course: Course) -> None:
    """Settle what an exchange took as it began: one that called nobody took nothing."""
    budgets, entry = course.shared.budgets, course.entry
    if budgets is not None and entry is not None:
        truth = ENTERED if course.exchange.attempts else NOTHING
        budgets.settle(entry, truth, course.exchange)


def hold(
    course: Course, met: Met, way: Way, chat: Chat
) -> Hold | Lacking | Failure | None:
    """Reserve the worst that a call may come to; None where no cap counts it."""
    if not met.caps:
        return None
    amount = worst(course, way, chat, met)
    if isinstance(amount, Failure):
        return amount
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


def settle(course: Course, held: Hold, attempt: Attempt | None) -> None:
    """End a call's hold with what it came to: one without an *attempt*, to nothing.

    What nobody has counted is taken for the worst: an answer that a caller leaves
    early is paid for, and a cap must hold.
    """
    budgets = course.shared.budgets
    if budgets is None or held.ended:
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
