"""Waits at a gate, for a place that becomes free, and for no longer than its limits."""

import asyncio
import math

from heliograph.gateway.routing.admission import Gate

WaitingGate = Gate[asyncio.Future[bool]]


async def admitted(
    gate: WaitingGate, loop: asyncio.AbstractEventLoop, left_s: float = math.inf
) -> bool:
    """Go in, at once or in turn; False when the queue is full or took too long.

    *left_s* is what the exchange's own deadline leaves for it.
    """
    if gate.enter():
        return True
    if not gate.may_wait:
        return False
    place: asyncio.Future[bool] = loop.create_future()
    gate.wait(place)
    wait_s = min(gate.limits.queue_s, left_s)
    timer = loop.call_later(wait_s, expire, gate, place)
    try:
        return await place
    except asyncio.CancelledError:
        if place.done() and not place.cancelled() and place.result():
            go_out(gate)
        else:
            gate.give_up(place)
        raise
    finally:
        timer.cancel()


def expire(gate: WaitingGate, place: asyncio.Future[bool]) -> None:
    """End a wait that took too long."""
    gate.give_up(place)
    if not place.done():
        place.set_result(False)


def go_out(gate: WaitingGate) -> None:
    """Leave, and let in whoever is next and still waits."""
    while (place := gate.leave()) is not None:
        if not place.done():
            place.set_result(True)
            return
