"""What the drill's tests are made of."""

from pathlib import Path

from heliograph.drill.casting import Cast
from heliograph.drill.play import Row, Tried
from heliograph.drill.reading import script_of
from heliograph.drill.script import Script
from heliograph.gateway.config import Problem, read_data
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config

ROOT = Path(__file__).resolve().parents[1]
KEYS = {
    "ANTHROPIC_KEY_1": "sk-ant-secret-one",
    "ANTHROPIC_KEY_2": "sk-ant-secret-two",
    "OPENAI_KEY": "sk-oai-secret-one",
}
SHORT = """
name: Short
traffic: {requests_per_s: 4, answer_words: 5, stream_share: 0.5}
phases:
  - {name: before, lasts_s: 10}
  - name: down
    lasts_s: 10
    rules: [{when: {provider: primary}, fault: {status: 503}}]
  - {name: after, lasts_s: 10}
objectives: {availability: 1, silent_truncations: 0}
"""


def article() -> Config:
    """Read the article's config."""
    data = (ROOT / "examples" / "gateway" / "article.yaml").read_bytes()
    return config_of(data)


def config_of(data: bytes) -> Config:
    """Read a good config."""
    read = read_data(data, file="gateway.yaml", endpoints=ENDPOINTS, environ=KEYS)
    assert isinstance(read, Config), read
    return read


def good(text: str = SHORT, config: Config | None = None) -> tuple[Script, Cast]:
    """Read a script without mistakes."""
    read = script_of(text, "drill.yaml", config or article())
    assert isinstance(read, tuple), read
    return read


def mistakes(text: str, config: Config | None = None) -> list[Problem]:
    """Read a script with mistakes."""
    read = script_of(text, "drill.yaml", config or article())
    assert isinstance(read, list), read
    return read


def row(at_s: float, provider: str | None = "anthropic", latency_s: float = 1.0) -> Row:
    """Make a request that *provider* answered at once; None: nobody did."""
    verdict = "whole" if provider else "refused"
    tried = (Tried(at_s, provider or "anthropic", None, None if provider else "x"),)
    return Row(
        at_s,
        stream=False,
        latency_s=latency_s,
        verdict="whole" if verdict == "whole" else "refused",
        status=200 if provider else 502,
        provider=provider,
        tried=tried,
    )
