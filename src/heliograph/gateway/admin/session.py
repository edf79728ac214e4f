"""A session: begun with the admin key, told of, ended."""

from msgspec import Struct, json
from msgspec.json import Decoder
from starlette.requests import Request
from starlette.responses import Response

from heliograph.gateway.admin import PREFIX
from heliograph.gateway.admin.entrance import COOKIE, token_of
from heliograph.gateway.admin.errors import UNAUTHORIZED, AdminError
from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import JSON_TYPE, read_body
from heliograph.gateway.ledger.admin_sessions import IDLE_S, LASTING_S

CREATED = 201
NOBODY = json.encode({"csrf": None})


class Login(Struct, frozen=True, forbid_unknown_fields=True):
    """What is shown to begin a session: the admin key."""

    key: str


LOGIN = Decoder(Login)


async def begun(house: House, request: Request) -> Response:
    """Begin a session; its number is in the cookie alone."""
    login = await read_body(request, LOGIN)
    session = await house.entrance.begin(request, login.key)
    house.note(request, "logged in")
    answer = Response(told_of(session), CREATED, media_type=JSON_TYPE)
    answer.set_cookie(COOKIE, session, max_age=LASTING_S, **bounds(request))  # type: ignore[arg-type] # they are its own
    return answer


async def told(house: House, request: Request) -> Response:
    """Tell a session's token to whoever has its cookie; null where there is none."""
    house.entrance.check_open()
    try:
        await house.entrance.admit_session(request)
    except AdminError as error:
        if error.status != UNAUTHORIZED:
            raise
        return Response(NOBODY, media_type=JSON_TYPE)
    return Response(told_of(request.cookies[COOKIE]), media_type=JSON_TYPE)


async def ended(house: House, request: Request) -> Response:
    """End a session, wherever else its cookie may be."""
    house.entrance.check_open()
    await house.entrance.admit_session(request)
    await house.entrance.end(request)
    answer = Response(NOBODY, media_type=JSON_TYPE)
    answer.delete_cookie(COOKIE, **bounds(request))  # type: ignore[arg-type] # the same
    return answer


def told_of(session: str) -> bytes:
    """Write what a page is told of its session."""
    said = {"csrf": token_of(session), "idle_s": IDLE_S, "lasting_s": LASTING_S}
    return json.encode(said)


def bounds(request: Request) -> dict[str, object]:
    """Say to whom the cookie goes: to us alone, and over TLS where we have it."""
    return {
        "path": PREFIX,
        "secure": request.scope["scheme"] == "https",
        "httponly": True,
        "samesite": "strict",
    }
