"""One per process: admits, answers and records exchanges."""

import asyncio
import math
from collections.abc import Callable
from ssl import SSLContext

from prometheus_client.registry import Collector

from heliograph.clock import Clock
from heliograph.gateway.engine.caller import Caller, Read
from heliograph.gateway.engine.holding import go
from heliograph.gateway.engine.notices import Notices
from heliograph.gateway.engine.queue import WaitingGate, admitted, go_out
from heliograph.gateway.engine.run import Run
from heliograph.gateway.engine.shared import Shared
from heliograph.gateway.ledger.budget_numbers import BudgetNumbers
from heliograph.gateway.ledger.budgets import Budgets
from heliograph.gateway.ledger.ledger import Ledger
from heliograph.gateway.routing.admission import Gate
from heliograph.gateway.routing.ending import abandon, saturated
from heliograph.gateway.telemetry.log import ExchangeLog
from heliograph.gateway.telemetry.metrics import Metrics
from heliograph.gateway.types import Config, Exchange, ProviderStanding, Said
from heliograph.gateway.upstream.pool import Pool
from heliograph.gateway.wire.chat import read as read_chat
from heliograph.gateway.wire.timeout import read_timeout_s


class Engine(Shared):
    """Answers requests, each recorded once."""

    def __init__(
        self,
        config: Config,
        *,
        pool: Pool,
        metrics: Metrics,
        log: ExchangeLog,
        clock: Clock,
        draw: Callable[[], float],
        tls: Callable[[], SSLContext],
        ledger: Ledger | None = None,
    ) -> None:
        super().__init__(config, pool=pool, clock=clock, draw=draw, tls=tls)
        self.metrics = metrics
        self.log = log
        self.ledger = ledger
        self.notices = Notices(pool, tls)
        if ledger is not None:
            self.budgets = Budgets(
                config.budgets,
                leases=ledger.leases,
                wake=ledger.recorder.wake,
                clock=clock,
                loop=pool.loop,
                notify=self.notices.tell,
            )
        self.gate: WaitingGate = Gate(config.limits)
        self.said_bytes_max = said_bytes_max(config)
        metrics.standings = self.standings

    def reload(self, config: Config) -> None:
        """Swap the config; exchanges under way end with the one they began with."""
        super().reload(config)
        self.gate.limits = config.limits
        self.said_bytes_max = said_bytes_max(config)
        if self.ledger is not None:
            self.ledger.reload(config.ledger)

    @property
    def collectors(self) -> tuple[Collector, ...]:
        """All that counts exchanges."""
        found: list[Collector] = [self.metrics, self.log]
        if self.ledger is not None:
            found.append(self.ledger)
        if self.budgets is not None:
            found.append(BudgetNumbers(self.budgets.accounts, self.notices.counts))
        return tuple(found)

    def close(self) -> None:
        """Give back what is leased of budgets; nothing is served any more."""
        self.notices.close()
        if self.budgets is not None:
            self.budgets.close()

    def standings(self) -> list[ProviderStanding]:
        """Say how every provider that was called stands now."""
        return self.health.standings(self.clock.monotonic_s())

    async def serve(
        self,
        body: bytes,
        exchange: Exchange,
        caller: Caller,
        read: Read = read_chat,
    ) -> None:
        """Answer one request, or refuse it; either way it is recorded once.

        *read* reads the body in the caller's dialect.
        """
        clock_s = self.clock.monotonic_s
        began_s = clock_s()
        exchange.started_at = self.clock.wall_s()
        self.metrics.in_flight += 1
        if self.said_bytes_max:
            exchange.said = Said(body, self.said_bytes_max)
        run = Run(self, exchange, caller, self.health, clock_s, began_s)
        inside = False
        try:
            inside = self.gate.enter() or await self.in_turn(caller)
            if inside:
                depth_max = self.config.server.json_depth_max
                failure = await run.walk(read(body, depth_max))
            else:
                failure = saturated(None)
            if failure is not None:
                run.close(failure)
        except asyncio.CancelledError:
            if caller.gone:
                abandon(exchange, run.now_s())
            elif exchange.outcome != "answered":
                run.stop()
            raise
        finally:
            if inside:
                go_out(self.gate)
            if run.purse is not None or run.entry is not None:
                go(run)
            self.metrics.in_flight -= 1
            exchange.duration_s = clock_s() - began_s
            self.record(exchange)

    async def in_turn(self, caller: Caller) -> bool:
        """Wait at the gate, for no longer than the caller would."""
        asked = caller.timeout_ms
        asked_s = None if asked is None else read_timeout_s(asked)
        left_s = asked_s if isinstance(asked_s, float) else math.inf
        return await admitted(self.gate, self.pool.loop, left_s)

    def never_began(self, exchange: Exchange) -> None:
        """Record a request whose caller had left before it could be served."""
        exchange.started_at = self.clock.wall_s()
        abandon(exchange, 0.0)
        self.record(exchange)

    def record(self, exchange: Exchange) -> None:
        """Record an exchange that has ended; nobody changes it any more."""
        self.metrics.record(exchange)
        self.log.record(exchange)
        ledger, budgets = self.ledger, self.budgets
        if ledger is None or ledger.record(exchange) or budgets is None:
            return
        budgets.forgo(exchange)


def said_bytes_max(config: Config) -> int:
    """Say how much of each body is kept; 0: none."""
    bodies = config.ledger.bodies
    return 0 if bodies is None else int(bodies.kb_max * 1000)
