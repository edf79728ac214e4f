"""How an exchange ended without an answer, noted on its record."""

import msgspec

from heliograph.gateway.types import Blame, Exchange, Failure, Key

STOPPED = Failure(
    Blame.TARGET, "gateway_stopped", "the gateway stopped before the answer was whole"
)
HEDGED_AWAY = Failure(
    Blame.TARGET, "hedged_away", "another attempt beside it answered first"
)


def saturated(provider: str | None) -> Failure:
    """Refuse, because too many calls are under way: here, or to *provider*."""
    where = f"provider {provider}" if provider else "the gateway"
    return Failure(
        Blame.TARGET,
        "saturated",
        f"{where} has as many calls under way as its limits allow",
        retry_after_s=1.0,
    )


def unknown_price(target: str) -> Failure:
    """Refuse a call to *target*, because the config allows none without a price."""
    said = f"no price is known of {target}, and the gateway calls nobody without one"
    return Failure(Blame.TARGET, "unknown_price", said)


def no_time_left(*, tightened: bool) -> Failure:
    """End an exchange whose time is used up: the config's, or the caller's own."""
    kind = "caller_timeout" if tightened else "total_timeout"
    said = "the time for the whole exchange is used up"
    if tightened:
        said = "the time that x-heliograph-timeout-ms allows is used up"
    return Failure(Blame.PROVIDER, kind, said)


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
    """Note that the attempts under way, if any, ended from our side."""
    for attempt in exchange.attempts:
        if attempt.ended_s is None:
            attempt.ended_s = after_s
            attempt.failure = failure


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
