"""The ASGI application under `/admin`."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

from msgspec import json
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heliograph.gateway.admin import PREFIX, page
from heliograph.gateway.admin.entrance import SAFE
from heliograph.gateway.admin.errors import (
    BROKEN,
    NOT_FOUND,
    WRONG_METHOD,
    AdminError,
    gone,
)
from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import JSON_TYPE
from heliograph.gateway.admin.routes import WAYS, Way

_T = TypeVar("_T")
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
        " connect-src 'self'; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Admin:
    """The application of one process, and what it owns."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.app = make_app(house)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self.app(scope, receive, send)

    def close(self) -> None:
        """Let go of the ledger."""
        self.house.desk.close()


class Sealed:
    """Puts on every answer what keeps browsers from keeping, framing or mixing it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to what is answered."""

        async def send_sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_sealed)


def make_app(house: House) -> Starlette:
    """Build the application around *house*."""
    routes = [
        Route(PREFIX, partial(page.first, house)),
        Route(f"{PREFIX}/", partial(page.first, house)),
        Route(f"{PREFIX}/static/{{name}}", partial(page.part, house)),
        *(
            Route(way.path, partial(answer, house, way), methods=[way.method])
            for way in WAYS
        ),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Sealed)],
        exception_handlers={
            AdminError: refuse,
            HTTPException: refuse_http,
            Exception: tell_broken,
        },
    )


async def answer(house: House, way: Way, request: Request) -> Response:
    """Let a request in, and answer it."""
    if not way.open:
        await house.entrance.admit(request)
    answering = way.answer(house, request)
    said = await (while_here(request, answering) if way.method in SAFE else answering)
    if isinstance(said, Response):
        return said
    return Response(json.encode(said), way.status, media_type=JSON_TYPE)


async def while_here(request: Request, answering: Awaitable[_T]) -> _T:
    """Have it answered; break it off when whoever asked hangs up.

    For what has no body alone, and changes nothing.
    """
    answer = asyncio.ensure_future(answering)
    leaving = asyncio.ensure_future(left(request))
    try:
        await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise gone()
        return await answer
    finally:
        answer.cancel()
        leaving.cancel()


async def left(request: Request) -> None:
    """Wait until whoever asked has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def refuse(_request: Request, error: Exception) -> Response:
    """Write an error in our shape."""
    if not isinstance(error, AdminError):
        raise error
    return Response(
        json.encode(error.body), error.status, dict(error.headers), JSON_TYPE
    )


async def refuse_http(request: Request, error: Exception) -> Response:
    """Write an error of the framework in our shape."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    path = request.scope["path"][:200]
    if error.status_code == WRONG_METHOD:
        said = f"{path} does not take {request.method}."
        fix = f"It takes {headers.get('Allow', 'another method')}."
        found = AdminError(WRONG_METHOD, "wrong_method", said, fix, headers=headers)
    else:
        said = f"There is nothing at {path}."
        fix = "See docs/reference/admin-api.md for what there is."
        found = AdminError(NOT_FOUND, "not_found", said, fix)
    return await refuse(request, found)


async def tell_broken(request: Request, _error: Exception) -> Response:
    """Write a fault of our own; uvicorn logs the trace."""
    said, fix = "The gateway failed inside.", "Please report it, with what it logged."
    return await refuse(request, AdminError(BROKEN, "broken", said, fix))
