"""The article's gateway between the official SDKs and simulated providers."""

import base64
import io
from collections.abc import Iterator

import openai
import pytest
from PIL import Image, ImageDraw

from conformance.fresh_gateway import fresh_gateway
from conformance.programs import ARTICLE, Gateway, Providers
from gateway.running import CLAUDE_FIRST, config_of, plain

KEYS = {
    "ANTHROPIC_KEY_1": "sk-ant-made-up-one1",
    "ANTHROPIC_KEY_2": "sk-ant-made-up-two2",
    "OPENAI_KEY": "sk-made-up-three3",
}


@pytest.fixture(scope="session")
def providers() -> Iterator[Providers]:
    """Run the simulated providers once for each worker."""
    with Providers() as sim:
        yield sim


@pytest.fixture
def sim(providers: Providers) -> Providers:
    """Return well-behaved providers that have seen nothing."""
    providers.misbehave()
    return providers


@pytest.fixture
def gateway(sim: Providers) -> Iterator[Gateway]:
    """Run the gateway with the article's file: one that has learnt nothing yet."""
    addresses = {
        "ANTHROPIC_BASE_URL": f"{sim.url}/anthropic",
        "OPENAI_BASE_URL": f"{sim.url}/openai/v1",
    }
    with Gateway(ARTICLE, {**KEYS, **addresses}) as started:
        yield started
        assert started.stop() == 0


@pytest.fixture
def door(sim: Providers) -> Iterator[str]:
    """Return the address of a gateway that has learnt nothing and passes breaks on."""
    with fresh_gateway(plain(config_of(CLAUDE_FIRST, sim.url))) as url:
        yield url


@pytest.fixture
def rescuing_door(sim: Providers) -> Iterator[str]:
    """Return the address of a gateway that has learnt nothing and repairs breaks."""
    with fresh_gateway(config_of(CLAUDE_FIRST, sim.url)) as url:
        yield url


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    """Return the official client as it comes, retries of its own included."""
    # A proxy in the environment of whoever runs the tests is not asked.
    direct = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1", api_key="any", http_client=direct
    ) as made:
        yield made


@pytest.fixture(scope="session")
def picture() -> str:
    """Return a data URI: one light shape at the top left of a grey scene."""
    made = Image.new("L", (320, 240), 128)
    ImageDraw.Draw(made).rectangle((20, 10, 60, 90), fill=230)
    out = io.BytesIO()
    made.save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode()}"
