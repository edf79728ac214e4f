"""Try targets until one answers, the caller is at fault, or all are used up.

A plan is a generator: it yields the next `Step` and is sent the `Outcome`. It is
walked by the engine over sockets, by the simulation over a virtual clock, and by tests
by hand. What other exchanges have learnt it reads from `Health`.
"""

from collections.abc import Generator, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from msgspec import Struct

from heliograph.gateway.routing.balance import ORDERS
from heliograph.gateway.routing.circuit import Admits
from heliograph.gateway.routing.health import Health
from heliograph.gateway.routing.names import Choice, Named
from heliograph.gateway.routing.target_health import TRYING, TargetHealth
from heliograph.gateway.types import OVER_BUDGET, Balance, Blame, Failure

MODEL_WIDE = OVER_BUDGET | {
    "model_not_found",
    "unknown_price",
    "unsupported_parameter",
}
"""Target faults that another key of the same provider cannot mend."""
REPEATABLE = frozenset({"server_error", "overloaded", "reset"})
"""A lone one of these may be bad luck: the same target is asked once more."""
BROKEN = frozenset({"truncated", "malformed_event", "error_event"})
"""With nobody else to ask, the same target may begin again after one of these."""


class Step(Struct, frozen=True, eq=False):
    """Whom to call next, after which wait, and how long it may stay silent."""

    health: TargetHealth
    probe: bool = False
    wait_s: float = 0.0
    patience_s: float | None = None


class Outcome(NamedTuple):
    """What came of the last step, and when (monotonic seconds).

    `late`: nothing yet, but a hedge is wanted; the next step yielded runs beside the
    first, and None means that there is nobody to hedge with. After that `of` says
    whose `failure` it is, and `other` is the first step's when both have failed;
    `unmade`: the second was not called, and is still there to be asked.
    """

    at_s: float
    failure: Failure | None = None
    other: Failure | None = None
    late: bool = False
    of: TargetHealth | None = None
    unmade: bool = False


Plan = Generator[Step | None, Outcome, None]


