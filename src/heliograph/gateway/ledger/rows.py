"""Ended exchanges as rows of the ledger's tables; pure.

It runs once an exchange, in the writer's thread: what it does is paid for by whoever
waits for the interpreter meanwhile, so it makes few calls.
"""

from collections import defaultdict
from collections.abc import Sequence
from hashlib import blake2b

from heliograph.gateway.ledger.database import Row
from heliograph.gateway.types import Attempt, Exchange, Usage, VirtualKey

HOUR_MS = 3_600_000
HOURS_OF_DAY = 24
NAME_MAX = 200  # characters: a model's name may be the caller's own words
FINISH_MAX = 40
TOKENS_MAX = (1 << 40) - 1  # a provider that says more says nonsense
COST_NANO_MAX = 10**17  # the same, of money: 100 million dollars
UNKNOWN_TOKENS = (None, None, None, None, None)
NO_TOKENS = (0, 0, 0, 0, 0)
ASKERS_MAX = 10_000
Known = tuple[VirtualKey | None, int]
Tokens = tuple[int | None, ...]
HourKey = tuple[int, str, str, int]
Sums = defaultdict[HourKey, list[tuple[int, ...]]]


class Askers:
    """Who asks: a number for each, and the rows of those that are new."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str, tuple[str, ...]], Known] = {}
        self.new: dict[int, Row] = {}

    def number(self, exchange: Exchange) -> int:
        """Return the number of who asked; most have asked before."""
        key = exchange.virtual_key
        name = (exchange.route, "" if key is None else key.id, exchange.tags)
        found = self.found.get(name)
        if found is not None and found[0] is key:
            return found[1]
        row = asker(exchange)
        digest = blake2b("\0".join(row).encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "big") >> 1  # it is signed in the database
        self.found[name] = (key, number)
        self.new[number] = (number, *row)
        return number

    def note_written(self) -> None:
        """Note that those that were new are in the database."""
        self.new.clear()
        if len(self.found) > ASKERS_MAX:
            self.found.clear()

    def forget(self) -> None:
        """Take all for new: the database may not know them."""
        self.found.clear()
        self.new.clear()


class Batch:
    """The rows of some exchanges; those of `hours` are added to what stands there."""

    def __init__(
        self, exchanges: Sequence[Exchange], first_id: int, askers: Askers
    ) -> None:
        self.askers = askers
        self.exchanges: list[Row] = []
        self.attempts: list[Row] = []
        self.hours: Sums = defaultdict(list)
        for exchange_id, exchange in enumerate(exchanges, first_id):
            who = askers.number(exchange)
            if is_plain(exchange):
                self.take_plain(exchange_id, who, exchange)
            else:
                self.take(exchange_id, who, exchange)

    def take_plain(self, exchange_id: int, who: int, exchange: Exchange) -> None:
        """Take in an exchange that is one attempt, which answered: nearly all are."""
        attempt = exchange.attempts[0]
        target = attempt.target
        key, basis = target.key, attempt.cost_basis or ""
        names = (target.provider.name, text(target.model), who)
        tokens = tokens_of(attempt.usage)
        paid = cost_of(attempt)
        cost = (0, 1) if paid is None else (paid, 0)
        attempted = ("" if key is None else key.id, basis)
        used = (*tokens, *cost)
        row = exchange_row(exchange_id, exchange, names, used, attempted)
        self.exchanges.append(row)
        if tokens is UNKNOWN_TOKENS:
            used = (*NO_TOKENS, *cost)
        hour = int(exchange.started_at * 1e3) // HOUR_MS
        self.hours[(hour, *names)].append(
            (1, 1, int(exchange.duration_s * 1e6), 1, 0, *used)  # type: ignore[arg-type] # they are known
        )

    def take(self, exchange_id: int, who: int, exchange: Exchange) -> None:
        """Take in any exchange: it is counted with who answered, or was called last."""
        hour = int(exchange.started_at * 1e3) // HOUR_MS
        answered = exchange.outcome == "answered"
        counted = (1, answered, int(exchange.duration_s * 1e6))
        speaker = answering(exchange.attempts)
        named = ("", "", who)
        cost = unknown = 0
        for position, attempt in enumerate(exchange.attempts):
            names = (attempt.target.provider.name, text(attempt.target.model), who)
            tokens = tokens_of(attempt.usage)
            paid = cost_of(attempt)
            cost += paid or 0
            unknown += paid is None
            row = attempt_row(exchange_id, position, attempt, (*tokens, paid))
            self.attempts.append(row)
            of_exchange = (0, 0, 0)
            if position == speaker:
                named, of_exchange = names, counted
            failed = attempt.failure is not None
            used = map(known, (*tokens, paid))
            self.hours[(hour, *names)].append(
                (*of_exchange, 1, failed, *used, paid is None)
            )
        if speaker is None:
            self.hours[(hour, *named)].append((*counted, 0, 0, *NO_TOKENS, 0, 0))
        total = (*tokens_of(exchange.usage), cost, unknown)
        row = exchange_row(exchange_id, exchange, named, total, ("", ""))
        self.exchanges.append(row)

    def hour_rows(self) -> list[Row]:
        """Return the rows of the hours."""
        return summed(self.hours)

    def day_rows(self) -> list[Row]:
        """Return the rows of the days."""
        days: Sums = defaultdict(list)
        for (hour, provider, model, who), rows in self.hours.items():
            days[hour // HOURS_OF_DAY, provider, model, who] += rows
        return summed(days)


def summed(sums: Sums) -> list[Row]:
    """Add up what has one key."""
    return [(*key, *map(sum, zip(*rows, strict=True))) for key, rows in sums.items()]


def is_plain(exchange: Exchange) -> bool:
    """Tell whether an exchange is one attempt that answered, and nothing else."""
    attempts = exchange.attempts
    if len(attempts) != 1 or exchange.outcome != "answered":
        return False
    attempt = attempts[0]
    usage = attempt.usage
    return (
        attempt.failure is None
        and bool(attempt.cost_basis)
        and (usage is exchange.usage or usage == exchange.usage)
    )


def asker(exchange: Exchange) -> tuple[str, str, str, str, str, str]:
    """Say who asked, and as what."""
    key = exchange.virtual_key
    tags = ",".join(sorted(exchange.tags)) if exchange.tags else ""
    if key is None:
        return (text(exchange.route), "", "", "", "", tags)
    owner = key.owner
    return (
        text(exchange.route), key.id, owner.team, owner.project, owner.camera, tags,
    )  # fmt: skip


def answering(attempts: Sequence[Attempt]) -> int | None:
    """Find the attempt that answered, else the last one."""
    for position in range(len(attempts) - 1, -1, -1):
        if attempts[position].failure is None:
            return position
    return len(attempts) - 1 if attempts else None


def cost_of(attempt: Attempt) -> int | None:
    """Return what an attempt cost, if it can be known."""
    paid = attempt.cost_nano
    return None if paid is None or paid > COST_NANO_MAX else paid


def tokens_of(usage: Usage | None) -> Tokens:
    """Return what is counted of *usage*, in the order of the tables' columns."""
    if usage is None:
        return UNKNOWN_TOKENS
    a, b, c = usage.input_tokens, usage.output_tokens, usage.cached_tokens
    d, e = usage.cache_write_tokens, usage.reasoning_tokens
    if 0 <= a | b | c | d | e <= TOKENS_MAX:
        return (a, b, c, d, e)
    return tuple(min(max(number, 0), TOKENS_MAX) for number in (a, b, c, d, e))


