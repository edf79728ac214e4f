"""The worst that a call may come to: what is reserved of budgets before it."""

from collections.abc import Sequence

from heliograph.gateway.engine.course import Course
from heliograph.gateway.ledger.accounts import Account
from heliograph.gateway.ledger.caps import USD, Amount, Cap
from heliograph.gateway.types import Blame, Chat, Endpoint, Failure, Target
from heliograph.gateway.wire.output_bound import with_output_bound


def bounded(account: Account, endpoint: Endpoint, chat: Chat) -> Chat:
    """Ask for a bounded answer where nobody has: else nothing bounds its cost."""
    if chat.max_tokens is not None or account.output_tokens_max is None:
        return chat
    return with_output_bound(chat, account.output_tokens_max, endpoint)


def worst(
    course: Course, target: Target, chat: Chat, caps: Sequence[Cap]
) -> Amount | Failure:
    """Say what a call takes at most: nano-dollars, tokens, a request, a place."""
    input_tokens = sum(len(memoryview(raw)) for raw in chat.fields.values())
    output_tokens = chat.max_tokens or 0
    price = course.shared.price_of(target, course.exchange.started_at)
    nano = 0
    if price is not None:
        rates = price.rates
        nano = (
            input_tokens * rates.input + output_tokens * rates.output + 999_999
        ) // 1_000_000 + price.request_nano
    elif any(cap.measure == USD for cap in caps):
        return Failure(Blame.TARGET, "unknown_price", "its price is not known")
    return (nano, input_tokens + output_tokens, 1, 1)
