"""How a key is put on a request."""

import pytest
from msgspec.structs import replace

from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.providers.signing import auth_headers
from heliograph.gateway.types import Key, Secret

KEY = Key("x#1", Secret("s3cret"))


@pytest.mark.parametrize(
    ("provider", "headers"),
    [
        ("openai", (("authorization", "Bearer s3cret"),)),
        ("anthropic", (("x-api-key", "s3cret"),)),
        ("ollama", ()),
    ],
)
def test_a_key_travels_as_the_row_says(
    provider: str, headers: tuple[tuple[str, str], ...]
) -> None:
    assert auth_headers(ENDPOINTS[provider], KEY) == headers


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_without_a_key_there_is_no_header(provider: str) -> None:
    assert auth_headers(ENDPOINTS[provider], None) == ()


def test_a_way_that_is_not_known_is_refused_without_the_key() -> None:
    with pytest.raises(ValueError, match="neither bearer nor header") as error:
        auth_headers(replace(ENDPOINTS["openai"], auth="basic"), KEY)
    assert "s3cret" not in str(error.value)