def exchange_row(
    exchange_id: int,
    exchange: Exchange,
    names: tuple[str, str, int],
    used: Tokens,
    attempted: tuple[str, str],
) -> Row:
    """Write the row of `exchanges`; *used* are its tokens, and what they cost."""
    failure, first_byte_s = exchange.failure, exchange.first_byte_s
    return (
        exchange_id,
        exchange.request_id,
        int(exchange.started_at * 1e3),
        int(exchange.duration_s * 1e6),
        None if first_byte_s is None else int(first_byte_s * 1e6),
        exchange.outcome,
        exchange.status,
        exchange.stream,
        text(exchange.asked_model),
        *names,
        *used,
        text(exchange.finish)[:FINISH_MAX] if exchange.finish else "",
        "" if failure is None else failure.blame.value,
        "" if failure is None else failure.kind,
        exchange.rescue or "",
        exchange.hedged,
        *attempted,
    )


def known(number: int | None) -> int:
    """Count what is not known as nothing."""
    return number or 0


def attempt_row(exchange_id: int, position: int, attempt: Attempt, used: Row) -> Row:
    """Write the row of `attempts`; *used* are its tokens, and what they cost."""
    target, failure, ended_s = attempt.target, attempt.failure, attempt.ended_s
    return (
        exchange_id,
        position,
        target.provider.name,
        text(target.model),
        int(attempt.started_s * 1e6),
        None if ended_s is None else int(ended_s * 1e6),
        "" if failure is None else failure.blame.value,
        "" if failure is None else failure.kind,
        0 if failure is None else failure.status,
        *used,
        "" if target.key is None else target.key.id,
        attempt.cost_basis or "",
    )


def text(value: str) -> str:
    """Shorten a text from outside; Postgres keeps no NUL."""
    if "\0" in value:
        value = value.replace("\0", "")
    return value[:NAME_MAX]
