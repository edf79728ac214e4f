"""Which path means which provider, dialect and call."""

import pytest

from heliograph.simulation.providers.routes import dialect_hint, key_of, route
from heliograph.simulation.providers.types import Route


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("POST", "/v1/chat/completions", Route("openai", "openai", "chat")),
        ("POST", "/openai/v1/chat/completions", Route("openai", "openai", "chat")),
        ("POST", "/groq/v1/chat/completions", Route("groq", "openai", "chat")),
        ("POST", "/v1/messages?beta=true", Route("anthropic", "anthropic", "chat")),
        ("POST", "/spare/v1/messages", Route("spare", "anthropic", "chat")),
        (
            "POST",
            "/v1beta/models/gemini-x:generateContent",
            Route("gemini", "gemini", "chat", "gemini-x"),
        ),
        (
            "POST",
            "/g/v1/models/gemini-x:streamGenerateContent?alt=sse&key=k",
            Route("g", "gemini", "chat", "gemini-x", stream=True),
        ),
        (
            "POST",
            "/v1/models/gemini-x:streamGenerateContent",
            Route("gemini", "gemini", "unknown"),
        ),
        ("GET", "/v1/models", Route("openai", "openai", "models")),
        ("GET", "/anthropic/v1/models", Route("anthropic", "anthropic", "models")),
        ("GET", "/v1beta/models?pageSize=5", Route("gemini", "gemini", "models")),
        ("GET", "/v1/chat/completions", Route("openai", "openai", "unknown")),
        ("POST", "/v1/embeddings", Route("openai", "openai", "unknown")),
        ("POST", "/a/b/v1/chat/completions", Route("openai", "openai", "unknown")),
        ("GET", "/", Route("openai", "openai", "unknown")),
    ],
)
def test_a_path_means_a_provider(method: str, target: str, expected: Route) -> None:
    assert route(method, target, "openai") == expected


def test_headers_tell_the_dialect_where_the_path_does_not() -> None:
    assert dialect_hint({b"anthropic-version": b"2023-06-01"}) == "anthropic"
    assert dialect_hint({b"x-goog-api-key": b"k"}) == "gemini"
    assert dialect_hint({}) == "openai"
    assert route("GET", "/v1/models", "anthropic").dialect == "anthropic"


@pytest.mark.parametrize(
    ("headers", "target", "key"),
    [
        ({b"authorization": b"Bearer sk-1"}, "/", "sk-1"),
        ({b"authorization": b"bearer  sk-1 "}, "/", "sk-1"),
        ({b"authorization": b"Basic abc"}, "/", ""),
        ({b"x-api-key": b"sk-ant"}, "/", "sk-ant"),
        ({b"x-goog-api-key": b"g"}, "/", "g"),
        ({}, "/v1beta/models?alt=sse&key=g2", "g2"),
        ({}, "/v1/models", ""),
    ],
)
def test_a_key_is_found_however_it_travels(
    headers: dict[bytes, bytes], target: str, key: str
) -> None:
    assert key_of(headers, target) == key
