"""In which order the choices of one exchange are asked."""

from collections.abc import Callable, Iterator
from itertools import chain

from heliograph.gateway.routing.balance import ORDERS, Weighed, sticky
from heliograph.gateway.routing.health import Health
from heliograph.gateway.routing.names import Choice, Named


def order(
    named: Named, health: Health, draw: Callable[[], float], token: str | None
) -> Iterator[Choice]:
    """List the route's targets as its balance has them, then the fallbacks.

    *token* is what a sticky route tells callers apart by; without one it balances.
    """
    if len(named.first) == 1:
        return chain(named.first, named.then)
    return chain(balanced(named, health, draw, token), named.then)


def balanced(
    named: Named, health: Health, draw: Callable[[], float], token: str | None
) -> Iterator[Choice]:
    """Yield the targets of a route with several."""
    offers = [
        weigh(choice, weight, health)
        for choice, weight in zip(named.first, named.weights, strict=True)
    ]
    places = (
        sticky(offers, token)
        if token is not None
        else ORDERS[named.route.balance](offers, draw)
    )
    for place in places:
        yield named.first[place]


def weigh(choice: Choice, weight: float, health: Health) -> Weighed:
    """Say how busy and how fast *choice* is: all its keys together."""
    provider, model = choice
    known = [health.of(provider, model, key) for key in provider.keys or (None,)]
    peaks = [target.peak_s for target in known]
    return Weighed(
        choice.name, weight, sum(t.in_flight for t in known), min(peaks, default=0.0)
    )
