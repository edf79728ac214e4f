"""One JSON line an exchange: who answered, after what, how long. Never a prompt or key.

Fields are an allow-list taken from the record. Exchanges are gathered, and their
lines written in batches: the request path never waits for a terminal or a disk, and
a row of lines costs a quarter of what lines written between other work do.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import encode
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from heliograph.gateway.types import Attempt, Exchange

FLUSH_S = 0.1
ROW_MAX = 64
LINES_MAX = 10_000


class ExchangeLog(Collector):
    """Gathers lines and hands them to *write* every 100 ms.

    At most `LINES_MAX` lines wait; those beyond, and those that *write* refuses, are
    counted in `dropped`, which is a metric.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        write: Callable[[bytes], object],
        worker: int | UnsetType = UNSET,
    ) -> None:
        self.loop = loop
        self.worker = worker
        self.write = write
        self.row: list[Exchange] = []
        self.lines: list[bytes] = []
        self.dropped = 0
        self.timer: asyncio.TimerHandle | None = None

    def record(self, exchange: Exchange) -> None:
        """Take in a finished exchange, which nobody changes any more."""
        self.row.append(exchange)
        if len(self.row) >= ROW_MAX:
            self.write_row()
        if self.timer is None:
            self.timer = self.loop.call_later(FLUSH_S, self.flush)

    def collect(self) -> Iterator[Metric]:
        """Yield how many lines were lost; called at scrape time."""
        yield CounterMetricFamily(
            "heliograph_log_lines_dropped",
            "Lines of the exchange log that were not written.",
            value=float(self.dropped),
        )

    def write_row(self) -> None:
        """Write the lines of what has been gathered since the last row."""
        row = self.row[: LINES_MAX - len(self.lines)]
        self.dropped += len(self.row) - len(row)
        self.lines += [line_of(exchange, self.worker) for exchange in row]
        self.row.clear()

    def flush(self) -> None:
        """Write what has been gathered; a reader that is gone loses lines only."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        self.write_row()
        if not self.lines:
            return
        batch = b"\n".join((*self.lines, b""))
        self.lines.clear()
        try:
            self.write(batch)
        except OSError:
            self.dropped += batch.count(b"\n")


class Unused(Struct, frozen=True):
    """Stands where no usage is known."""

    input_tokens: None = None
    output_tokens: None = None
    cached_tokens: None = None


UNUSED = Unused()
MILLISECONDS = tuple(f".{number:03d}+00:00" for number in range(1000))
"""The ends of all times of UTC: to put one behind is a tenth of writing it."""


class AttemptLine(Struct):
    """What the log says of one attempt."""

    target: str
    key: str | None
    blame: str | None
    kind: str | None
    status: int | None
    started_ms: float | None
    ended_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cost_nano: int | None
    cost_basis: str | None


class Line(Struct):
    """What the log says of one exchange, in the order of the line."""

    at: str
    request_id: str
    outcome: str
    status: int
    asked_model: str
    provider: str | None
    model: str | None
    stream: bool
    finish: str | None
    duration_ms: float | None
    first_byte_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost_nano: int | None  # nano-dollars; null when it is not known
    failure: str | None
    rescue: str | None
    hedged: bool
    attempts: list[AttemptLine]
    virtual_key: str | UnsetType = UNSET  # its id; there when one was shown
    virtual_key_name: str | UnsetType = UNSET
    tags: tuple[str, ...] | UnsetType = UNSET
    on_cap: str | UnsetType = UNSET  # the budget that made it fall to another model
    worker: int | UnsetType = UNSET  # there with --workers above 1


def line_of(exchange: Exchange, worker: int | UnsetType = UNSET) -> bytes:
    """Write *exchange* as one JSON line, without the line end."""
    target = exchange.answered_by
    usage = exchange.usage or UNUSED
    asker = exchange.virtual_key
    at_s, at_ms = divmod(int(exchange.started_at * 1e3), 1000)
    return encode(
        Line(
            second(at_s) + MILLISECONDS[at_ms],
            exchange.request_id,
            exchange.outcome,
            exchange.status,
            exchange.asked_model[:200],
            target.provider.name if target else None,
            target.model if target else None,
            exchange.stream,
            exchange.finish,
            int(exchange.duration_s * 1e4 + 0.5) / 10,
            milliseconds(exchange.first_byte_s),
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_tokens,
            exchange.cost_nano,
            exchange.failure.kind if exchange.failure else None,
            exchange.rescue,
            exchange.hedged,
            list(map(attempt_line, exchange.attempts)),
            asker.id if asker else UNSET,
            asker.name if asker else UNSET,
            exchange.tags or UNSET,
            exchange.on_cap or UNSET,
            worker,
        )
    )


def attempt_line(attempt: Attempt) -> AttemptLine:
    """Pick what the log says of one attempt."""
    failure = attempt.failure
    target = attempt.target
    key = target.key
    usage = attempt.usage or UNUSED
    return AttemptLine(
        f"{target.provider.name}/{target.model}"[:200],
        key.id if key else None,
        failure.blame.value if failure else None,
        failure.kind if failure else None,
        failure.status if failure else None,
        int(attempt.started_s * 1e4 + 0.5) / 10,
        milliseconds(attempt.ended_s),
        usage.input_tokens,
        usage.output_tokens,
        attempt.cost_nano,
        attempt.cost_basis,
    )


@lru_cache(maxsize=8)
def second(unix_s: int) -> str:
    """Write a second of UTC as ISO 8601 does; many exchanges share one."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def milliseconds(seconds: float | None) -> float | None:
    """Round *seconds* to tenths of a millisecond; `round` takes five times as long."""
    return None if seconds is None else int(seconds * 1e4 + 0.5) / 10
