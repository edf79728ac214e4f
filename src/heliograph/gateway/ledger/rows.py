"""Ended exchanges as rows of the ledger's tables; pure.

It runs once an exchange, in the writer's thread: what it does is paid for by whoever
waits for the interpreter meanwhile, so it makes few calls.
"""

from collections.abc import Sequence
from operator import add
from typing import NamedTuple

from heliograph.gateway.ledger.database import Row, Value
from heliograph.gateway.types import Attempt, Exchange, Failure, Usage

HOUR_S = 3600
NAME_MAX = 200  # characters: a model's name may be the caller's own words
FINISH_MAX = 40
TOKENS_MAX = 10**12  # a provider that says more says nonsense
COST_NANO_MAX = 10**17  # the same, of money: 100 million dollars
UNKNOWN_TOKENS = (None, None, None, None, None)

Asker = tuple[str, str, str, str, str, str]
"""Route, virtual key, team, project, camera, tags."""


class Entry(NamedTuple):
    """An exchange that is being written: its number in the ledger, and its hour."""

    exchange_id: int
    hour: int
    exchange: Exchange


class Batch:
    """The rows of some exchanges; `hours` are added to what stands there."""

    def __init__(self, exchanges: Sequence[Exchange], first_id: int) -> None:
        self.entries: list[Entry] = []
        self.exchanges: list[Row] = []
        self.attempts: list[Row] = []
        self.tags: list[Row] = []
        self.hours: dict[Row, list[int]] = {}
        for exchange_id, exchange in enumerate(exchanges, first_id):
            self.take(exchange_id, exchange)

    def take(self, exchange_id: int, exchange: Exchange) -> None:
        """Take in one exchange: it is counted with who answered, or was called last."""
        hour = int(exchange.started_at) // HOUR_S
        who = asker(exchange)
        speaker = answering(exchange.attempts)
        counted = [
            1,
            exchange.outcome == "answered",
            int(exchange.duration_s * 1e6),
        ]
        named = ("", "")
        cost = unknown = 0
        for position, attempt in enumerate(exchange.attempts):
            target = attempt.target
            names = (target.provider.name, text(target.model))
            tokens = tokens_of(attempt.usage)
            paid = attempt.cost_nano
            if paid is None or paid > COST_NANO_MAX:
                paid = None
                unknown += 1
            else:
                cost += paid
            self.attempts.append(
                attempt_row(exchange_id, position, attempt, (*names, *tokens, paid))
            )
            failed = attempt.failure is not None
            numbers = [1, failed, *map(known, tokens), paid or 0, paid is None]
            if position == speaker:
                named = names
                self.add_hour((hour, *names, *who), counted + numbers)
            else:
                self.add_hour((hour, *names, *who), [0, 0, 0, *numbers])
        if speaker is None:
            self.add_hour((hour, *named, *who), [*counted, 0, 0, 0, 0, 0, 0, 0, 0, 0])
        self.exchanges.append(
            exchange_row(exchange_id, exchange, (*named, *who), (cost, unknown))
        )
        for tag in exchange.tags:
            self.tags.append((tag, exchange_id))
        self.entries.append(Entry(exchange_id, hour, exchange))

    def add_hour(self, key: Row, numbers: list[int]) -> None:
        """Add to the numbers of an hour, in the order of the table's columns."""
        found = self.hours.get(key)
        self.hours[key] = numbers if found is None else list(map(add, found, numbers))

    def hour_rows(self) -> list[Row]:
        """Return the rows of the hours."""
        return [(*key, *numbers) for key, numbers in self.hours.items()]


def asker(exchange: Exchange) -> Asker:
    """Say who asked, and as what."""
    key = exchange.virtual_key
    tags = ",".join(sorted(exchange.tags)) if exchange.tags else ""
    if key is None:
        return (exchange.route, "", "", "", "", tags)
    owner = key.owner
    return (exchange.route, key.id, owner.team, owner.project, owner.camera, tags)


def answering(attempts: Sequence[Attempt]) -> int | None:
    """Find the attempt that answered, else the last one."""
    for position in range(len(attempts) - 1, -1, -1):
        if attempts[position].failure is None:
            return position
    return len(attempts) - 1 if attempts else None


def tokens_of(usage: Usage | None) -> tuple[int | None, ...]:
    """Return what is counted of *usage*, in the order of the tables' columns."""
    if usage is None:
        return UNKNOWN_TOKENS
    return (
        min(usage.input_tokens, TOKENS_MAX),
        min(usage.output_tokens, TOKENS_MAX),
        min(usage.cached_tokens, TOKENS_MAX),
        min(usage.cache_write_tokens, TOKENS_MAX),
        min(usage.reasoning_tokens, TOKENS_MAX),
    )


def known(number: int | None) -> int:
    """Count what is not known as nothing."""
    return number or 0


def exchange_row(
    exchange_id: int,
    exchange: Exchange,
    names: tuple[str, ...],
    cost: tuple[int, int],
) -> Row:
    """Write the row of `exchanges`."""
    provider, model, *who = names
    failure = exchange.failure
    return (
        exchange_id,
        exchange.request_id,
        int(exchange.started_at * 1e3),
        int(exchange.duration_s * 1e6),
        microseconds(exchange.first_byte_s),
        exchange.outcome,
        exchange.status,
        int(exchange.stream),
        text(exchange.asked_model),
        provider,
        model,
        *who,
        *tokens_of(exchange.usage),
        text(exchange.finish or "")[:FINISH_MAX],
        *cost,
        *blamed(failure),
        exchange.rescue or "",
        int(exchange.hedged),
    )


def attempt_row(
    exchange_id: int, position: int, attempt: Attempt, known_of_it: tuple[Value, ...]
) -> Row:
    """Write the row of `attempts`; *known_of_it* are its names, tokens and cost."""
    provider, model, *tokens_and_cost = known_of_it
    key, failure = attempt.target.key, attempt.failure
    return (
        exchange_id,
        position,
        provider,
        model,
        key.id if key is not None else "",
        int(attempt.started_s * 1e6),
        microseconds(attempt.ended_s),
        *blamed(failure),
        failure.status if failure is not None else 0,
        *tokens_and_cost,
        attempt.cost_basis or "",
    )


def blamed(failure: Failure | None) -> tuple[str, str]:
    """Return who is to blame, and for what."""
    return ("", "") if failure is None else (failure.blame.value, failure.kind)


def microseconds(seconds: float | None) -> int | None:
    """Round down to whole microseconds."""
    return None if seconds is None else int(seconds * 1e6)


def text(value: str) -> str:
    """Shorten a text from outside; Postgres keeps no NUL."""
    if "\0" in value:
        value = value.replace("\0", "")
    return value[:NAME_MAX]
