"""One target, its provider and its key: what is known of them, and of a call under way.

No clock is read here: every time is handed in. A provider's circuit stands before
those of its targets: once it is open, the fault is the provider's, and theirs start
afresh.
"""

import math
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from msgspec import Struct

from heliograph.gateway.routing.admission import Gate
from heliograph.gateway.routing.allowance import Allowance
from heliograph.gateway.routing.circuit import Admits, Circuit
from heliograph.gateway.routing.latency import Latency
from heliograph.gateway.routing.rest import Rest
from heliograph.gateway.types import (
    Blame,
    Breaker,
    Failure,
    Provider,
    Retries,
    Target,
)

QUOTA_S = 600.0
LIMITED_S_MAX = 60.0
PATIENCE_S_MIN = 1.0
OVERDUE_LOOKED_AT = 3
"""So many times the failures that open a circuit are looked at, oldest first."""
TRYING = 1
"""The rank of one that is being tried just now: it may be well already."""
NO_VERDICT = frozenset(
    {"caller_timeout", "gateway_stopped", "hedged_away", "rescue_diverged", "saturated"}
)
"""Ends of an attempt that say nothing about the provider."""


class Rules(NamedTuple):
    """What all health is kept by, and where its chances come from."""

    breaker: Breaker
    retries: Retries
    draw: Callable[[], float]


class ProviderHealth:
    """One provider: its circuit, its allowance of repeats, its gate, its calls."""

    __slots__ = (
        "allowance",
        "answered_s",
        "circuit",
        "gate",
        "in_flight",
        "limited_until_s",
        "name",
        "rules",
        "targets",
        "waiting",
    )

    def __init__(self, provider: Provider, rules: Rules) -> None:
        self.name = provider.name
        self.rules = rules
        self.targets: list[TargetHealth] = []
        self.waiting: dict[Watch, None] = {}  # calls without an answer, oldest first
        self.answered_s = -math.inf
        self.circuit = Circuit(rules.breaker)
        self.allowance = Allowance(rules.retries.budget, rules.retries.floor_per_s)
        self.gate: Gate[Any] | None = None
        if provider.limits is not None:
            self.gate = Gate(provider.limits)
        self.in_flight = 0
        self.limited_until_s = 0.0

    def notice_silence(self, now_s: float) -> None:
        """Open the circuit when as many calls are overdue as failures would open it.

        Overdue is what takes longer than a probe may; nobody must have been answered
        since those calls began. Waiting for their bounds would cost each of the calls
        that come meanwhile as much.
        """
        failures = self.rules.breaker.failures
        overdue = 0
        for watch in islice(self.waiting, OVERDUE_LOOKED_AT * failures):
            waited_s = now_s - watch.began_s
            if waited_s <= PATIENCE_S_MIN or self.answered_s >= watch.began_s:
                return
            patience_s = watch.health.patience_s(stream=watch.stream)
            overdue += patience_s is not None and waited_s > patience_s
            if overdue >= failures:
                self.circuit.open(now_s, self.rules.draw())
                self.start_afresh()
                return

    def start_afresh(self) -> None:
        """Close the circuits of the targets: the provider is to blame."""
        for target in self.targets:
            target.circuit.close()


class Standing(NamedTuple):
    """How bad a target is that is not admitted: the least is tried when all rest."""

    rank: int
    wait_s: float


