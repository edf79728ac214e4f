"""A pair on a loop whose clock jumps, and what is looked for in what came of it."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence

from faults.pair import Pair, Told, pair
from heliograph.simulation.providers import Seen
from heliograph.simulation.virtual_time import VirtualClock, VirtualLoop


def in_jumps(
    play: Callable[[Pair], Awaitable[None]], bounds: Mapping[str, float] | None = None
) -> None:
    """Run *play* before a pair on a loop whose clock jumps."""

    async def played() -> None:
        clock = VirtualClock(asyncio.get_running_loop())
        async with pair(clock=clock, bounds=bounds) as both:
            await play(both)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(played())


def between(told: Sequence[Told], from_s: float, to_s: float) -> list[Told]:
    """Pick those that were asked then."""
    return [each for each in told if from_s <= each.began_s < to_s]


def in_flight_max(calls: Sequence[Seen]) -> int:
    """Count how many calls were under way at once, at most."""
    edges = sorted(
        edge
        for seen in calls
        for edge in ((seen.started_s, 1), (seen.ended_s or math.inf, -1))
    )
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most
