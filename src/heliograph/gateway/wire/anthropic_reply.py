"""Anthropic's whole answer as OpenAI's, and what both readers know of its words.

Only text and calls of tools have a counterpart: thinking, and blocks of tools that
run at the provider, are left out (the gateway asks for neither).
https://docs.anthropic.com/en/api/messages
"""

from msgspec import Raw, Struct, json

from heliograph.gateway.types import Failure, HttpReply, Reply, Usage
from heliograph.gateway.wire.blame import broken, unreadable
from heliograph.gateway.wire.http_date import unix_s
from heliograph.gateway.wire.json_text import UNREADABLE, is_utf8
from heliograph.gateway.wire.openai_usage import Count, service_of, write_usage

FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""`pause_turn` is missing on purpose: OpenAI has no word for a turn to be resumed."""


class OutputDetails(Struct):
    """How many of the output tokens were thought, not said."""

    thinking_tokens: Count | None = None


class Written(Struct):
    """How long what was written to the cache is kept there."""

    ephemeral_1h_input_tokens: Count | None = None


class Tokens(Struct):
    """Anthropic's count: `input_tokens` leaves the cached ones out."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None
    output_tokens_details: OutputDetails | None = None
    cache_creation: Written | None = None
    service_tier: str | None = None

    def after(self, earlier: "Tokens") -> "Tokens":
        """Return this count, with *earlier*'s figures where this one has none."""
        pairs = (
            (getattr(self, n), getattr(earlier, n)) for n in self.__struct_fields__
        )
        return Tokens(*(old if new is None else new for new, old in pairs))

    def usage(self) -> Usage:
        """Return the count as OpenAI does it: all input together."""
        read = self.cache_read_input_tokens or 0
        written = self.cache_creation_input_tokens or 0
        hour = (self.cache_creation or Written()).ephemeral_1h_input_tokens or 0
        details = self.output_tokens_details or OutputDetails()
        return Usage(
            input_tokens=(self.input_tokens or 0) + read + written,
            output_tokens=self.output_tokens or 0,
            cached_tokens=read,
            cache_write_tokens=written,
            reasoning_tokens=details.thinking_tokens or 0,
            cache_write_1h_tokens=hour,
            service=service_of(self.service_tier),
        )


_TOKENS: json.Decoder[Tokens | None] = json.Decoder(Tokens | None)


def read_tokens(raw: Raw) -> Tokens | None:
    """Read a `usage` member; None when it is null or cannot be read.

    An answer is no worse for a usage that cannot be read: it is unknown then.
    """
    try:
        return _TOKENS.decode(raw)
    except UNREADABLE:
        return None


class _Block(Struct):
    type: str
    text: str = ""
    id: str = ""
    name: str = ""
    input: Raw = Raw(b"{}")


class _Message(Struct):
    type: str = ""
    id: str = ""
    model: str = ""
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: Raw = Raw(b"null")
    error: dict[str, Raw] | str | None = None


_MESSAGE = json.Decoder(_Message)


def read_reply(http: HttpReply) -> Reply | Failure:
    """Read a whole answer and write it as a `chat.completion`."""
    try:
        message = _MESSAGE.decode(http.body)
    except UNREADABLE as error:
        return unreadable(http.body, error)
    failure = _unusable(message, http.body)
    if failure is not None:
        return failure
    finish = FINISHES.get(message.stop_reason or "")
    if finish is None:
        return unknown_finish()
    tokens = read_tokens(message.usage)
    usage = tokens.usage() if tokens else None
    created = unix_s(http.headers.get("date", "")) or 0
    body = _write(message, finish, usage=usage, created=created)
    return Reply(body, usage, finish)


def _unusable(message: _Message, body: bytes) -> Failure | None:
    if message.type == "error" or message.error is not None:
        return broken("error_in_200", "The provider answered 200 with an error.")
    if message.content is None:
        return broken("malformed", "The provider's answer holds no content.")
    if message.stop_reason is None:
        return broken("truncated", "The provider's answer has no stop_reason.")
    if not is_utf8(body):
        return broken("not_json", "The provider's answer is not UTF-8.")
    return None


def unknown_finish() -> Failure:
    """Fail an answer whose end we cannot put into OpenAI's words."""
    return broken(
        "unknown_finish", "The provider's answer ended for a reason unknown to us."
    )


def _write(
    message: _Message, finish: str, *, usage: Usage | None, created: int
) -> bytes:
    blocks = message.content or []
    text = "".join(block.text for block in blocks if block.type == "text")
    calls = [_call(block) for block in blocks if block.type == "tool_use"]
    said: dict[str, object] = {
        "role": "assistant",
        "content": None if calls and not text else text,
        "refusal": None,
    }
    if calls:
        said["tool_calls"] = calls
    answer: dict[str, object] = {
        "id": f"chatcmpl-{message.id}",
        "object": "chat.completion",
        "created": created,
        "model": message.model,
        "choices": [
            {"index": 0, "message": said, "logprobs": None, "finish_reason": finish}
        ],
    }
    if usage is not None:
        answer["usage"] = write_usage(usage)
    return json.encode(answer)


def _call(block: _Block) -> dict[str, object]:
    arguments = bytes(block.input).decode()
    return {
        "id": block.id,
        "type": "function",
        "function": {"name": block.name, "arguments": arguments},
    }
