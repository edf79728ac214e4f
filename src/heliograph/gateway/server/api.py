"""Every path that is not hot: models, health, metrics, and what is an error."""

from collections.abc import Callable, Iterable
from functools import partial
from types import MappingProxyType

from msgspec import to_builtins
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from heliograph.gateway.engine import Engine
from heliograph.gateway.ledger.ledger import LedgerStanding
from heliograph.gateway.server.admitted import NotAdmitted, check_scraper
from heliograph.gateway.server.cross_origin import CrossOrigin
from heliograph.gateway.server.cycle import CYCLE
from heliograph.gateway.server.guard import Guard
from heliograph.gateway.server.listing import model_routes
from heliograph.gateway.server.refusals import new_exchange, record_refused, refusal
from heliograph.gateway.server.standing import Standing
from heliograph.gateway.wire.inbounds import spoken_at
from heliograph.gateway.wire.openai_error import error_body

NOT_FOUND = 404
WRONG_METHOD = 405
CODES = MappingProxyType({NOT_FOUND: "not_found", WRONG_METHOD: "wrong_method"})
NOT_POST = ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]
UNAVAILABLE = 503
BROKEN = 500
LEDGER_OFF = LedgerStanding("off", 0, 0)
WELL = ("ok", "off")
BAD_REQUEST = "invalid_request_error"


def make_api(
    engine: Engine, standing: Standing, is_draining: Callable[[], bool], guard: Guard
) -> Starlette:
    """Build the ASGI application around *engine*."""

    async def metrics(request: Request) -> Response:
        check_scraper(guard, request)
        try:
            families = Gathered(await standing.families())
        except OSError as error:
            raise HTTPException(UNAVAILABLE, f"No numbers: {error}.") from None
        return Response(generate_latest(families), media_type=CONTENT_TYPE_LATEST)

    async def health(_request: Request) -> Response:
        ready = not is_draining()
        ledger = engine.ledger.standing if engine.ledger is not None else LEDGER_OFF
        well = not standing.config.problems and ledger.state in WELL
        status = "ok" if well else "degraded"
        said: dict[str, object] = {
            "status": status if ready else "draining",
            "live": True,
            "ready": ready,
            "providers": list(engine.config.providers),
            "config": to_builtins(standing.config),
            "ledger": to_builtins(ledger),
        }
        if standing.workers:
            said["workers"] = to_builtins(standing.workers)
        return JSONResponse(said, 200 if ready else UNAVAILABLE)

    async def live(_request: Request) -> Response:
        return JSONResponse({"live": True})

    routes = [
        *posted(),
        *model_routes(engine, guard),
        Route("/metrics", metrics),
        Route("/health", health),
        Route("/health/ready", health),
        Route("/health/live", live),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(CrossOrigin, engine)],
        exception_handlers={
            HTTPException: partial(tell, engine),
            Exception: tell_broken,
        },
    )


class Gathered(Collector):
    """Families of metrics that have been gathered already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        """Return them."""
        return self.families


def posted() -> list[Route]:
    """Name the paths that the lane serves, for whoever does not post to them."""
    paths = ["/v1/chat/completions", "/v1/messages"]
    paths += [
        f"/{version}/models/{{name:path}}:{verb}"
        for version in ("v1", "v1beta")
        for verb in ("generateContent", "streamGenerateContent")
    ]
    wrong = [Route(path, wrong_method, methods=NOT_POST) for path in paths]
    # What else Gemini's clients post to a model is not there, not a wrong method.
    return [*wrong, Route("/v1/models/{name:path}", absent, methods=["POST"])]


async def wrong_method(_request: Request) -> Response:
    """Refuse any method but POST on a path that the lane serves."""
    said = "This path takes POST only."
    raise HTTPException(WRONG_METHOD, said, headers={"allow": "POST"})


async def absent(_request: Request) -> Response:
    """Refuse what is posted where nothing is."""
    raise HTTPException(NOT_FOUND)


async def tell(engine: Engine, request: Request, error: Exception) -> Response:
    """Write an HTTP error in the shape of the path's dialect, and record it."""
    if not isinstance(error, HTTPException):
        raise error
    said = error.detail
    if error.status_code == NOT_FOUND and said == "Not Found":
        said = f"There is nothing at {request.method} {request.url.path}."
    status = error.status_code
    refused = error if isinstance(error, NotAdmitted) else None
    code = CODES.get(status, "refused")
    failure = refused.failure if refused else refusal(status, code, said)
    code = failure.code or code
    body = worded(request, status, error_body(said, type=BAD_REQUEST, code=code))
    exchange = new_exchange()
    exchange.status = status
    exchange.virtual_key = refused.key if refused else None
    # What was refused at the edge meanwhile is recorded there.
    if not request.scope[CYCLE].disconnected:
        record_refused(engine, exchange, failure)
    headers = {**(error.headers or {}), "x-request-id": exchange.request_id}
    return Response(body, status, headers, media_type="application/json")


def worded(request: Request, status: int, body: bytes) -> bytes:
    """Rewrite an error in the dialect that is spoken at the request's path."""
    inbound = spoken_at(request.scope["path"].encode())
    return body if inbound is None else inbound.error(status, body, "")


async def tell_broken(request: Request, _error: Exception) -> Response:
    """Write a fault of our own as any error; uvicorn logs the trace."""
    said = error_body("The gateway failed inside.", type="server_error")
    body = worded(request, BROKEN, said)
    return Response(body, BROKEN, media_type="application/json")
