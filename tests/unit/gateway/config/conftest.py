"""How the tests of this room read a configuration."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import pytest

from heliograph.gateway.config import Problem, read_text
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config

Read = Callable[..., Config | list[Problem]]

ENVIRON = MappingProxyType(
    {
        "KEY": "secret-one-4711",
        "OTHER_KEY": "secret-two-0815",
        "EMPTY": "",
        "BROKEN": "secret-three\nx",
        "SPACED": "secret four",
        "FOREIGN": "secret-fünf",
        "URL": "https://proxy.example/v1/",
        "URL_WITH_PASSWORD": "https://me:secret-six@proxy.example/v1",
        "ANTHROPIC_KEY_1": "secret-seven-11",
        "ANTHROPIC_KEY_2": "secret-eight-22",
        "OPENAI_KEY": "secret-nine-333",
    }
)


@pytest.fixture
def read() -> Read:
    """Return a reader of text as a file called gateway.yaml."""

    def read_it(
        text: str, environ: Mapping[str, str] = ENVIRON
    ) -> Config | list[Problem]:
        return read_text(
            text, file="gateway.yaml", endpoints=ENDPOINTS, environ=environ
        )

    return read_it