class Walk:
    """One exchange's way through its choices, and what it has met so far."""

    def __init__(
        self,
        order: Iterable[Choice],
        health: Health,
        *,
        now_s: float,
        stream: bool,
        balance: Balance = "weighted",
        begun: TargetHealth | None = None,
    ) -> None:
        self.order = iter(order)
        self.health = health
        self.now_s = now_s
        self.stream = stream
        self.balance = balance
        self.down: set[str] = set()  # providers that failed as a whole
        self.tried: set[TargetHealth] = set()
        self.passed: list[TargetHealth] = []  # not admitted when their turn came
        self.last: TargetHealth | None = None
        self.failure: Failure | None = None
        self.over = False
        self.begun = begun
        self.beside_of: list[Choice] = []  # looked at for the last hedge
        self.put_back: list[Choice] = []  # and left to be asked: it was not made

    def steps(self) -> Plan:
        """Yield the steps of the whole plan.

        Nearly always there is one key, all is well, and it answers: that way is short.
        """
        for choice in self.order:
            if choice.provider.name not in self.down:
                target = self.first(choice)
                if target is None:
                    yield from self.keys_of(choice)
                else:
                    outcome = yield Step(target)
                    if outcome.failure is None and not outcome.late:
                        return
                    yield from self.tries(target, probe=False, met=outcome)
            if self.put_back:
                yield from self.ask_put_back()
            if self.over:
                return
        yield from self.last_resort()

    def ask_put_back(self) -> Plan:
        """Try the choices of hedges that were not made, before those after them."""
        while self.put_back and not self.over:
            choice = self.put_back.pop(0)
            if choice.provider.name not in self.down:
                yield from self.keys_of(choice)

    def first(self, choice: Choice) -> TargetHealth | None:
        """Take the one target of *choice* if it is well, or has begun."""
        target, self.begun = self.begun, None
        if target is not None:
            self.note_tried(target)
            return target
        target = plain(choice, self.health, self.now_s)
        if target is None or target in self.tried:
            return None
        self.take(target)
        return target

    def take(self, target: TargetHealth) -> None:
        """Note that *target* is tried, and what that allows."""
        self.note_tried(target)
        target.provider.allowance.earn()

    def note_tried(self, target: TargetHealth) -> None:
        """Note that *target* is tried."""
        self.tried.add(target)
        self.last = target

    def keys_of(self, choice: Choice) -> Plan:
        """Try the keys of one choice that are admitted, until it is no use."""
        targets = self.targets_of(choice)
        for target in self.admitted(targets):
            yield from self.tries(target, probe=self.is_probe(target))
            failure = self.failure
            if self.over or failure is None:
                return
            if failure.blame is Blame.PROVIDER or failure.kind in MODEL_WIDE:
                return

    def targets_of(self, choice: Choice) -> Sequence[TargetHealth]:
        """List what is known of each key of *choice*."""
        of, provider, model = self.health.of, choice.provider, choice.model
        keys = provider.keys
        if not keys:
            return (of(provider, model, None),)
        return [of(provider, model, key) for key in keys]

    def admitted(self, targets: Sequence[TargetHealth]) -> Iterable[TargetHealth]:
        """Yield targets in balanced order; those not admitted are remembered."""
        if len(targets) == 1:
            order: Iterable[int] = (0,)
        else:
            order = ORDERS[self.balance](targets, self.health.rules.draw)
        for place in order:
            target = targets[place]
            if target in self.tried:
                continue
            if target.admits(self.now_s) == "no":
                self.passed.append(target)
            else:
                yield target

    def is_probe(self, target: TargetHealth) -> bool:
        """Say whether a call to *target* is a probe now."""
        provider = target.provider.circuit.state
        state = target.circuit.state if provider == "closed" else provider
        return state == "open"

    def tries(
        self, target: TargetHealth, *, probe: bool, met: Outcome | None = None
    ) -> Plan:
        """Try one target; once more after a lone failure that may be bad luck.

        *met* is what came of the first try, if it was made.
        """
        if met is None:
            self.take(target)
        patience_s = target.patience_s(stream=self.stream) if probe else None
        repeats = 0
        wait_s = 0.0
        while True:
            yield from self.call(Step(target, probe, wait_s, patience_s), met)
            met = None
            failure = self.failure
            if self.over or failure is None or not self.may_repeat(target, repeats):
                return
            wait_s = self.backoff_s(repeats)
            repeats += 1

    def call(self, step: Step, met: Outcome | None = None) -> Plan:
        """Yield one step, and a second one beside it when a hedge is wanted.

        *met* is what came of the step, if it has been made.
        """
        outcome = (yield step) if met is None else met
        self.now_s = outcome.at_s
        if outcome.late:
            beside = self.beside()
            outcome = yield beside
            self.now_s = outcome.at_s
            if beside is not None and outcome.unmade:
                self.forget(beside.health)
            elif beside is not None:
                self.last = beside.health
            if outcome.other is not None:
                self.note(step.health, outcome.other)
        self.note(outcome.of or step.health, outcome.failure)

    def note(self, target: TargetHealth, failure: Failure | None) -> None:
        """Take in what came of a call."""
        self.failure = failure
        if failure is None or failure.blame is Blame.CALLER:
            self.over = True
        elif failure.blame is Blame.PROVIDER:
            self.down.add(target.provider.name)

    def beside(self) -> Step | None:
        """Find somebody to hedge with: the next who is admitted without being a probe.

        Choices that are passed over on the way are not lost: the plan ends with the
        hedge, or its failure leaves only the last resort. If it is not made, all are
        asked as if nobody had looked.
        """
        self.beside_of = []
        for choice in self.order:
            self.beside_of.append(choice)
            if choice.provider.name in self.down:
                continue
            for target in self.admitted(self.targets_of(choice)):
                if not self.is_probe(target):
                    self.tried.add(target)
                    target.provider.allowance.earn()
                    return Step(target)
        return None

    def forget(self, target: TargetHealth) -> None:
        """Let *target* be asked in its turn: a hedge with it was not made."""
        self.tried.discard(target)
        target.provider.allowance.take_back()
        self.put_back += self.beside_of

    def may_repeat(self, target: TargetHealth, repeats: int) -> bool:
        """Say whether the same target may be asked again at once."""
        failure = self.failure
        provider = target.provider
        return (
            failure is not None
            and failure.kind in REPEATABLE
            and failure.retry_after_s is None
            and self.is_spare(target, repeats)
            and provider.circuit.in_a_row <= 1
            and provider.allowance.spend(self.now_s)
        )

    def is_spare(self, target: TargetHealth, repeats: int) -> bool:
        """Say whether the rules leave another try of a target that is well."""
        return (
            repeats < self.health.rules.retries.same_target_max
            and target.provider.circuit.state == "closed"
        )

    def backoff_s(self, repeats: int) -> float:
        """Draw the wait before a repeat: anything up to the bound (full jitter)."""
        return (
            self.health.rules.draw()
            * self.health.rules.retries.backoff_s
            * 2.0**repeats
        )

    def last_resort(self) -> Plan:
        """Try those passed over, the least bad first; else begin anew after a break.

        Who has come back meanwhile is asked as usual. Of those that are down one is
        asked and no more, of one provider's keys that rest one as well: it has told us
        to wait. A refusal of a key ends nothing else.
        """
        refused: set[str] = set()  # providers of which a resting key was asked
        down = False
        while (least := self.least_bad(refused)) is not None:
            target, admits = least
            if down and admits == "no" and not self.may_be_well(target):
                return
            self.tried.add(target)
            self.last = target
            yield from self.call(Step(target, probe=admits == "probe"))
            failure = self.failure
            if self.over or failure is None:
                return
            if admits == "no":
                refused.add(target.provider.name)
                down = down or failure.blame is Blame.PROVIDER
        if not down:
            yield from self.anew()

    def may_be_well(self, target: TargetHealth) -> bool:
        """Say whether to ask *target* too, although one that is down was asked.

        Somebody tries it just now, and nobody knows yet: it costs of the allowance
        of repeats, so that an outage of all does not double its calls.
        """
        trying = target.standing(self.now_s).rank <= TRYING
        return trying and target.provider.allowance.spend(self.now_s)

    def least_bad(
        self, refused: AbstractSet[str]
    ) -> tuple[TargetHealth, Admits] | None:
        """Find who was passed over and is admitted now, or soonest."""
        fresh = [
            target
            for target in self.passed
            if target not in self.tried
            and target.provider.name not in self.down
            and not (target.provider.name in refused and target.rests(self.now_s))
        ]
        for target in fresh:
            admits = target.admits(self.now_s)
            if admits != "no":
                return target, admits
        if not fresh:
            return None
        return min(fresh, key=lambda target: target.standing(self.now_s)), "no"

    def anew(self) -> Plan:
        """Ask the last target once more after a break, when there is nobody else."""
        last, failure = self.last, self.failure
        if (
            last is not None
            and failure is not None
            and failure.kind in BROKEN
            and self.is_spare(last, 0)
            and last.provider.allowance.spend(self.now_s)
        ):
            yield from self.call(Step(last, wait_s=self.backoff_s(0)))


