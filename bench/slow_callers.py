"""1,000 slow connections: a third each with slow headers, silent, with slow bodies.

Says `ready` once all are connected; ends when all are gone, or patience is at its
end, with a JSON object: for each kind the longest that one stayed, in seconds.

usage: slow_callers.py PORT
"""

import asyncio
import json
import sys
import time

import uvloop
from callers import Caller, call, head

SLOW = 1000
KINDS = ("slow headers", "silence", "slow body")
PATIENCE_S = 25.0
BYTE_S = 1.0
BODY_BYTES = 5000
DRIP = 40


async def attack(port: int) -> dict[str, float]:
    """Connect all, feed them drop by drop, and see how long each stays."""
    callers: list[tuple[str, float, Caller]] = []
    for number in range(SLOW):
        kind = KINDS[number % len(KINDS)]
        caller = await call(port)
        callers.append((kind, time.monotonic(), caller))
        caller.say(first_words(kind))
        if number % DRIP == 0:
            await asyncio.sleep(BYTE_S / DRIP)
    print("ready", flush=True)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and any(still(c) for _, _, c in callers):
        # A few at a time: the drip itself must not be what honest callers feel.
        for place in range(DRIP):
            for kind, _, caller in callers[place::DRIP]:
                if kind != "silence":
                    caller.say(b"x")
            await asyncio.sleep(BYTE_S / DRIP)
    stayed: dict[str, float] = dict.fromkeys(KINDS, 0.0)
    for kind, began, caller in callers:
        ended_at = caller.lost_at or time.monotonic()
        stayed[kind] = max(stayed[kind], ended_at - began)
        caller.leave()
    return stayed


def still(caller: Caller) -> bool:
    """Say whether the gateway has not hung up yet."""
    return caller.lost_at is None


def first_words(kind: str) -> bytes:
    """Write what a connection of this kind begins with."""
    if kind == "silence":
        return b""
    whole = head(BODY_BYTES)
    return whole if kind == "slow body" else whole[:-4] + b"\r\nx-slow: "


if __name__ == "__main__":
    print(json.dumps(uvloop.run(attack(int(sys.argv[1])))))
