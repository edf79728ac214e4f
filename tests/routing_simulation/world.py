"""A small world for the routing policy: providers with weather, callers, a clock.

Time is a number, nothing is awaited, and everything follows from the seed: the plan,
the health and the allowances are the product's own, only the sockets are not there.
"""

import heapq
import math
import random
from collections.abc import Generator, Iterator
from itertools import count

from msgspec import Struct, field

from heliograph.gateway.routing.failover import (
    Outcome,
    Plan,
    Step,
    at_once,
    failover,
)
from heliograph.gateway.routing.health import Health
from heliograph.gateway.routing.names import Choice, Named
from heliograph.gateway.routing.order import order
from heliograph.gateway.routing.rescue import Conduct, may_go_on
from heliograph.gateway.routing.target_health import TargetHealth
from heliograph.gateway.types import (
    Balance,
    Blame,
    Config,
    Endpoint,
    Failure,
    Key,
    Provider,
    Route,
    Secret,
    Timeouts,
)

MINUTES = 10
END_S = MINUTES * 60.0
BALANCES: tuple[Balance, ...] = ("weighted", "least_busy", "fastest")
TIMEOUTS = Timeouts(first_byte_s=10.0, idle_s=5.0, total_s=12.0)
SICK = ("down", "refused", "silent", "slow", "cut", "flaky", "limited", "bad_key")
FLAKY_SHARE = 0.4
CUT_SHARE = 0.7
OF_ONE_KEY = frozenset({"limited", "bad_key"})
WHOLE = frozenset({"down", "refused", "silent"})
"""Weather in which nobody is answered."""


class Weather(Struct, frozen=True):
    """How a provider is from one time to another; some weather strikes one key only."""

    kind: str
    from_s: float
    to_s: float
    key: int = 0


class Ask(Struct):
    """One exchange of the world, as it went."""

    number: int
    began_s: float
    stream: bool
    conduct: Conduct
    calls: list["Call"] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    ended_s: float = 0.0
    committed: bool = False
    calls_at_commit: int = 0
    leaves_s: float = float("inf")


class Call(Struct):
    """One call, and what was admitted when it was made."""

    step: Step
    began_s: float
    admitted: bool
    repeat: bool
    others: int = 0
    failure: Failure | None = None
    ended_s: float = 0.0


Process = Generator[float, None, None]
"""Yields times to be woken at."""
Answer = tuple[float | None, float, Failure | None]
"""When it begins, if it does; when it ends; how it fails, if it does."""


