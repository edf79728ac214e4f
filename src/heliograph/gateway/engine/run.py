"""One exchange under way: the plan is walked until somebody has answered."""

from heliograph.gateway.catalog.facts import facts
from heliograph.gateway.engine.course import Course
from heliograph.gateway.engine.hedge import race
from heliograph.gateway.engine.holding import enter, fall
from heliograph.gateway.engine.stream_head import OK
from heliograph.gateway.engine.trial import Trial, trial_of
from heliograph.gateway.ledger.accounts import Account
from heliograph.gateway.routing.ending import STOPPED, end_attempt, settle
from heliograph.gateway.routing.failover import (
    MODEL_WIDE,
    Outcome,
    Plan,
    Step,
    at_once,
    failover,
)
from heliograph.gateway.routing.names import Named
from heliograph.gateway.routing.order import order
from heliograph.gateway.routing.rescue import FINAL, conduct, may_go_on
from heliograph.gateway.types import OVER_BUDGET, Blame, Chat, Failure, Reply
from heliograph.gateway.wire.openai_error import error_event
from heliograph.gateway.wire.splice import Splice
from heliograph.gateway.wire.timeout import read_timeout_s
from heliograph.gateway.wire.transcript import Transcript, prefilled

ANSWERED = Outcome(0.0)
"""When, no plan asks."""


