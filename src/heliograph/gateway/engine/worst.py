"""The worst that a call may come to: what is reserved of budgets before it."""

from contextlib import suppress

from msgspec import DecodeError, json

from heliograph.gateway.catalog.cost import MILLION, ceiling_of, worst_nano
from heliograph.gateway.catalog.estimate import Input
from heliograph.gateway.engine.course import Course
from heliograph.gateway.ledger.accounts import Met
from heliograph.gateway.ledger.caps import Amount
from heliograph.gateway.types import Blame, Chat, Endpoint, Failure, Price, Target
from heliograph.gateway.wire.output_bound import with_output_bound

UNCOUNTED: Amount = (0, 0, 1, 1)
"""What a call takes where neither money nor tokens are bounded."""
_COUNT = json.Decoder(int)


def bounded(met: Met, endpoint: Endpoint, chat: Chat) -> Chat:
    """Ask for a bounded answer where nobody has: else nothing bounds its cost."""
    if chat.max_tokens is not None or met.output_tokens_max is None:
        return chat
    return with_output_bound(chat, met.output_tokens_max, endpoint)


def worst(course: Course, target: Target, chat: Chat, met: Met) -> Amount | Failure:
    """Say what a call takes at most: nano-dollars, tokens, a request, a place."""
    if not met.counts:
        return UNCOUNTED
    price = course.shared.price_of(target, course.exchange.started_at)
    if price is not None:
        vendor, _, model = price.name.partition("/")
    else:
        vendor, model = target.provider.endpoint.prices, target.model
    prompt = course.input_of(chat, vendor, model)
    output_tokens = output_tokens_of(chat)
    tokens = prompt.worst + output_tokens
    if not met.money:
        return (0, tokens, 1, 1)
    if price is None:
        return unpriced(target)
    nano = nano_at_worst(course, chat, price, prompt, output_tokens)
    return (nano, tokens, 1, 1)


def nano_at_worst(
    course: Course, chat: Chat, price: Price, prompt: Input, output_tokens: int
) -> int:
    """Say what a call costs at most; nearly always two rates tell, which are kept."""
    tier = "service_tier" in chat.fields
    if not tier and not prompt.kept:
        ceilings = course.shared.ceilings
        kept = ceilings.get(id(price))
        if kept is None or kept[0] is not price:
            kept = ceilings[id(price)] = (price, ceiling_of(price))
        ceiling = kept[1]
        if ceiling is not None:
            micro = prompt.worst * ceiling[0] + output_tokens * ceiling[1]
            return (micro + MILLION // 2) // MILLION + price.request_nano
    return worst_nano(
        price, prompt.worst, output_tokens, kept=prompt.kept, any_service=tier
    )


def unpriced(target: Target) -> Failure:
    """Pass over a model whose price is not known: no cap of dollars could hold."""
    said = (
        f"what {target.name} costs is not known, and a budget counts dollars; set its"
        " price under `prices` in the gateway's configuration"
    )
    return Failure(Blame.TARGET, "unknown_price", said)


def output_tokens_of(chat: Chat) -> int:
    """Say how many tokens all answers to *chat* may have together.

    What a prediction got wrong is paid for as an answer:
    https://platform.openai.com/docs/guides/predicted-outputs
    """
    tokens = chat.max_tokens or 0
    many, foretold = chat.fields.get("n"), chat.fields.get("prediction")
    if many is not None:
        with suppress(DecodeError):  # who answers will refuse it
            tokens *= max(1, _COUNT.decode(many))
    if foretold is not None:
        tokens += len(memoryview(foretold))
    return tokens
