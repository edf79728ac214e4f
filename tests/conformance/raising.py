"""One question by each SDK: what it says, or what it raises."""

from collections.abc import Callable
from typing import NamedTuple

import anthropic
import openai
from google import genai
from google.genai import errors, types


class Raised(NamedTuple):
    """What an SDK raises, in words that all have."""

    kind: type[Exception]
    status: int
    said: str


def by_openai(url: str, key: str, model: str) -> Raised | str:
    direct = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key, http_client=direct) as client:
        try:
            answer = client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": "hello there"}]
            )
        except openai.APIStatusError as error:
            return Raised(type(error), error.status_code, f"{error!r} {error.body}")
    return answer.choices[0].message.content or ""


def by_anthropic(url: str, key: str, model: str) -> Raised | str:
    direct = anthropic.DefaultHttpxClient(trust_env=False)
    with anthropic.Anthropic(base_url=url, api_key=key, http_client=direct) as client:
        try:
            answer = client.messages.create(
                model=model,
                max_tokens=50,
                messages=[{"role": "user", "content": "hello there"}],
            )
        except anthropic.APIStatusError as error:
            return Raised(type(error), error.status_code, f"{error!r} {error.body}")
    return "".join(block.text for block in answer.content if block.type == "text")


def by_google(url: str, key: str, model: str) -> Raised | str:
    options = types.HttpOptions(base_url=url, client_args={"trust_env": False})
    with genai.Client(api_key=key, http_options=options) as client:
        try:
            answer = client.models.generate_content(model=model, contents="hello there")
        except errors.APIError as error:
            return Raised(type(error), error.code, f"{error!r} {error.details}")
    return answer.text or ""


Ask = Callable[[str, str, str], Raised | str]
"""Asks at an address, with a key, for a model."""
