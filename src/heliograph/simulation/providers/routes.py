"""Which provider, dialect and call a request's path means.

A path may begin with `/NAME`, so that one server stands for many providers.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import parse_qs, unquote

from heliograph.simulation.providers import anthropic_wire, gemini_wire, openai_wire
from heliograph.simulation.providers.types import DialectName, Route, Wire

WIRES: Mapping[DialectName, Wire] = MappingProxyType(
    {"openai": openai_wire, "anthropic": anthropic_wire, "gemini": gemini_wire}
)
MODELS: Mapping[DialectName, tuple[str, ...]] = MappingProxyType(
    {
        "openai": ("gpt-4o", "gpt-4o-mini"),
        "anthropic": ("claude-sonnet-4-6", "claude-haiku-4-5"),
        "gemini": ("gemini-2.5-flash", "gemini-2.5-pro"),
    }
)
_PATH = re.compile(r"(?:/(?P<name>[^/]+))??(?P<rest>/v1(?:beta)?(?:/.*)?)")
_GENERATE = re.compile(
    r"/v1(?:beta)?/models/(.+):(generateContent|streamGenerateContent)"
)
_KEY_HEADERS = (b"x-api-key", b"x-goog-api-key")


def dialect_hint(headers: Mapping[bytes, bytes]) -> DialectName:
    """Guess the dialect by headers, where the path alone does not tell."""
    if b"anthropic-version" in headers:
        return "anthropic"
    return "gemini" if b"x-goog-api-key" in headers else "openai"


@lru_cache(maxsize=1024)
def route(method: str, target: str, hint: DialectName) -> Route:
    """Read *target* (path and query). Unknown paths have the call `unknown`."""
    path, _, query = target.partition("?")
    found = _PATH.fullmatch(unquote(path))
    if found is None:
        return Route(hint, hint, "unknown")
    name, rest = found["name"], found["rest"]
    if rest.startswith("/v1beta"):
        hint = "gemini"
    elif hint == "openai":
        hint = next((dialect for dialect in WIRES if dialect == name), "openai")
    if method == "POST":
        return _chat(name, rest, query, hint)
    call = "models" if rest in ("/v1/models", "/v1beta/models") else "unknown"
    return Route(name or hint, hint, "models" if call == "models" else "unknown")


def _chat(name: str | None, rest: str, query: str, hint: DialectName) -> Route:
    if rest == "/v1/chat/completions":
        return Route(name or "openai", "openai", "chat")
    if rest == "/v1/messages":
        return Route(name or "anthropic", "anthropic", "chat")
    generate = _GENERATE.fullmatch(rest)
    if generate is None:
        return Route(name or hint, hint, "unknown")
    stream = generate[2] == "streamGenerateContent"
    if stream and parse_qs(query).get("alt") != ["sse"]:
        return Route(name or "gemini", "gemini", "unknown")
    return Route(name or "gemini", "gemini", "chat", generate[1], stream)


def key_of(headers: Mapping[bytes, bytes], target: str) -> str:
    """Return the key a request carries, however it travels; empty when none."""
    for header in _KEY_HEADERS:
        if value := headers.get(header):
            return value.decode("latin-1")
    bearer = headers.get(b"authorization", b"")
    if bearer[:7].lower() == b"bearer ":
        return bearer[7:].strip().decode("latin-1")
    if "key=" in target:
        return parse_qs(target.partition("?")[2]).get("key", [""])[0]
    return ""
