"""Try targets until one answers, the caller is at fault, or all are used up.

A plan is a generator: it yields the next `Target` and is sent what came of it. It
is walked by the engine over sockets and by tests by hand.
"""

from collections.abc import Callable, Generator, Sequence

from heliograph.gateway.routing.names import Choice
from heliograph.gateway.routing.weighted import pick
from heliograph.gateway.types import Blame, Failure, Target

Plan = Generator[Target, Failure | None, None]
"""Yields targets; is sent None when one answered, else the failure."""

MODEL_WIDE = frozenset({"model_not_found", "unsupported_parameter"})
"""Target faults that another key of the same provider cannot mend."""


def failover(choices: Sequence[Choice], draw: Callable[[], float]) -> Plan:
    """Walk *choices* in order; among a provider's keys one is drawn by weight.

    A target fault tries the next key of the same choice, a provider fault goes past
    every choice of that provider, a caller fault ends the plan. No key is tried
    twice for the same model, so the worst case is one attempt for each key of each
    choice.
    """
    down: set[str] = set()
    for choice in choices:
        if choice.provider.name in down:
            continue
        keys = list(choice.provider.keys)
        while True:
            key = pick(keys, draw()) if keys else None
            failure = yield Target(choice.provider, choice.model, key)
            if failure is None or failure.blame is Blame.CALLER:
                return
            if failure.blame is Blame.PROVIDER:
                down.add(choice.provider.name)
                break
            if key is not None:
                keys.remove(key)
            if not keys or failure.kind in MODEL_WIDE:
                break
