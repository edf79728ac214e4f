"""Calls with a cost that was worked out by hand, from the vendors' public price pages.

A case says what the provider counted, in its own words, and the sum as a person writes
it: tokens x dollars per million, added up. `nano` is that sum in nano-dollars, reckoned
by hand as well; the tests compare the two, and both with what the gateway says.

Joined answers and answers out of a cache have no case: the gateway has neither yet.
"""

import base64
import json
from struct import pack
from typing import Any, NamedTuple

PAGES = {
    "openai": "https://developers.openai.com/api/docs/pricing",
    "anthropic": "https://platform.claude.com/docs/en/about-claude/pricing",
    "gemini": "https://ai.google.dev/gemini-api/docs/pricing",
    "xai": "https://docs.x.ai/docs/models",
    "deepseek": "https://api-docs.deepseek.com/quick_start/pricing",
    "mistral": "https://mistral.ai/pricing/api",
    "groq": "https://console.groq.com/docs/models",
    "openrouter": "https://openrouter.ai/models",
    "together": "https://www.together.ai/pricing",
    "cerebras": "https://www.cerebras.ai/pricing",
}
CONFIG = "docs/guide/configuration.md#a-price"
VISION = {
    "openai": "https://developers.openai.com/api/docs/guides/images-vision",
    "anthropic": "https://platform.claude.com/docs/en/build-with-claude/vision",
    "gemini": "https://ai.google.dev/gemini-api/docs/image-understanding",
}
HELLO = [{"role": "user", "content": "hello there"}]
NOTHING_MORE: dict[str, Any] = {}


class Case(NamedTuple):
    """One call: what was counted, and what it costs."""

    name: str
    target: str
    usage: dict[str, Any] | None
    by_hand: str
    nano: int | None
    basis: str = "usage"
    at: str = "2026-11-26T12:00:00"
    members: dict[str, Any] = NOTHING_MORE
    messages: list[Any] = HELLO
    page: str = ""

    @property
    def provider(self) -> str:
        """The provider's name in the config."""
        return self.target.partition("/")[0]

    @property
    def source(self) -> str:
        """Where the rates, or the rule, can be read."""
        return self.page or PAGES[self.provider]


def counted(read: int, said: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Count as OpenAI does; *more* are parts of the two, or other members."""
    prompt = {name: more.pop(name) for name in PROMPT if name in more}
    completion = {name: more.pop(name) for name in COMPLETION if name in more}
    if "heard" in more:
        prompt["audio_tokens"] = more.pop("heard")
    return {
        "prompt_tokens": read,
        "completion_tokens": said,
        "total_tokens": read + said,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": completion,
        **more,
    }


PROMPT = ("cached_tokens", "cache_write_tokens")
COMPLETION = ("reasoning_tokens", "audio_tokens", "rejected_prediction_tokens")


def claude(read: int, said: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Count as Anthropic does: what a cache was read or written stands beside."""
    return {"input_tokens": read, "output_tokens": said, **more}


def showing(size: tuple[int, int], **more: str) -> list[Any]:
    """Ask with a picture of that size: its header is all that anybody reads of it.

    Without the picture this is 102 bytes of JSON, 26 tokens; 119 and 30 with a detail
    of three letters.
    """
    data = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + pack(">II", *size) + b"\x08\2\0\0\0abcd"
    url = "data:image/png;base64," + base64.b64encode(data).decode()
    part = {"type": "image_url", "image_url": {"url": url, **more}}
    return [{"role": "user", "content": [part]}]


HEARD = [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]
assert len(json.dumps(showing((9, 9)))) - 44 == 102
assert len(json.dumps(showing((9, 9), detail="low"))) - 44 == 119
