"""The `base_url` of a provider."""

from urllib.parse import SplitResult, urlsplit

from heliograph.gateway.config.document import Node
from heliograph.gateway.config.keys import resolve
from heliograph.gateway.config.values import Reading

_EXAMPLE = 'write it like "https://host.example/v1"'


def read_base_url(reading: Reading, node: Node, key: str) -> str | None:
    """Read an address without a slash at its end.

    What was written is never repeated: it may hold a password.
    """
    text = resolve(reading, node, key, what="an address")
    if text is None:
        return None
    fault = _fault_of(text)
    if fault is not None:
        reading.report(node, key, fault[0], fix=fault[1])
        return None
    return text.rstrip("/")


def _fault_of(text: str) -> tuple[str, str] | None:
    """Return message and fix for what is wrong with the address *text*."""
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


def _fault_of_rest(parts: SplitResult, port: int | None) -> tuple[str, str] | None:
    if not parts.hostname or port == 0:
        return "the address has no host, or port 0", _EXAMPLE
    if parts.query or parts.fragment:
        return "the address holds a ? or #", "end it with the path, such as /v1"
    return None