def plain(choice: Choice, health: Health, now_s: float) -> TargetHealth | None:
    """Return the one target of *choice* if nothing speaks against it."""
    provider, model = choice
    keys = provider.keys
    if len(keys) > 1:
        return None
    target = health.of(provider, model, keys[0] if keys else None)
    return target if target.is_well(now_s) else None


def at_once(named: Named, health: Health, now_s: float) -> Step | None:
    """Return the first step of a plan for *named* where no plan is needed to know it.

    Nearly always there is one target, all is well, and it answers. If it does not, a
    plan that is told who has *begun* goes on from there.
    """
    if len(named.first) > 1:
        return None
    target = plain(named.first[0], health, now_s)
    if target is None:
        return None
    target.provider.allowance.earn()
    return Step(target)


def failover(
    order: Iterable[Choice],
    health: Health,
    *,
    now_s: float,
    stream: bool = False,
    balance: Balance = "weighted",
    begun: TargetHealth | None = None,
) -> Plan:
    """Plan one exchange over *order*, the choices as they should be asked.

    A target fault tries the next key of the same choice, a provider fault goes past
    every choice of that provider, a caller fault ends the plan. Whoever rests or is
    down is passed over; when nobody else is left, the least bad is tried once. *begun*
    is the first choice's target, if it was called `at_once`: the first step is its.
    """
    return Walk(
        order, health, now_s=now_s, stream=stream, balance=balance, begun=begun
    ).steps()
