"""The pages of the view, over HTTP. Whoever looks on needs the token of the watch."""

from hmac import compare_digest
from importlib.resources import files

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from heliograph.camera.browser_view.feed import BOUNDARY, Feed

WATCHERS_MAX = 8
KINDS = {
    "index.html": "text/html",
    "page.js": "text/javascript",
    "style.css": "text/css",
}
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; img-src 'self'; script-src 'self';"
    " style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "referrer-policy": "no-referrer",  # the address holds the token
    "x-content-type-options": "nosniff",
}
UNKNOWN = (
    "This view wants the token that the watch was started with: open the whole address"
    " that it printed, with what follows the question mark.\n"
)
TOO_MANY = f"{WATCHERS_MAX} look on already: close another view of this watch.\n"


def site(feed: Feed, token: str) -> Starlette:
    """Return the application that shows *feed* to whoever has *token*."""

    def is_known(request: Request) -> bool:
        shown = request.query_params.get("token", "")
        return compare_digest(shown.encode(), token.encode())

    def page(request: Request) -> Response:
        if not is_known(request):
            return refused(403, UNKNOWN)
        return static("index.html")

    def frames(request: Request) -> Response:
        if not is_known(request):
            return refused(403, UNKNOWN)
        if feed.watchers >= WATCHERS_MAX:
            return refused(503, TOO_MANY)
        kind = f"multipart/x-mixed-replace; boundary={BOUNDARY.decode()}"
        return StreamingResponse(feed.frames(), media_type=kind, headers=HEADERS)

    def tellings(request: Request) -> Response:
        if not is_known(request):
            return refused(403, UNKNOWN)
        kind = "text/event-stream"
        return StreamingResponse(feed.tellings(), media_type=kind, headers=HEADERS)

    def served(request: Request) -> Response:
        return static(request.url.path.removeprefix("/"))

    return Starlette(
        routes=[
            Route("/", page),
            Route("/frames", frames),
            Route("/tellings", tellings),
            Route("/page.js", served),
            Route("/style.css", served),
        ]
    )


def static(name: str) -> Response:
    """Return a file of the page, as it is in the package."""
    data = files(__package__).joinpath("page", name).read_bytes()
    return Response(data, media_type=KINDS[name], headers=HEADERS)


def refused(status: int, why: str) -> Response:
    """Say why somebody is not shown anything."""
    return PlainTextResponse(why, status, headers=HEADERS)