class Run(Course):
    """Walks the plan of one exchange and hands the answer on."""

    begun: bool = False  # the caller has been sent something: the commit point
    transcript: Transcript | None = None
    broke_unseen: bool = False

    async def walk(self, chat: Chat | Failure) -> Failure | None:
        """Walk the plan for a request that was read; None when it was answered."""
        if not isinstance(chat, Chat):
            return chat
        named = self.begin_with(chat)
        if not isinstance(named, Named):
            return named
        budgets, exchange = self.shared.budgets, self.exchange
        account = None
        if budgets is not None:
            account = budgets.account(exchange.virtual_key, exchange.tags)
        if budgets is None or account is None:
            return await self.ask(chat, named)
        self.account = account
        purse = account.purse
        if not purse.left or self.named_s >= purse.until_s:
            found = budgets.purse_of(account)
            if found is None:
                return await self.within(account, chat, named)
            purse = found
        purse.left -= 1
        self.purse = purse
        self.drawn = True
        failure = await self.ask(chat, named)
        if failure is None:
            return None
        return await self.within(account, chat, named, failure)

    async def within(
        self,
        account: Account,
        chat: Chat,
        named: Named,
        failure: Failure | None = None,
    ) -> Failure | None:
        """Ask as budgets allow; where they do not, fall to what they name.

        *failure* is why nobody answered who was asked before.
        """
        while True:
            if failure is None:
                failure = await enter(self, account)
            if failure is None:
                failure = await self.ask(chat, named)
            if failure is None or failure.kind not in OVER_BUDGET or self.begun:
                return failure
            fallen = fall(self, account, chat)
            if fallen is None:
                return failure
            account, chat, named = fallen
            failure = None

    async def ask(self, chat: Chat, named: Named) -> Failure | None:
        """Ask who may answer *chat*, one after the other; None when one has."""
        if chat.stream:
            self.settle_conduct(chat, named)
        step = self.at_once(named)
        if step is None:
            plan = self.plan(named)
            return await self.follow(plan, next(plan, None), chat, named)
        outcome = await self.attempt(step, chat)
        failure = outcome.failure
        if failure is None:
            return None
        if self.is_last(failure):
            return self.told(failure)
        plan = self.plan(named, step)
        step = self.next_step(plan, outcome)
        return await self.follow(plan, step, chat, named, failure)

    async def follow(
        self,
        plan: Plan,
        step: Step | None,
        chat: Chat,
        named: Named,
        told: Failure | None = None,
    ) -> Failure | None:
        """Follow *plan* from *step*; *told* is why whoever was asked before failed."""
        try:
            while step is not None:
                if self.begun:
                    outcome = self.came(step, await self.go_on(step, chat))
                elif named.route.hedge is not None and not step.probe:
                    outcome = await self.race(plan, step, chat, named)
                else:
                    outcome = await self.attempt(step, chat)
                failure = outcome.failure
                if failure is None:
                    return None
                # What a fallback cannot do is no news beside why it was asked.
                if failure.kind not in MODEL_WIDE or told is None:
                    told = failure
                if self.is_last(failure):
                    break
                step = self.next_step(plan, outcome)
        finally:
            plan.close()
        return self.told(told)

    def is_last(self, failure: Failure) -> bool:
        """Say whether nobody may be asked after *failure*."""
        return failure.kind in FINAL or not self.may_go_on(failure)

    def told(self, failure: Failure | None) -> Failure | None:
        """Return why nobody answered; whoever has got a part of an answer is told."""
        if failure is not None and self.begun:
            self.say_broken(failure)
        return failure

    def begin_with(self, chat: Chat) -> Named | Failure:
        """Name who may answer *chat*, and set the deadline."""
        exchange = self.exchange
        exchange.asked_model = chat.model
        exchange.stream = chat.stream
        key = exchange.virtual_key
        shared = self.shared
        if key is None or not (key.models or key.routes):
            named = shared.named(chat)
        else:
            named = shared.allowed(chat, key)
        if not isinstance(named, Named):
            return named
        exchange.asked = named.asked
        exchange.route = named.route.name
        return self.bound(named) or named

    def settle_conduct(self, chat: Chat, named: Named) -> None:
        """Settle how a stream is treated."""
        policy = named.route.rescue or self.shared.config.rescue
        self.conduct = conduct(policy, chat.max_tokens)
        if self.conduct == "continue":
            self.transcript = Transcript()

    def at_once(self, named: Named) -> Step | None:
        """Return the first step where it needs no plan; a hedge is planned."""
        if named.route.hedge is not None:
            return None
        return at_once(named, self.health, self.clock_s())

    def plan(self, named: Named, begun: Step | None = None) -> Plan:
        """Plan who is asked; *begun* is a step that was taken without a plan."""
        shared, route = self.shared, named.route
        token = self.token(route.sticky_header) if route.sticky_header else None
        plan = failover(
            order(named, self.health, shared.draw, token),
            self.health,
            now_s=self.clock_s(),
            stream=self.exchange.stream,
            balance=route.balance,
            begun=None if begun is None else begun.health,
        )
        if begun is not None:
            next(plan)
        return plan

    def next_step(self, plan: Plan, outcome: Outcome) -> Step | None:
        """Tell *plan* what came of its step; None when it has no other."""
        try:
            return plan.send(outcome)
        except StopIteration:
            return None

    def came(self, step: Step, failure: Failure | None) -> Outcome:
        """Write what came of *step*, and when."""
        if failure is None:
            return ANSWERED
        return Outcome(self.clock_s(), failure, of=step.health)

    def bound(self, named: Named) -> Failure | None:
        """Set the deadline: the first target's, or the caller's if that is nearer."""
        choice = named.first[0]
        total_s = choice.provider.timeouts_of(choice.model).total_s
        asked = self.caller.timeout_ms
        if asked is not None:
            asked_s = read_timeout_s(asked)
            if isinstance(asked_s, Failure):
                return asked_s
            if asked_s < total_s:
                total_s = asked_s
                self.tightened = True
        # What it has waited at the gate is a part of it.
        self.named_s = self.clock_s()
        waited_s = self.named_s - self.began_s
        self.deadline_at = self.shared.pool.loop.time() + total_s - waited_s
        return None

    def token(self, header: str) -> str | None:
        """Read what a sticky route tells callers apart by."""
        value = self.caller.header(header.encode())
        return value.decode("latin-1") if value else None

    async def race(self, plan: Plan, step: Step, chat: Chat, named: Named) -> Outcome:
        """Make one call, or two that race, and hand the answer on."""
        trial, outcome = await race(self, plan, step, chat, named)
        if outcome.failure is None:
            outcome = self.came(trial.step, await self.hand_on(trial))
        self.note_unseen(trial, outcome.failure)
        return outcome

    async def attempt(self, step: Step, chat: Chat) -> Outcome:
        """Make one call, and hand the answer on."""
        trial = trial_of(self, step, chat)
        try:
            failure = await trial.open()
            if failure is None and trial.reply is not None:
                failure = self.answer(trial, trial.reply)
            elif failure is None:
                failure = await self.hand_on(trial)
        except BaseException:
            trial.leave()
            raise
        if failure is None:
            return ANSWERED
        self.note_unseen(trial, failure)
        return self.came(step, failure)

    def note_unseen(self, trial: Trial, failure: Failure | None) -> None:
        """Note that a stream with content broke before the caller saw any of it."""
        stream = trial.stream
        if failure is not None and stream is not None and stream.started:
            self.broke_unseen = True

    def may_go_on(self, failure: Failure) -> bool:
        """Say whether anybody may still answer after *failure*."""
        if not self.begun:
            return True
        transcript = self.transcript
        return (
            transcript is not None
            and may_go_on(self.conduct, failure)
            and failure.kind != "rescue_diverged"
            and transcript.may_go_on
        )

    async def go_on(self, step: Step, chat: Chat) -> Failure | None:
        """Let another target finish what has begun: by prefill where it takes one."""
        target, transcript = step.health.target, self.transcript
        assert transcript is not None  # noqa: S101 - `may_go_on` has seen it
        known = facts(target.provider.name, target.model)
        said_something = bool(transcript.text.strip())
        if said_something and known.prefill and not step.health.refuses_prefill:
            failure = await self.splice(step, chat, prefill=True)
            if failure is None or failure.blame is not Blame.CALLER:
                return failure
            step.health.refuses_prefill = True
        return await self.splice(step, chat, prefill=False)

    async def splice(self, step: Step, chat: Chat, *, prefill: bool) -> Failure | None:
        """Put one target's stream behind what the caller has."""
        transcript = self.transcript
        assert transcript is not None  # noqa: S101 - `may_go_on` has seen it
        way = "prefill" if prefill else "restart"
        asked = prefilled(chat, transcript.text) if prefill else chat
        splice = Splice(
            transcript, prefill=prefill, comment=f"{way} {step.health.target.name}"
        )
        trial = trial_of(self, step, asked, splice)
        try:
            failure = await trial.open()
            if failure is None:
                self.exchange.rescue = "prefill" if prefill else "restart"
                failure = await self.hand_on(trial)
        except BaseException:
            trial.leave()
            raise
        return failure

    async def hand_on(self, trial: Trial) -> Failure | None:
        """Give the caller what *trial* has opened, and the rest as it comes."""
        try:
            if trial.reply is not None:
                return self.answer(trial, trial.reply)
            return await self.relay(trial)
        finally:
            trial.leave()

    def answer(self, trial: Trial, reply: Reply) -> Failure | None:
        """Give the caller a whole answer."""
        exchange = self.exchange
        exchange.first_byte_s = self.now_s()
        exchange.usage = reply.usage
        exchange.finish = reply.finish
        failure = self.caller.answer(exchange, reply.body)
        if failure is None:
            self.settle_answered()
            if exchange.said is not None:
                exchange.said.take(reply.body)
        return trial.end(failure)

    async def relay(self, trial: Trial) -> Failure | None:
        """Pass a stream on, event by event."""
        stream, exchange, caller = trial.stream, self.exchange, self.caller
        assert stream is not None  # noqa: S101 - it has been opened
        if not self.begun:
            if self.broke_unseen:
                exchange.rescue = "held"
            self.commit()
        out = b"".join(trial.held)
        while True:
            self.send(out)
            exchange.usage = stream.usage
            exchange.finish = stream.finish
            if stream.complete:
                self.settle_answered()
                trial.end(None)
                caller.end()
                return None
            if (drained := caller.drain()) is not None:
                await drained
            out, failure = await trial.read()
            if failure is not None:
                self.send(out)
                return trial.end(failure)

    def send(self, out: bytes) -> None:
        """Send a piece of a stream, and note it for whoever may have to go on."""
        if out:
            self.caller.write(out)
            if self.transcript is not None:
                self.transcript.take(out)
            if self.exchange.said is not None:
                self.exchange.said.take(out)

    def commit(self) -> None:
        """Begin the answer: from here no other target may take over unseen."""
        self.begun = True
        self.exchange.first_byte_s = self.now_s()
        self.exchange.status = OK
        self.caller.begin(self.exchange)

    def say_broken(self, failure: Failure) -> None:
        """End a stream that broke after it began with an error, never with `[DONE]`."""
        if self.begun:
            self.caller.write(error_event(failure))
            self.caller.end()

    def close(self, failure: Failure) -> None:
        """Note why nobody answered, and tell the caller unless it has been told."""
        settle(self.exchange, failure)
        if not self.begun:
            self.exchange.status = self.caller.refuse(self.exchange, failure)

    def stop(self) -> None:
        """Break off, because the gateway stops and its drain is over."""
        end_attempt(self.exchange, STOPPED, self.now_s())
        self.say_broken(STOPPED)
        self.close(STOPPED)

    def settle_answered(self) -> None:
        """Note that the caller has the whole answer."""
        self.exchange.outcome = "answered"
        self.exchange.status = OK