class TargetHealth:
    """One target: provider, model and key, with all that is known of it."""

    __slots__ = (
        "circuit",
        "in_flight",
        "key_rest",
        "latency",
        "provider",
        "refuses_prefill",
        "rest",
        "rules",
        "target",
    )

    def __init__(
        self, target: Target, provider: ProviderHealth, key_rest: Rest, rules: Rules
    ) -> None:
        self.target = target
        self.provider = provider
        self.rules = rules
        self.circuit = Circuit(rules.breaker)
        self.key_rest = key_rest
        self.rest = Rest()
        self.in_flight = 0
        self.latency = (Latency(), Latency())  # whole answers, streams
        self.refuses_prefill = False

    def admits(self, now_s: float) -> Admits:
        """Say whether a call may go to this target now."""
        provider = self.provider
        if self.rest.until_s > now_s or self.key_rest.until_s > now_s:
            return "no"
        if provider.gate is not None and provider.gate.full:
            return "no"
        if provider.waiting and provider.circuit.state == "closed":
            provider.notice_silence(now_s)
        if provider.circuit.state == "closed":
            if self.circuit.state == "closed":
                return "yes"
            return self.circuit.admits(now_s, self.rules.draw)
        return provider.circuit.admits(now_s, self.rules.draw)

    def is_well(self, now_s: float) -> bool:
        """Say whether nothing at all speaks against a call: it is admitted, no probe.

        One on its ramp is left to `admits`: it may draw its chance only once.
        """
        provider = self.provider
        if provider.circuit.state != "closed" or self.circuit.state != "closed":
            return False
        if self.rest.until_s > now_s or self.key_rest.until_s > now_s:
            return False
        if provider.gate is not None and provider.gate.full:
            return False
        if provider.waiting:
            provider.notice_silence(now_s)
        return provider.circuit.state == "closed"

    def rests(self, now_s: float) -> bool:
        """Say whether its key, or the key's share of the model, is left alone."""
        return self.rest.until_s > now_s or self.key_rest.until_s > now_s

    def standing(self, now_s: float) -> Standing:
        """Rank a target that is not admitted: what passes soonest is least bad.

        Who is coming back (0) or is `TRYING` may be well already; then
        come those that are down or limited, used up, refused.
        """
        key_rest, rest = self.key_rest, self.rest
        if key_rest.until_s > now_s and not key_rest.is_lease:
            rank = 4 if key_rest.until_s == math.inf else 3
            return Standing(rank, key_rest.until_s - now_s)
        circuit = self.provider.circuit
        if circuit.state == "closed":
            circuit = self.circuit
        is_limited = rest.until_s > now_s and not rest.is_lease
        if not is_limited and circuit.state != "open":
            return Standing(TRYING if rest.is_lease or key_rest.is_lease else 0, 0.0)
        if not is_limited and circuit.probing:
            return Standing(TRYING, 0.0)
        due_s = max(rest.until_s, circuit.probe_due_s)
        return Standing(2, max(0.0, due_s - now_s))

    def probe_wait_s(self, now_s: float) -> float | None:
        """Say how long it is left alone because of what it did; None if it is not."""
        for circuit in (self.provider.circuit, self.circuit):
            if circuit.state == "open":
                return max(0.0, circuit.probe_due_s - now_s)
        return None

    def p95_s(self, *, stream: bool) -> float | None:
        """Return the usual upper bound on the time to its first byte."""
        return self.latency[stream].p95_s

    def patience_s(self, *, stream: bool) -> float | None:
        """Return how long a probe may stay silent while another could answer."""
        usual_s = self.p95_s(stream=stream)
        if usual_s is None:
            return None
        factor = self.rules.breaker.slow_factor or 3.0
        return max(PATIENCE_S_MIN, factor * usual_s)

    @property
    def name(self) -> str:
        """The key's id: what sticky callers are held to."""
        return self.target.key.id if self.target.key is not None else ""

    @property
    def weight(self) -> float:
        """The key's share of its provider's calls."""
        return self.target.key.weight if self.target.key is not None else 1.0

    @property
    def peak_s(self) -> float:
        """Its latency as balancing weighs it."""
        return max(latency.peak_s for latency in self.latency)

    def throttled(self, now_s: float) -> bool:
        """Say whether its provider limits us, or is not well: no time for hedges."""
        provider = self.provider
        return provider.limited_until_s > now_s or provider.circuit.state != "closed"

    def begin(self, now_s: float, *, stream: bool, probe: bool) -> "Watch":
        """Take note that a call goes to it; the watch must be told how it ends."""
        self.in_flight += 1
        provider = self.provider
        provider.in_flight += 1
        if self.rest.until_s:
            self.rest.lease(now_s)
        if self.key_rest.until_s:
            self.key_rest.lease(now_s)
        probed: Circuit | None = None
        if probe:
            is_open = provider.circuit.state == "open"
            probed = provider.circuit if is_open else self.circuit
            probed.probing = True
        watch = Watch(self, now_s, stream, probed)
        provider.waiting[watch] = None
        return watch

    def limit(self, failure: Failure, now_s: float) -> None:
        """Let the key rest for as long as a target fault says."""
        wait_s = failure.retry_after_s
        if failure.kind == "upstream_auth":
            self.key_rest.begin(failure.kind, math.inf)
        elif failure.kind == "quota_exhausted":
            until_s = now_s + (QUOTA_S if wait_s is None else wait_s)
            self.key_rest.begin(failure.kind, until_s)
        elif failure.kind == "rate_limited":
            if wait_s is None:
                longest_s = min(LIMITED_S_MAX, 2.0 ** min(self.rest.strikes, 10))
                wait_s = longest_s * (0.5 + 0.5 * self.rules.draw())
            self.rest.begin(failure.kind, now_s + wait_s)
            limited_s = self.provider.limited_until_s
            self.provider.limited_until_s = max(limited_s, now_s + wait_s)

    def well(self) -> None:
        """Take note of an answer: whatever rest there was is over."""
        self.rest.end()
        self.key_rest.end()


