"""How an exchange ended without an answer, noted on its record."""

import msgspec

from heliograph.gateway.types import Blame, Exchange, Failure, Key

STOPPED = Failure(
    Blame.TARGET, "gateway_stopped", "the gateway stopped before the answer was whole"
)


def settle(exchange: Exchange, failure: Failure) -> None:
    """Note why nobody answered."""
    exchange.failure = failure
    refused = failure.blame is Blame.CALLER
    exchange.outcome = "refused" if refused else "failed"


def abandon(exchange: Exchange, after_s: float) -> None:
    """Note that the caller left; the attempt under way ended with it."""
    if exchange.outcome == "answered":
        return
    gone = Failure(Blame.CALLER, "client_gone", "the caller closed the connection")
    exchange.outcome = "client_gone"
    exchange.failure = gone
    end_attempt(exchange, gone, after_s)


def end_attempt(exchange: Exchange, failure: Failure, after_s: float) -> None:
    """Note that the attempt under way, if any, ended from our side."""
    if exchange.attempts and exchange.attempts[-1].ended_s is None:
        exchange.attempts[-1].ended_s = after_s
        exchange.attempts[-1].failure = failure


def withhold(failure: Failure, key: Key | None) -> Failure:
    """Blot out *key* where a provider quotes it: what it said goes to the caller."""
    secret = key.secret.reveal() if key is not None else ""
    if not secret:
        return failure
    told = {
        name: text.replace(secret, "***")
        for name in ("message", "type", "code", "param")
        if secret in (text := getattr(failure, name) or "")
    }
    return msgspec.structs.replace(failure, **told) if told else failure
