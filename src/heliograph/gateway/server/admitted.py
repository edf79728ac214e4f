"""Who may ask for the paths that are not hot."""

from starlette.exceptions import HTTPException
from starlette.requests import Request

from heliograph.gateway.server.errors import CHALLENGE
from heliograph.gateway.server.guard import NOT_ADMIN, UNAUTHORIZED, Guard
from heliograph.gateway.types import Failure, VirtualKey


class NotAdmitted(HTTPException):
    """Who asks may not; the record says whose key it was, where that is known."""

    def __init__(self, key: VirtualKey | None, failure: Failure) -> None:
        headers = dict(CHALLENGE) if failure.status == UNAUTHORIZED else None
        super().__init__(failure.status, failure.message, headers)
        self.key = key
        self.failure = failure


def admitted(guard: Guard, request: Request) -> VirtualKey | None:
    """Return whose key was sent; None where none is demanded."""
    if not guard.keys.demanded:
        return None
    query: bytes = request.scope["query_string"]
    key, failure, _ = guard.judge(request.headers.raw, b"?" + query, peer_of(request))
    if failure is not None:
        raise NotAdmitted(key, failure)
    return key


def check_scraper(guard: Guard, request: Request) -> None:
    """See that the numbers may be read."""
    if not guard.may_scrape(request.headers.raw, peer_of(request)):
        raise NotAdmitted(None, NOT_ADMIN)


def peer_of(request: Request) -> str | None:
    """Return the address at the other end of the connection."""
    return request.client.host if request.client else None
