"""Lets listed web pages read what the paths beside the lane answer."""

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from heliograph.gateway.engine import Engine
from heliograph.gateway.server.origins import granted, granted_before

NO_CONTENT = 204


class CrossOrigin:
    """An ASGI application around another; it answers the browsers' preflights."""

    def __init__(self, app: ASGIApp, engine: Engine) -> None:
        self.app = app
        self.engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add what a listed page needs; leave everything else as it is."""
        headers = Headers(scope=scope)
        listed = self.engine.config.server.cors_origins
        origin = headers.get("origin", "").encode("latin-1")
        pairs = granted(origin, listed)

        async def send_granted(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *pairs]
            await send(message)

        wanted = headers.get("access-control-request-headers", "").encode("latin-1")
        asks_first = "access-control-request-method" in headers
        if pairs and scope["method"] == "OPTIONS" and asks_first:
            answer = Response(status_code=NO_CONTENT)
            answer.raw_headers.extend(granted_before(origin, wanted, listed))
            await answer(scope, receive, send)
        else:
            await self.app(scope, receive, send_granted if pairs else send)
