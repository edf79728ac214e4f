"""What a request uses before anybody has counted: likely, and at worst.

Pure, and without a tokenizer: a token is at least one byte of UTF-8, and on average
some four. Pictures are counted by their vendor's rule. What is no text (audio, files)
is estimated too high rather than too low.
"""

import re

from msgspec import Struct

from heliograph.gateway.catalog.picture_size import size_of
from heliograph.gateway.catalog.picture_tokens import Detail, picture_tokens
from heliograph.gateway.types import Chat, Price, Usage

BYTES_PER_TOKEN = 4
TOOLS_TOKENS = 1024
"""What a vendor may put before a prompt that names tools:
https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview#pricing"""

_BESIDE = ("tools", "functions", "response_format", "prediction")
_URL = b'"url"'
_HEARD = b'"input_audio"'
_KEPT = b'"cache_control"'
_PICTURED = b'"image_url"'
_VALUE = re.compile(rb'\s*:\s*"')
_DETAIL = re.compile(rb'"detail"\s*:\s*"(\w+)"')
_PICTURE = b"data:image"
_AROUND = 64
_AUDIO = re.compile(rb'"data"\s*:\s*"([A-Za-z0-9+/=\\]*)"')
_AUDIO_CHARS_LEAST = 8  # for one token: no codec takes so few
_AUDIO_CHARS_USUAL = 400


class Input(Struct, frozen=True):
    """The tokens of a prompt: likely, and at worst; *kept*: a cache is to keep it."""

    likely: int
    worst: int
    kept: bool = False


def input_of(chat: Chat, vendor: str, model: str) -> Input:
    """Estimate the prompt of *chat* for *model* of *vendor* (empty: nobody known)."""
    fields = chat.fields
    messages = bytes(fields["messages"])
    size, likely, worst = len(messages), 0, 0
    for name in _BESIDE:
        if name in fields:
            size += len(memoryview(fields[name]))
    if "tools" in fields or "functions" in fields:
        worst += TOOLS_TOKENS
    if _URL not in messages and _HEARD not in messages:
        return Input(text_tokens(size), worst + size, _KEPT in messages)
    vendor, model = lineage(vendor, model)
    for payload, tokens in _parts(messages, vendor, model):
        size -= payload
        likely += tokens[0]
        worst += tokens[1]
    return Input(likely + text_tokens(size), worst + size, _KEPT in messages)


def text_tokens(size: int) -> int:
    """Say how many tokens a text of so many bytes is likely to be."""
    return -(-size // BYTES_PER_TOKEN)


def lineage(vendor: str, model: str) -> tuple[str, str]:
    """Name who made a model that somebody else hosts as `vendor/model`."""
    maker, slash, name = model.partition("/")
    if vendor != "openrouter" or not slash:
        return vendor, model
    name = name.partition(":")[0]
    return maker, name.replace(".", "-") if maker == "anthropic" else name


def likely_usage(chat: Chat, told: Usage | None, source: tuple[str, str],
                 said_bytes: int) -> Usage:  # fmt: skip
    """Say what a call has likely used that broke after *said_bytes* of text.

    What the provider has *told* by then counts, but for its output it is a beginning.
    """
    output = text_tokens(said_bytes)
    if chat.max_tokens is not None:
        output = min(output, chat.max_tokens)
    if told is None:
        return Usage(input_of(chat, *source).likely, output)
    return Usage(
        told.input_tokens,
        max(told.output_tokens, output),
        cached_tokens=told.cached_tokens,
        cache_write_tokens=told.cache_write_tokens,
        cache_write_1h_tokens=told.cache_write_1h_tokens,
        service=told.service,
    )


def is_untold(price: Price, usage: Usage, chat: Chat) -> bool:
    """Tell whether tokens of another rate were used that *usage* does not tell apart.

    Gemini's answers in OpenAI's shape, say, do not count what was heard.
    """
    rates = price.rates
    if rates.picture_output != rates.output and not usage.picture_output_tokens:
        return True
    heard = rates.audio_input != rates.input and not usage.audio_input_tokens
    seen = rates.picture_input != rates.input and not usage.picture_input_tokens
    if not heard and not seen:
        return False
    messages = bytes(chat.fields["messages"])
    return (heard and _HEARD in messages) or (seen and _PICTURED in messages)


def _parts(
    messages: bytes, vendor: str, model: str
) -> list[tuple[int, tuple[int, int]]]:
    """Find what is no text: how many bytes of it are payload, and its tokens.

    A quote inside a JSON text is escaped, so that nothing a caller *says* is taken for
    a picture.
    """
    found = []
    at = messages.find(_URL)
    while at >= 0:
        value = _VALUE.match(messages, at + len(_URL))
        end = at + len(_URL)
        if value is not None:
            end = max(messages.find(b'"', value.end()), end)
            part = _picture(messages, at, value.end(), end, (vendor, model))
            if part is not None:
                found.append(part)
        at = messages.find(_URL, end)
    if _HEARD in messages:
        for audio in _AUDIO.finditer(messages, messages.find(_HEARD)):
            chars = len(audio.group(1))
            tokens = (chars // _AUDIO_CHARS_USUAL, chars // _AUDIO_CHARS_LEAST)
            found.append((chars, tokens))
    return found


def _picture(
    messages: bytes, key: int, begin: int, end: int, source: tuple[str, str]
) -> tuple[int, tuple[int, int]] | None:
    """Count the picture whose URL stands there; None when it is another URL."""
    detail = _detail(messages, key, end)
    if messages[begin : begin + 4].lower() == b"http":
        return 0, picture_tokens(*source, None, detail)
    comma = messages.find(b",", begin, end)
    if not messages.startswith(_PICTURE, begin) or comma < 0:
        return None
    payload = memoryview(messages)[comma + 1 : end]
    size = len(payload)
    if messages.find(b"\\", comma, end) >= 0:  # as PHP writes it: `\/`
        payload = memoryview(bytes(payload).replace(b"\\/", b"/"))
    return size, picture_tokens(*source, size_of(payload), detail)


def _detail(messages: bytes, key: int, end: int) -> Detail:
    """Read the detail beside a URL; the dearest, when it is said twice."""
    before = messages[max(0, key - _AROUND) : key].rpartition(b"{")[2]
    after = messages[end : end + _AROUND].partition(b"}")[0]
    said = {*_DETAIL.findall(before), *_DETAIL.findall(after)}
    if said == {b"low"}:
        return "low"
    return "high" if said and said <= {b"low", b"high"} else "auto"