class World:
    """One seed's providers, weather and callers, and what came of them."""

    def __init__(self, seed: int) -> None:
        draw = self.random = random.Random(seed)
        self.now_s = 0.0
        self.total_s = TIMEOUTS.total_s
        self.providers = [self.provider(n) for n in range(draw.choice((2, 3)))]
        config = Config({provider.name: provider for provider in self.providers})
        self.health = Health(config, draw.random)
        self.weather = {p.name: list(self.forecast(p)) for p in self.providers}
        if seed % 5 == 0:  # everything is down for most of the time
            self.weather = {
                p.name: [Weather(draw.choice(("down", "refused")), 60.0, 540.0)]
                for p in self.providers
            }
        self.per_s = draw.uniform(2.0, 5.0)
        self.asks: list[Ask] = []
        self.probing: dict[str, int] = {}
        self.probing_max = 0
        self.named = self.route()

    def provider(self, number: int) -> Provider:
        """Make a provider with one to three keys."""
        keys = tuple(
            Key(f"p{number}#{n}", Secret(f"s{n}"), self.random.choice((1.0, 0.2)))
            for n in range(self.random.choice((1, 2, 3)))
        )
        endpoint = Endpoint(f"p{number}", "openai", "http://127.0.0.1:1/v1")
        return Provider(f"p{number}", endpoint, keys, ("m",), TIMEOUTS)

    def route(self) -> Named:
        """Name who is asked: one and its fallbacks, or several that are balanced."""
        choices = tuple(Choice(provider, "m") for provider in self.providers)
        first = choices[: self.random.choice((1, 1, len(choices)))]
        weights = tuple(self.random.choice((1.0, 2.0)) for _ in first)
        targets = tuple((c.name, w) for c, w in zip(first, weights, strict=True))
        route = Route("r", targets, self.random.choice(BALANCES))
        return Named(route, first, weights, choices[len(first) :])

    def forecast(self, provider: Provider) -> Iterator[Weather]:
        """Draw a provider's ten minutes: well, with a few spells of something else."""
        at_s = self.random.uniform(0.0, 120.0)
        while at_s < END_S:
            lasts_s = self.random.choice((2.0, 10.0, 60.0, 200.0))
            kind = self.random.choice(SICK)
            key = self.random.randrange(len(provider.keys))
            yield Weather(kind, at_s, at_s + lasts_s, key)
            at_s += lasts_s + self.random.choice((1.0, 10.0, 90.0))

    def kind_of(self, provider: str, at_s: float) -> Weather | None:
        """Return the weather at a provider, if it is not well."""
        for weather in self.weather[provider]:
            if weather.from_s <= at_s < weather.to_s:
                return weather
        return None

    def run(self) -> None:
        """Let ten minutes pass, and the exchanges under way come to their end."""
        queue: list[tuple[float, int, Process]] = []
        serial = count()
        heapq.heappush(queue, (0.0, next(serial), self.arrivals(queue, serial)))
        while queue:
            self.now_s, _, process = heapq.heappop(queue)
            wake_s = next(process, None)
            if wake_s is not None:
                heapq.heappush(queue, (wake_s, next(serial), process))

    def arrivals(
        self, queue: list[tuple[float, int, Process]], serial: Iterator[int]
    ) -> Process:
        """Let callers arrive."""
        draw = self.random
        while self.now_s < END_S:
            ask = Ask(
                len(self.asks),
                self.now_s,
                stream=draw.random() < 0.5,
                conduct=draw.choice(("hold", "continue", "off")),
            )
            if draw.random() < 0.03:
                ask.leaves_s = self.now_s + draw.uniform(0.0, 5.0)
            self.asks.append(ask)
            heapq.heappush(queue, (self.now_s, next(serial), self.exchange(ask)))
            yield self.now_s + draw.expovariate(self.per_s)

    def exchange(self, ask: Ask) -> Process:
        """Ask at once whom needs no plan, else walk one, as the engine does."""
        step = at_once(self.named, self.health, self.now_s)
        if step is None:
            plan = self.plan(ask)
            end = yield from self.follow(ask, plan, next(plan, None))
            plan.close()
        else:
            end = yield from self.follow(ask, None, step)
        ask.ends.append(end)
        ask.ended_s = self.now_s

    def plan(self, ask: Ask, begun: Step | None = None) -> Plan:
        """Plan who is asked; *begun* was asked without a plan."""
        plan = failover(
            order(self.named, self.health, self.random.random, None),
            self.health,
            now_s=self.now_s,
            stream=ask.stream,
            balance=self.named.route.balance,
            begun=None if begun is None else begun.health,
        )
        if begun is not None:
            next(plan)
        return plan

    def follow(
        self, ask: Ask, plan: Plan | None, step: Step | None
    ) -> Generator[float, None, str]:
        """Make the calls that the plan names, until somebody has answered."""
        deadline_s = ask.began_s + self.total_s
        while step is not None:
            if step.wait_s:
                yield min(self.now_s + step.wait_s, deadline_s)
                if self.now_s >= deadline_s:
                    return "timeout"
            failure = yield from self.call(ask, step, deadline_s)
            if failure is None:
                return "answered"
            if failure.kind in {"client_gone", "total_timeout"}:
                return "client_gone" if failure.kind == "client_gone" else "timeout"
            if ask.committed and not may_go_on(ask.conduct, failure):
                return "failed"
            plan = plan or self.plan(ask, step)
            try:
                step = plan.send(Outcome(self.now_s, failure))
            except StopIteration:
                step = None
        return "failed"

    def call(
        self, ask: Ask, step: Step, deadline_s: float
    ) -> Generator[float, None, Failure | None]:
        """Make one call; tell the health of it, whatever ends it."""
        target = step.health
        call = Call(
            step,
            self.now_s,
            admitted=step.probe or not self.rests(target),
            repeat=any(before.step.health is target for before in ask.calls),
        )
        if not call.admitted and not call.repeat:
            call.others = self.others(ask, target.target.provider.name)
        ask.calls.append(call)
        watch = target.begin(self.now_s, stream=ask.stream, probe=step.probe)
        probed = self.probed(step)
        self.count_probe(probed, 1)
        first_s, end_s, failure = self.answer(step)
        bound_s = min(deadline_s, ask.leaves_s)
        if first_s is not None:
            yield min(first_s, bound_s)
        if first_s is not None and self.now_s < bound_s:
            watch.answered(self.now_s)
            self.count_probe(probed, -1)
            probed = ""
            if ask.stream and ask.conduct != "hold" and not ask.committed:
                ask.committed = True
                ask.calls_at_commit = len(ask.calls)
        yield min(end_s, bound_s)
        if self.now_s >= ask.leaves_s:
            failure = Failure(Blame.CALLER, "client_gone", "")
            watch.leave()
        elif self.now_s >= deadline_s:
            failure = Failure(Blame.PROVIDER, "total_timeout", "")
        watch.end(failure, self.now_s)
        self.count_probe(probed, -1)
        call.failure = failure
        call.ended_s = self.now_s
        return failure

    def others(self, ask: Ask, provider: str) -> int:
        """Count targets of other providers that were admitted and not yet tried."""
        tried = {call.step.health for call in ask.calls}
        down = {
            call.step.health.provider.name
            for call in ask.calls
            if call.failure is not None and call.failure.blame is Blame.PROVIDER
        }
        found = 0
        for other in self.providers:
            if other.name in down or other.name == provider:
                continue
            for key in other.keys:
                target = self.health.of(other, "m", key)
                states = {target.circuit.state, target.provider.circuit.state}
                if target not in tried and states == {"closed"}:
                    found += not self.rests(target)
        return found

    def rests(self, target: TargetHealth) -> bool:
        """Say whether a target rests, or its circuit is open."""
        rest_s = max(target.rest.until_s, target.key_rest.until_s)
        provider = target.provider.circuit.state
        state = target.circuit.state if provider == "closed" else provider
        return rest_s > self.now_s or state == "open"

    def probed(self, step: Step) -> str:
        """Name what a probe tries: a provider, or one target of a provider."""
        if not step.probe:
            return ""
        name = step.health.provider.name
        key = step.health.name
        return name if step.health.provider.circuit.state == "open" else key

    def count_probe(self, name: str, more: int) -> None:
        """Keep count of the probes under way of one provider or target."""
        if name:
            self.probing[name] = self.probing.get(name, 0) + more
            self.probing_max = max(self.probing_max, self.probing[name])

    def answer(self, step: Step) -> Answer:
        """Say when an answer begins and ends, and how it fails."""
        provider, key = step.health.target.provider, step.health.target.key
        weather = self.kind_of(provider.name, self.now_s)
        kind = weather.kind if weather is not None else "well"
        if weather is not None and kind in OF_ONE_KEY:
            struck = key is provider.keys[weather.key]
            kind = kind if struck else "well"
        if kind == "flaky":
            kind = "down" if self.random.random() < FLAKY_SHARE else "well"
        if kind in AT_ONCE:
            after_s, failure = AT_ONCE[kind]
            return None, self.now_s + after_s, failure
        if kind == "limited":
            wait_s = self.random.choice((None, 5.0, 30.0))
            return None, self.now_s + 0.02, limited(wait_s)
        return self.late(kind, step.patience_s or TIMEOUTS.first_byte_s)

    def late(self, kind: str, first_byte_s: float) -> Answer:
        """Say how an answer goes that begins, or should."""
        now_s, quick_s = self.now_s, self.random.uniform(0.1, 0.6)
        took_s = {"silent": math.inf, "slow": quick_s * 10}.get(kind, quick_s)
        if took_s > first_byte_s:
            return None, now_s + first_byte_s, fault("first_byte_timeout")
        if kind == "cut" and self.random.random() < CUT_SHARE:
            return now_s + took_s, now_s + took_s + 0.3, fault("truncated")
        return now_s + took_s, now_s + took_s + quick_s, None


def fault(kind: str) -> Failure:
    """Make a fault of a provider's."""
    return Failure(Blame.PROVIDER, kind, "")


def limited(wait_s: float | None) -> Failure:
    """Make a limit of one key's."""
    return Failure(Blame.TARGET, "rate_limited", "", 429, retry_after_s=wait_s)


AT_ONCE = {
    "down": (0.02, fault("server_error")),
    "refused": (0.001, fault("connect_failed")),
    "bad_key": (0.02, Failure(Blame.TARGET, "upstream_auth", "", 401)),
}
