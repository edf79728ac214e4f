"""The worst that a call may come to: what is reserved of budgets before it."""

from contextlib import suppress

from msgspec import DecodeError, json

from heliograph.gateway.catalog.cost import MILLION, worst_nano
from heliograph.gateway.catalog.parts import is_text
from heliograph.gateway.engine.course import Course
from heliograph.gateway.engine.way import Way
from heliograph.gateway.ledger.accounts import Met
from heliograph.gateway.ledger.caps import Amount
from heliograph.gateway.types import Blame, Chat, Endpoint, Failure, Target
from heliograph.gateway.wire.output_bound import with_output_bound

UNCOUNTED: Amount = (0, 0, 1, 1)
"""What a call takes where neither money nor tokens are bounded."""
APART = frozenset(
    {"tools", "functions", "response_format", "prediction", "n", "service_tier"}
)
"""What adds to a prompt beside its messages, to its answers, or changes their price."""
_COUNT = json.Decoder(int)


def bounded(met: Met, endpoint: Endpoint, chat: Chat) -> Chat:
    """Ask for a bounded answer where nobody has: else nothing bounds its cost."""
    if chat.max_tokens is not None or met.output_tokens_max is None:
        return chat
    return with_output_bound(chat, met.output_tokens_max, endpoint)


def worst(course: Course, way: Way, chat: Chat, met: Met) -> Amount | Failure:
    """Say what a call takes at most: nano-dollars, tokens, a request, a place."""
    if not met.counts:
        return UNCOUNTED
    price = way.price_at(course.exchange.started_at)
    found = worst_of_text(way, chat)
    if found is not None:
        return found
    if price is not None:
        vendor, _, model = price.name.partition("/")
    else:
        vendor, model = way.endpoint.prices, way.model
    prompt = course.input_of(chat, vendor, model)
    output_tokens = output_tokens_of(chat)
    tokens = prompt.worst + output_tokens
    if not met.money:
        return (0, tokens, 1, 1)
    if price is None:
        return unpriced(way.target)
    nano = worst_nano(
        price,
        prompt.worst,
        output_tokens,
        kept=prompt.kept,
        any_service="service_tier" in chat.fields,
    )
    return (nano, tokens, 1, 1)


def worst_of_text(way: Way, chat: Chat) -> Amount | None:
    """Say what a call takes at most of which there is little to know: most are so.

    Its prompt is text alone, and two rates tell what it costs. None where it is not so.
    """
    ceiling, price = way.ceiling, way.price
    if ceiling is None or price is None or not APART.isdisjoint(chat.fields):
        return None
    messages = bytes(chat.fields["messages"])
    if not is_text(messages):
        return None
    input_tokens, output_tokens = len(messages), chat.max_tokens or 0
    micro = input_tokens * ceiling[0] + output_tokens * ceiling[1]
    nano = (micro + MILLION // 2) // MILLION + price.request_nano
    return (nano, input_tokens + output_tokens, 1, 1)


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
