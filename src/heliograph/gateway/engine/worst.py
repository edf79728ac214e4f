"""The worst that a call may come to: what is reserved of budgets before it."""

from contextlib import suppress

from msgspec import DecodeError, json

from heliograph.gateway.catalog.cost import worst_nano
from heliograph.gateway.catalog.parts import is_text
from heliograph.gateway.engine.course import Course
from heliograph.gateway.engine.way import Way
from heliograph.gateway.ledger.accounts import Met
from heliograph.gateway.ledger.caps import ENTRY, TOKENS, USD, Amount
from heliograph.gateway.ledger.purse import Share
from heliograph.gateway.types import Blame, Chat, Endpoint, Failure, Target
from heliograph.gateway.wire.output_bound import with_output_bound

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
        return ENTRY
    price = way.price_at(course.exchange.started_at)
    size = text_size(chat)
    if size is not None and way.ceiling is not None:
        return way.worst_of(size, chat.max_tokens or 0)
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


def text_size(chat: Chat) -> int | None:
    """Say how many bytes a prompt has, and no fewer tokens, if there is little to know.

    Most are so: text alone, and nothing beside it. None where there is more to it.
    """
    if not APART.isdisjoint(chat.fields):
        return None
    messages = bytes(chat.fields["messages"])
    return len(messages) if is_text(messages) else None


def share_for(way: Way, chat: Chat, amount: Amount) -> Share:
    """Say what is enough for calls like one that comes to *amount*, and some larger."""
    size, output = text_size(chat), chat.max_tokens or 0
    if size is None or way.ceiling is None:
        return Share(wider(amount[USD]), wider(amount[TOKENS]))
    size, output = wider(size), wider(output)
    nano, tokens, *_ = way.worst_of(size, output)
    return Share(nano, tokens, way, size, output, way.priced_until_s)


def wider(number: int) -> int:
    """Say what is a quarter more."""
    return number + number // 4


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
