"""What a caller is told when there is no answer: status, body and retry headers.

A provider's 401 never becomes a 401 here: SDKs would take it for their own key and
stop. When our own attempts are used up, `x-should-retry: false` keeps SDKs from
tripling them.
"""

import math
from typing import NamedTuple

from heliograph.gateway.types import Blame, Exchange, Failure
from heliograph.gateway.wire.openai_error import error_body

Headers = tuple[tuple[str, str], ...]

STATUS_BY_KIND = {
    "rate_limited": 429,
    "quota_exhausted": 429,
    "model_not_found": 404,
    "unknown_price": 403,
    "upstream_auth": 502,
    "gateway_stopped": 503,
    "connect_timeout": 504,
    "first_byte_timeout": 504,
    "idle_timeout": 504,
    "total_timeout": 504,
    "caller_timeout": 504,
    "saturated": 503,
    "budget_exceeded": 402,
    "budget_rate_limited": 429,
    "budget_held": 429,
    "budget_unknown": 503,
}
WORTH_ANOTHER_TRY = frozenset({"gateway_stopped", "saturated"})
"""Whoever comes back after a restart finds us, or another of us; or finds room."""
BAD_GATEWAY = 502
UNAVAILABLE = 503
BAD_REQUEST = 400
UNAUTHORIZED = 401
CHALLENGE: Headers = (("www-authenticate", "Bearer"),)
"""RFC 9110, 15.5.2: who is told 401 is told how to be let in."""
TEMPORARY = frozenset({429, 502, 503, 504})
UNAVAILABLE_UPSTREAM = frozenset({503, 529})
TOLD_MAX = 8


class ErrorAnswer(NamedTuple):
    """A whole error answer."""

    status: int
    headers: Headers
    body: bytes


def error_answer(exchange: Exchange, failure: Failure) -> ErrorAnswer:
    """Write the answer for *failure*, with what each attempt met."""
    if failure.blame is Blame.CALLER:
        body = error_body(
            failure.message,
            type=failure.type or "invalid_request_error",
            code=failure.code,
            param=failure.param,
        )
        status = failure.status or BAD_REQUEST
        told = CHALLENGE if status == UNAUTHORIZED else ()
        return ErrorAnswer(status, told + wait_header(failure.retry_after_s), body)
    status = status_of(failure)
    again = "true" if failure.kind in WORTH_ANOTHER_TRY else "false"
    headers: Headers = (("x-should-retry", again),)
    wait_s = failure.retry_after_s
    if status in {429, UNAVAILABLE}:
        wait_s = shortest_wait_s(exchange) or wait_s
    if status in TEMPORARY:
        headers += wait_header(wait_s)
    body = error_body(
        f"No provider answered: {tell(exchange) or failure.message}.",
        type="rate_limit_error"
        if status == STATUS_BY_KIND["rate_limited"]
        else "upstream_error",
        code=failure.kind,
    )
    return ErrorAnswer(status, headers, body)


def wait_header(wait_s: float | None) -> Headers:
    """Say when to come back, if that is known."""
    return () if wait_s is None else (("retry-after", str(math.ceil(wait_s))),)


def status_of(failure: Failure) -> int:
    """Choose the status: what the caller can do matters, not what we were sent."""
    if failure.status in UNAVAILABLE_UPSTREAM:
        return UNAVAILABLE
    return STATUS_BY_KIND.get(failure.kind, BAD_GATEWAY)


def shortest_wait_s(exchange: Exchange) -> float | None:
    """Find the least time after which one of the targets said it would answer."""
    waits = [
        attempt.failure.retry_after_s
        for attempt in exchange.attempts
        if attempt.failure is not None and attempt.failure.retry_after_s is not None
    ]
    return min(waits, default=None)


def tell(exchange: Exchange) -> str:
    """List the attempts: target, what happened, the upstream's status."""
    told = []
    for attempt in exchange.attempts[:TOLD_MAX]:
        failure = attempt.failure
        if failure is None:
            continue
        said = failure.message.rstrip(".")
        told.append(f"{attempt.target.name}: {said} [{failure.kind}]")
    more = len(exchange.attempts) - TOLD_MAX
    if more > 0:
        told.append(f"and {more} more attempts")
    return "; ".join(told)
