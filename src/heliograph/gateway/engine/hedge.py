"""A second call beside a slow first one; whoever begins an answer first has it."""

import asyncio

from heliograph.gateway.engine.course import Course
from heliograph.gateway.engine.holding import give_share_back
from heliograph.gateway.engine.trial import Trial, trial_of
from heliograph.gateway.routing.failover import Outcome, Plan, Step
from heliograph.gateway.routing.names import Named
from heliograph.gateway.types import Chat, Failure, Hedge

Opening = asyncio.Task[Failure | None]


async def race(
    course: Course, plan: Plan, step: Step, chat: Chat, named: Named
) -> tuple[Trial, Outcome]:
    """Open *step*, and a second step of *plan* when the first is late.

    Returns the trial that has an answer to hand on, or the last one that failed.
    """
    give_share_back(course)  # there are two calls that might have it
    first = trial_of(course, step, chat)
    opening = course.shared.pool.loop.create_task(first.open())
    second: Trial | None = None
    beside: Opening | None = None
    try:
        if await is_late(course, opening, step, named):
            now_s = course.clock_s()
            also = plan.send(Outcome(now_s, late=True))
            if also is not None:
                second = trial_of(course, also, chat)
                second.beside = True
                beside = course.shared.pool.loop.create_task(second.open())
        if second is None or beside is None:
            failure = await opening
            return first, Outcome(course.clock_s(), failure, of=step.health)
        return await better(course, (first, opening), (second, beside))
    except BaseException:
        await cancelled(first, opening)
        if second is not None and beside is not None:
            await cancelled(second, beside)
        raise


async def is_late(course: Course, opening: Opening, step: Step, named: Named) -> bool:
    """Wait for the target's usual time; say whether a hedge is due then."""
    hedge = named.route.hedge
    if hedge is None:
        return False
    allowance = course.shared.hedges_of(named.route, hedge)
    allowance.earn()
    after_s = hedge_after_s(step, hedge, stream=course.exchange.stream)
    if after_s is None:
        return False
    done, _ = await asyncio.wait({opening}, timeout=after_s)
    now_s = course.clock_s()
    return not done and not step.health.throttled(now_s) and allowance.spend(now_s)


def hedge_after_s(step: Step, hedge: Hedge, *, stream: bool) -> float | None:
    """Say how long to wait for the first: its 95th percentile, once that is known."""
    if hedge.after_s is not None:
        return hedge.after_s
    return step.health.p95_s(stream=stream)


async def better(
    course: Course, one: tuple[Trial, Opening], two: tuple[Trial, Opening]
) -> tuple[Trial, Outcome]:
    """Wait until one of two has an answer, or both have failed."""
    await asyncio.wait({one[1], two[1]}, return_when=asyncio.FIRST_COMPLETED)
    for (trial, opening), (other, late) in ((one, two), (two, one)):
        if opening.done() and opening.result() is None:
            await cancelled(other, late)
            other.lose()
            return trial, Outcome(course.clock_s())
    await asyncio.wait({one[1], two[1]})
    failures = (one[1].result(), two[1].result())
    now_s = course.clock_s()
    unmade = two[0].attempt is None
    if failures[0] is None or unmade:
        of = one[0].step.health
        return one[0], Outcome(now_s, failures[0], of=of, unmade=unmade)
    return two[0], Outcome(now_s, failures[1], other=failures[0], of=two[0].step.health)


async def cancelled(trial: Trial, opening: Opening) -> None:
    """Break a call off; what it has used so far stays on its record."""
    opening.cancel()
    await asyncio.wait({opening})
    trial.leave()