class Watch(Struct, eq=False):
    """One call under way, and how its end is told to the circuits, exactly once.

    `probed` is the circuit that it tries, until there is an answer or an end.
    """

    health: TargetHealth
    began_s: float
    stream: bool
    probed: Circuit | None = None
    slow: bool = False
    ended: bool = False

    def answered(self, now_s: float) -> None:
        """Tell that the answer has begun: a stream's first content, or all of it."""
        target = self.health
        provider = target.provider
        provider.answered_s = now_s
        provider.waiting.pop(self, None)
        factor = target.rules.breaker.slow_factor
        latency = target.latency[self.stream]
        self.slow = latency.observe(now_s - self.began_s, now_s, factor)
        if target.rest.until_s or target.key_rest.until_s:
            target.well()
        if provider.circuit.state != "closed" or target.circuit.state != "closed":
            self.tell_answered(now_s, slow=self.slow)
        if self.probed is not None:
            self.stop_probing()

    def tell_answered(self, now_s: float, *, slow: bool) -> None:
        """Tell the circuits that are not closed: it may be over."""
        target = self.health
        for circuit in (target.provider.circuit, target.circuit):
            circuit.answered(
                now_s,
                began_s=self.began_s,
                slow=slow,
                probe=self.probed is not None,
                draw=target.rules.draw(),
            )

    def whole(self, now_s: float) -> None:
        """Tell of a whole answer that came well: it began and ended at once."""
        self.answered(now_s)
        self.ended = True
        target = self.health
        provider = target.provider
        target.in_flight -= 1
        provider.in_flight -= 1
        if self.slow:
            self.alive(None, now_s)
        else:
            provider.circuit.went_well(now_s)
            target.circuit.went_well(now_s)

    def end(self, failure: Failure | None, now_s: float) -> None:
        """Tell how the call ended; None is a whole answer."""
        if self.ended:
            return
        self.ended = True
        target = self.health
        provider = target.provider
        target.in_flight -= 1
        provider.in_flight -= 1
        provider.waiting.pop(self, None)
        if failure is None or failure.blame is not Blame.PROVIDER:
            if failure is None or failure.kind not in NO_VERDICT:
                self.alive(failure, now_s)
        elif failure.kind not in NO_VERDICT:
            self.failed(failure, now_s)
        self.stop_probing()

    def leave(self) -> None:
        """Tell that the call ended from our side: no verdict on the provider."""
        if not self.ended:
            self.ended = True
            provider = self.health.provider
            self.health.in_flight -= 1
            provider.in_flight -= 1
            provider.waiting.pop(self, None)
            self.stop_probing()

    def alive(self, failure: Failure | None, now_s: float) -> None:
        """Note an answer, be it that the request or the key is not accepted."""
        target = self.health
        draw = target.rules.draw
        if failure is not None:
            target.limit(failure, now_s)
            self.tell_answered(now_s, slow=False)
        slow = self.slow
        for circuit in (target.provider.circuit, target.circuit):
            circuit.completed(now_s, slow=slow, draw=draw() if slow else 0.0)

    def failed(self, failure: Failure, now_s: float) -> None:
        """Note a fault of the provider's; the target's own circuit comes second."""
        target = self.health
        rules = target.rules
        provider = target.provider.circuit
        was_closed = provider.state == "closed"
        if provider.failed(now_s, probe=self.probed is not None, draw=rules.draw()):
            target.provider.start_afresh()
        elif was_closed:
            target.circuit.failed(
                now_s, probe=self.probed is not None, draw=rules.draw()
            )
        if failure.retry_after_s is not None:
            wait_s = min(failure.retry_after_s, rules.breaker.probe_s_max)
            target.rest.begin(failure.kind, now_s + wait_s)

    def stop_probing(self) -> None:
        """Give a probe's place to the next."""
        if self.probed is not None:
            self.probed.probing = False
            self.probed = None
