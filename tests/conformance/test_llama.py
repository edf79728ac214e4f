"""Failover between two llama.cpp servers: providers that nobody here wrote.

One is reached in OpenAI's dialect, the other in Anthropic's. Both hold the same
model and are asked for its likeliest words, so whoever answers says the same.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam

from conformance.programs import SERVES, Gateway, Program

LLAMA = str(Path(__file__).parent / "llama_server.py")
NAMES = ("llama_openai", "llama_anthropic")
QUESTION: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "You answer in one word."},
    {"role": "user", "content": "What is the capital of France?"},
]
TOKENS = 6
STORY_TOKENS = 300  # more than are held back
WORDS_BEFORE = 20
CONFIG = """\
providers:
  llama_openai:
    base_url: {openai}/v1
    models: [smollm2]
  llama_anthropic:
    base_url: {anthropic}/v1
    dialect: anthropic
    models: [smollm2]
fallbacks:
  - from: {primary}/smollm2
    to: {spare}/smollm2
"""


class Stand(NamedTuple):
    """Two real servers, with the gateway before them."""

    llamas: dict[str, Program]
    gateway: Gateway
    client: openai.OpenAI


class Said(NamedTuple):
    """An answer and what its headers say of who gave it."""

    text: str
    finish: str | None
    tokens: int
    provider: str
    fallback: str
    attempts: str


@pytest.fixture(params=NAMES)
def primary(request: pytest.FixtureRequest) -> str:
    """Return the name of the server that is killed."""
    name: str = request.param
    return name


@pytest.fixture
def stand(primary: str, tmp_path: Path) -> Iterator[Stand]:
    """Start all three; *primary* falls back on the other."""
    (spare,) = set(NAMES) - {primary}
    with Program([LLAMA]) as first, Program([LLAMA]) as second:
        file = tmp_path / "gateway.yaml"
        file.write_text(
            CONFIG.format(
                openai=first.until(SERVES),
                anthropic=second.until(SERVES),
                primary=primary,
                spare=spare,
            )
        )
        direct = openai.DefaultHttpxClient(trust_env=False)
        with (
            Gateway(file) as gateway,
            openai.OpenAI(
                base_url=f"{gateway.url}/v1",
                api_key="any",
                http_client=direct,
                max_retries=0,
            ) as client,
        ):
            llamas = dict(zip(NAMES, (first, second), strict=True))
            yield Stand(llamas, gateway, client)
            assert gateway.stop() == 0


def ask(client: openai.OpenAI, provider: str) -> Said:
    """Get a plain answer."""
    raw = client.chat.completions.with_raw_response.create(
        model=f"{provider}/smollm2",
        messages=QUESTION,
        max_tokens=TOKENS,
        temperature=0,
    )
    reply = raw.parse()
    assert reply.usage
    choice = reply.choices[0]
    text, tokens = choice.message.content or "", reply.usage.completion_tokens
    return Said(text, choice.finish_reason, tokens, *told(raw.headers))


def listen(client: openai.OpenAI, provider: str) -> Said:
    """Get a streamed answer; more than one piece of it has text."""
    raw = client.chat.completions.with_raw_response.create(
        model=f"{provider}/smollm2",
        messages=QUESTION,
        max_tokens=TOKENS,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    with raw.parse() as stream:
        chunks = list(stream)
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    texts = [choice.delta.content for choice in choices if choice.delta.content]
    assert len(texts) > 1
    (usage,) = (chunk.usage for chunk in chunks if chunk.usage)
    (finish,) = (c.finish_reason for c in choices if c.finish_reason)
    return Said("".join(texts), finish, usage.completion_tokens, *told(raw.headers))


def told(headers: object) -> tuple[str, str, str]:
    assert hasattr(headers, "get")
    one, two, three = (
        str(headers.get(f"x-heliograph-{name}"))
        for name in ("provider", "fallback", "attempts")
    )
    return one, two, three


def test_a_real_server_answers_and_when_killed_the_other_does(
    stand: Stand, primary: str
) -> None:
    client = stand.client
    (spare,) = set(NAMES) - {primary}
    well = ask(client, primary)
    assert well.text.strip()
    assert well.tokens == TOKENS or well.finish == "stop"
    assert well[3:] == (primary, "false", "1")
    assert listen(client, primary) == well
    assert ask(client, spare) == well._replace(provider=spare)
    assert listen(client, spare) == well._replace(provider=spare)

    whole = story(client, spare)
    assert story(client, primary, stand.llamas[primary].kill) == whole
    rescued = well._replace(provider=spare, fallback="true", attempts="2")
    assert listen(client, primary) == rescued
    assert ask(client, primary) == rescued


def story(
    client: openai.OpenAI, name: str, after_a_word: Callable[[], object] = bool
) -> tuple[str, str]:
    """Stream a story; what happens *after_a_word* must not be heard in it."""
    stream = client.chat.completions.create(
        model=f"{name}/smollm2",
        messages=[{"role": "user", "content": "Tell me a long story."}],
        max_completion_tokens=STORY_TOKENS,
        temperature=0,
        stream=True,
    )
    texts, finishes = [], []
    for chunk in stream:
        for choice in chunk.choices:
            texts.append(choice.delta.content or "")
            finishes.append(choice.finish_reason)
        if len(texts) == WORDS_BEFORE:
            after_a_word()
    (finish,) = filter(None, finishes)
    return "".join(texts), finish
