"""What callers are told who are not let in, and the record of it."""

from heliograph.gateway.engine import Engine
from heliograph.gateway.routing.ending import settle
from heliograph.gateway.server.ids import REQUEST_IDS
from heliograph.gateway.types import Blame, Exchange, Failure


def new_exchange() -> Exchange:
    """Begin the record of one request."""
    return Exchange(REQUEST_IDS.next())


def refusal(status: int, code: str, said: str) -> Failure:
    """Blame the caller for a request that is not let in."""
    return Failure(
        Blame.CALLER, code, said, status, type="invalid_request_error", code=code
    )


def record_refused(engine: Engine, exchange: Exchange, failure: Failure) -> None:
    """Record a request that no exchange came of, under the status it was told."""
    exchange.started_at = engine.clock.wall_s()
    settle(exchange, failure)
    engine.record(exchange)


BAD_HTTP = refusal(400, "bad_http", "Invalid HTTP request received.")
ONE_HOST = refusal(400, "bad_host", "Send exactly one `Host` header.")
NO_UPGRADE = refusal(
    400,
    "no_upgrade",
    "There is no upgrade here; send plain HTTP/1.1 without `Upgrade`.",
)
NO_ASTERISK = refusal(400, "bad_http", "Name a path; there is nothing at `*`.")
HEAD_TOO_LARGE = refusal(
    431, "headers_too_large", "The headers are larger than 64 kB, or more than 128."
)
SLOW_HEAD = refusal(
    408, "slow_request", "The request's headers did not arrive in time; send it again."
)
SLOW_BODY = refusal(
    408,
    "slow_request",
    "The request's body arrived too slowly; send it again, faster.",
)
FULL = refusal(
    503, "too_many_connections", "Too many connections are open; try again soon."
)

TOO_MUCH_HELD = Failure(
    Blame.TARGET,
    "saturated",
    "the gateway holds as many bytes of requests as its limits allow",
    retry_after_s=1.0,
)


def bad_host() -> Failure:
    """Refuse a `Host` that is no name and no address."""
    said = "`Host` must be a name or an address, with a port or without."
    return refusal(400, "bad_host", said)


def not_our_host(name: str) -> Failure:
    """Refuse a name that was not listed, and say where it can be."""
    said = (
        f"This gateway does not answer to the name '{name[:80]}'. Use its address, or"
        " list the name under `server.hosts` in its configuration."
    )
    return refusal(421, "host_not_allowed", said)


def not_our_page(origin: bytes) -> Failure:
    """Refuse a web page that was not listed, and say where it can be."""
    said = (
        f"Web pages of '{origin[:80].decode('latin-1')}' may not use this gateway."
        " List that origin under `server.cors_origins` in its configuration."
    )
    return refusal(403, "origin_not_allowed", said)


def body_too_large(mb_max: float) -> Failure:
    """Refuse a body above the bound."""
    said = f"The request is larger than {mb_max:g} MB."
    return refusal(413, "request_too_large", said)


def unknown_version(version: str) -> Failure:
    """Refuse another HTTP."""
    said = f"HTTP/{version} is not spoken here; send HTTP/1.1."
    return refusal(505, "bad_http", said)


def unknown_method(method: bytes) -> Failure:
    """Refuse a method that nothing here takes."""
    said = f"The method {method[:20].decode('latin-1')} is not known here."
    return refusal(501, "method_unknown", said)
