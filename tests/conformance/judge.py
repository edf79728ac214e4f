"""What an official SDK for Python makes of streams: `python judge.py SDK`.

A program of its own, so that any version of an SDK can run it in its own environment.
Standard input: a list of {"name", "base_url", "model", "tokens_max", "timeout_s"}.
Standard output: the SDK's version, then a line of JSON for each of them.
"""

import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any, NamedTuple

QUESTION = "what ran up the clock?"
AT_ONCE = 4


class Said(NamedTuple):
    """A piece of an answer: some text, or how it finished."""

    text: str
    finish: str | None


class Ask(NamedTuple):
    """One stream to listen to, and for how long at most."""

    name: str
    base_url: str
    model: str
    tokens_max: int
    timeout_s: float


Listen = Callable[[Ask], Iterator[Said]]


def openai_sdk() -> tuple[str, Listen]:
    """Listen as the guide of the openai package does."""
    import openai  # noqa: PLC0415 - the others are not in every environment

    direct = openai.DefaultHttpxClient(trust_env=False)
    client = openai.OpenAI(api_key="any", max_retries=0, http_client=direct)

    def listen(ask: Ask) -> Iterator[Said]:
        with client.with_options(base_url=ask.base_url).chat.completions.create(
            model=ask.model,
            messages=[{"role": "user", "content": QUESTION}],
            max_tokens=ask.tokens_max,
            timeout=ask.timeout_s,
            stream=True,
        ) as stream:
            for chunk in stream:
                for choice in chunk.choices or ():
                    yield Said(choice.delta.content or "", choice.finish_reason)

    return openai.__version__, listen


def anthropic_sdk() -> tuple[str, Listen]:
    """Listen as the guide of the anthropic package does."""
    import anthropic  # noqa: PLC0415 - the same

    direct = anthropic.DefaultHttpxClient(trust_env=False)
    client = anthropic.Anthropic(api_key="any", max_retries=0, http_client=direct)

    def listen(ask: Ask) -> Iterator[Said]:
        with client.with_options(base_url=ask.base_url).messages.stream(
            model=ask.model,
            messages=[{"role": "user", "content": QUESTION}],
            max_tokens=ask.tokens_max,
            timeout=ask.timeout_s,
        ) as stream:
            for text in stream.text_stream:
                yield Said(text, None)
            yield Said("", stream.get_final_message().stop_reason)

    return anthropic.__version__, listen


def google_sdk() -> tuple[str, Listen]:
    """Listen as the guide of the google-genai package does."""
    from google import genai  # noqa: PLC0415 - the same
    from google.genai import types  # noqa: PLC0415 - the same

    direct = types.HttpOptions(client_args={"trust_env": False})
    client = genai.Client(api_key="any", http_options=direct)

    def listen(ask: Ask) -> Iterator[Said]:
        options = types.HttpOptions(
            base_url=ask.base_url, timeout=int(ask.timeout_s * 1000)
        )
        config = types.GenerateContentConfig(
            max_output_tokens=ask.tokens_max, http_options=options
        )
        for chunk in client.models.generate_content_stream(
            model=ask.model, contents=QUESTION, config=config
        ):
            [candidate] = chunk.candidates or [types.Candidate()]
            finish = candidate.finish_reason
            yield Said(chunk.text or "", finish.value if finish else None)

    return genai.__version__, listen


SDKS = {"openai": openai_sdk, "anthropic": anthropic_sdk, "google": google_sdk}


def judge(listen: Listen, ask: Ask) -> dict[str, Any]:
    """Listen to one stream; tell what was said, how it finished, and any error."""
    text, finish, error = "", None, None
    try:
        for said in listen(ask):
            text += said.text
            finish = said.finish or finish
    except Exception as raised:  # noqa: BLE001 - which it is, is what is asked here
        error = type(raised).__name__
    return {"name": ask.name, "text": text, "finish": finish, "error": error}


def main() -> None:
    """Judge what is asked on standard input."""
    todo = iter([Ask(**told) for told in json.load(sys.stdin)])
    sdk = SDKS[sys.argv[1]]

    def work() -> list[dict[str, Any]]:
        # A client for each thread: what the collector closes in the middle of httpx's
        # pool may want the pool's lock, and waits for itself for ever.
        _, listen = sdk()
        return [judge(listen, ask) for ask in todo]

    with ThreadPoolExecutor(AT_ONCE) as threads:
        works = [threads.submit(work) for _ in range(AT_ONCE)]
    sys.stdout.write(f"{sdk()[0]}\n")
    for seen in chain.from_iterable(done.result() for done in works):
        sys.stdout.write(f"{json.dumps(seen)}\n")


if __name__ == "__main__":
    main()
