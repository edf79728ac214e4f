"""What an exchange and its calls hold of budgets: taken before, settled after.

Where no budget bounds an exchange its account is None, and little here is called.
"""

from collections.abc import Sequence

from heliograph.gateway.engine.course import Course
from heliograph.gateway.engine.worst import worst
from heliograph.gateway.ledger.budgets import WAIT_S
from heliograph.gateway.ledger.caps import TOKENS, USD, Amount, Cap, Hold
from heliograph.gateway.ledger.refusal import refusal
from heliograph.gateway.types import Attempt, Chat, Failure, Target

ENTRY: Amount = (0, 0, 1, 1)
"""What an exchange takes as it begins."""
ENTERED: Amount = (0, 0, 1, 0)
"""What it has taken when it ends."""
NOTHING: Amount = (0, 0, 0, 0)


async def enter(course: Course) -> Failure | None:
    """Take what an exchange takes as it begins, or say why it may not."""
    account = course.account
    if account is None or course.entry is not None or not account.entry:
        return None
    found = await held(course, account.entry, ENTRY)
    if isinstance(found, Hold):
        course.entry = found
        return None
    return found


def go(course: Course) -> None:
    """Settle what an exchange took as it began: one that called nobody took nothing."""
    budgets, entry = course.shared.budgets, course.entry
    if budgets is not None and entry is not None:
        truth = ENTERED if course.exchange.attempts else NOTHING
        budgets.settle(entry, truth, course.exchange)


async def hold(
    course: Course, target: Target, chat: Chat, wait_s: float
) -> Hold | Failure | None:
    """Reserve the worst that a call may come to; None where no cap counts it."""
    account = course.account
    caps = account.caps(target.provider.name, target.model) if account else ()
    if not caps:
        return None
    amount = worst(course, target, chat, caps)
    if isinstance(amount, Failure):
        return amount
    return await held(course, caps, amount, wait_s)


async def held(
    course: Course, caps: Sequence[Cap], amount: Amount, wait_s: float = WAIT_S
) -> Hold | Failure:
    """Reserve *amount* of all *caps*, within what is left of the exchange's time."""
    budgets = course.shared.budgets
    assert budgets is not None  # noqa: S101 - an account is of them
    found = budgets.reserve(caps, amount, wall_s(course))
    if isinstance(found, Hold):
        return found
    left_s = course.deadline_at - budgets.loop.time()
    found = await budgets.wait_for(caps, amount, min(wait_s, left_s))
    return found if isinstance(found, Hold) else refused(course, found, amount)


def refused(course: Course, cap: Cap, amount: Amount) -> Failure:
    """Count and say that *cap* leaves no room."""
    budgets = course.shared.budgets
    cap.refused += 1
    course.refused_by = cap.budget
    blind = budgets is not None and budgets.is_blind(cap)
    return refusal(cap, amount[cap.measure], wall_s(course), blind=blind)


def wall_s(course: Course) -> float:
    """Seconds since 1970, by the exchange's own start."""
    return course.exchange.started_at + course.now_s()


def settle(course: Course, held: Hold, attempt: Attempt | None) -> None:
    """End a call's hold with what it came to.

    What nobody has counted is taken for the worst: an answer that a caller leaves
    early is paid for, and a cap must hold.
    """
    budgets = course.shared.budgets
    if budgets is None or held.ended:
        return
    truth = NOTHING if attempt is None else truth_of(attempt, held.amount)
    budgets.settle(held, truth, course.exchange)


def truth_of(attempt: Attempt, reserved: Amount) -> Amount:
    """Say what *attempt* came to: its cost, its tokens, and that it was made."""
    if attempt.cost_nano is None and attempt.cost_basis == "unknown_usage":
        attempt.cost_nano, attempt.cost_basis = reserved[USD], "estimate"
    usage = attempt.usage
    if usage is not None:
        tokens = usage.input_tokens + usage.output_tokens
    else:
        tokens = 0 if attempt.cost_basis == "free" else reserved[TOKENS]
    return (attempt.cost_nano or 0, tokens, 1, 0)
