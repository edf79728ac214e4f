"""The page: a few files that come with the program, and nothing from elsewhere."""

from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

from heliograph.gateway.admin.errors import NOT_FOUND, AdminError
from heliograph.gateway.admin.house import House

FOLDER = "static"
FIRST = "index.html"
TYPES = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
    }
)


async def first(house: House, _request: Request) -> Response:
    """Answer with the page itself."""
    house.entrance.check_open()
    return file_of(FIRST)


async def part(_house: House, request: Request) -> Response:
    """Answer with one of its parts."""
    return file_of(request.path_params["name"])


def file_of(name: str) -> Response:
    """Answer with a file; only those that are listed can be asked for."""
    body = contents().get(name)
    if body is None:
        said, fix = "The page has no such part.", "Load the page anew."
        raise AdminError(NOT_FOUND, "not_found", said, fix)
    return Response(body, media_type=TYPES[name.rpartition(".")[2]])


@lru_cache(maxsize=1)
def contents() -> MappingProxyType[str, bytes]:
    """Read all files of the page."""
    folder = files(__package__).joinpath(FOLDER)
    return MappingProxyType({file.name: file.read_bytes() for file in folder.iterdir()})
