"""One JSON line an exchange: who answered, after what, how long. Never a prompt or key.

Fields are an allow-list taken from the record. Exchanges are gathered, and their
lines written in batches: the request path never waits for a terminal or a disk, and
a row of lines costs a quarter of what lines written between other work do.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from msgspec.json import encode

from heliograph.gateway.types import Attempt, Exchange

FLUSH_S = 0.1
ROW_MAX = 64
LINES_MAX = 10_000


class ExchangeLog:
    """Gathers lines and hands them to *write* every 100 ms.

    At most `LINES_MAX` lines wait; beyond that they are counted in `dropped`.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, write: Callable[[bytes], object]
    ) -> None:
        self.loop = loop
        self.write = write
        self.row: list[Exchange] = []
        self.lines: list[bytes] = []
        self.dropped = 0
        self.timer: asyncio.TimerHandle | None = None

    def record(self, exchange: Exchange) -> None:
        """Take in a finished exchange, which nobody changes any more."""
        if len(self.lines) + len(self.row) >= LINES_MAX:
            self.dropped += 1
            return
        self.row.append(exchange)
        if len(self.row) >= ROW_MAX:
            self.write_row()
        if self.timer is None:
            self.timer = self.loop.call_later(FLUSH_S, self.flush)

    def write_row(self) -> None:
        """Write the lines of what has been gathered since the last row."""
        self.lines += map(line_of, self.row)
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


def line_of(exchange: Exchange) -> bytes:
    """Write *exchange* as one JSON line, without the line end."""
    target = exchange.answered_by
    usage = exchange.usage
    at_s, at_ms = divmod(int(exchange.started_at * 1e3), 1000)
    return encode(
        {
            "at": f"{second(at_s)}.{at_ms:03d}+00:00",
            "request_id": exchange.request_id,
            "outcome": exchange.outcome,
            "status": exchange.status,
            "asked_model": exchange.asked_model[:200],
            "provider": target.provider.name if target else None,
            "model": target.model if target else None,
            "stream": exchange.stream,
            "finish": exchange.finish,
            "duration_ms": milliseconds(exchange.duration_s),
            "first_byte_ms": milliseconds(exchange.first_byte_s),
            "input_tokens": usage.input_tokens if usage else None,
            "output_tokens": usage.output_tokens if usage else None,
            "cached_tokens": usage.cached_tokens if usage else None,
            "failure": exchange.failure.kind if exchange.failure else None,
            "attempts": [attempt_of(attempt) for attempt in exchange.attempts],
        }
    )


def attempt_of(attempt: Attempt) -> dict[str, object]:
    """Pick what the log says of one attempt."""
    failure = attempt.failure
    key = attempt.target.key
    return {
        "target": attempt.target.name[:200],
        "key": key.id if key else None,
        "blame": str(failure.blame) if failure else None,
        "kind": failure.kind if failure else None,
        "status": failure.status if failure else None,
        "started_ms": milliseconds(attempt.started_s),
        "ended_ms": milliseconds(attempt.ended_s),
    }


@lru_cache(maxsize=8)
def second(unix_s: int) -> str:
    """Write a second of UTC as ISO 8601 does; many exchanges share one."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def milliseconds(seconds: float | None) -> float | None:
    """Round *seconds* to tenths of a millisecond; `round` takes five times as long."""
    return None if seconds is None else int(seconds * 1e4 + 0.5) / 10
