"""The address of a PostgreSQL database, read without its driver.

What was written is never repeated: it may hold a password. The driver reads such an
address too, and quotes it where it cannot; so what it could not read is found here.
"""

import re
from urllib.parse import unquote

SCHEMES = ("postgresql://", "postgres://")
EXAMPLE = 'write it like "postgresql://user:password@host:5432/database"'
_ENCODE = (
    "write / ? # @ : and % in a user name or password as %2F %3F %23 %40 %3A and %25"
)
_ENCODE_VALUE = "write & = and % within a value as %26 %3D and %25"
_HALF_ENCODED = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PARAMETER = re.compile(r"[a-z_]+=[^=]*")
_SECRETS = ("password", "sslpassword", "oauth_client_secret")


def is_postgres_url(text: str) -> bool:
    """Say whether *text* names a PostgreSQL database."""
    return text.startswith(SCHEMES)


def fault_of_postgres_url(text: str) -> tuple[str, str] | None:
    """Return message and fix for what is wrong with the address *text*."""
    if not text.isascii() or any(c <= " " or c == "\x7f" for c in text):
        return "the address holds a space or a character outside ASCII", EXAMPLE
    authority, path, parameters = _parts(text)
    if "@" in path or "#" in text or authority.count("@") > 1:
        return "the address cannot be told apart from its password", _ENCODE
    if _HALF_ENCODED.search(text):
        return "the address holds a % that begins no %XX", _ENCODE
    if not all(map(_PARAMETER.fullmatch, parameters)):
        return "what follows the ? is not name=value, joined by &", _ENCODE_VALUE
    for host in _hosts(authority).split(","):
        port = re.sub(r"\[[^]]*\]", "", host).partition(":")[2]
        if port and not (port.isdecimal() and 0 < int(port) <= 0xFFFF):  # noqa: PLR2004 -- the largest port
            return "the address has a port that cannot be read", _ENCODE
    return None


def shown_postgres_url(text: str) -> str:
    """Write the address *text*, which has no fault, for people: without secrets."""
    authority, path, parameters = _parts(text)
    user, at, _ = authority.rpartition("@")
    open_ones = [p for p in parameters if p.partition("=")[0] not in _SECRETS]
    rest = f"?{'&'.join(open_ones)}" if open_ones else ""
    return f"postgresql://{user.partition(':')[0]}{at}{_hosts(authority)}{path}{rest}"


def secrets_of_postgres_url(text: str) -> list[str]:
    """Name what must not be shown of the address *text*, as written and as meant."""
    authority, _, parameters = _parts(text)
    pairs = [parameter.partition("=") for parameter in parameters]
    written = [value for name, _, value in pairs if name in _SECRETS]
    written.append(authority.rpartition("@")[0].partition(":")[2])
    return sorted({*written, *map(unquote, written)} - {""}, key=len, reverse=True)


def _parts(text: str) -> tuple[str, str, list[str]]:
    """Part an address into who and where, the path, and the parameters."""
    rest, _, query = text.partition("://")[2].partition("?")
    authority, slash, path = rest.partition("/")
    return authority, slash + path, query.split("&") if query else []


def _hosts(authority: str) -> str:
    return authority.rpartition("@")[2]
