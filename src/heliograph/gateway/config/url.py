"""What makes an address usable, and the variables that move a provider elsewhere."""

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from msgspec.structs import replace

from heliograph.gateway.types import Endpoint

_EXAMPLE = 'write it like "https://host.example/v1"'


def fault_of_url(text: str) -> tuple[str, str] | None:
    """Return message and fix for what is wrong with the address *text*.

    What was written is never repeated: it may hold a password.
    """
    if not text.isascii() or any(c <= " " or c == "\x7f" for c in text):
        return "the address holds a space or a character outside ASCII", _EXAMPLE
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "the address has a host or port that cannot be read", _EXAMPLE
    if parts.scheme not in ("http", "https"):
        return "the address is neither http:// nor https://", _EXAMPLE
    if parts.username is not None or parts.password is not None:
        return "the address holds a user name or password", 'put the secret in "keys"'
    return _fault_of_rest(parts, port)


def url_from_variable(
    row: Endpoint, environ: Mapping[str, str]
) -> tuple[str, str] | None:
    """Return the name and value of the row's address variable, when it is set."""
    value = environ.get(row.base_url_env, "")
    return (row.base_url_env, value) if value else None


def moved(row: Endpoint, variable: str, url: str) -> Endpoint:
    """Return *row* at the usable address *url* that *variable* held.

    https://github.com/anthropics/anthropic-sdk-python asks for `/v1/messages` below
    `ANTHROPIC_BASE_URL`, so what it takes has no `/v1`. Both forms mean the same.
    """
    url = url.rstrip("/")
    if row.dialect == "anthropic" and not url.endswith("/v1"):
        url += "/v1"
    return replace(row, base_url=url, base_url_from=variable)


def _fault_of_rest(parts: SplitResult, port: int | None) -> tuple[str, str] | None:
    if not parts.hostname or port == 0:
        return "the address has no host, or port 0", _EXAMPLE
    if parts.query or parts.fragment:
        return "the address holds a ? or #", "end it with the path, such as /v1"
    return None
