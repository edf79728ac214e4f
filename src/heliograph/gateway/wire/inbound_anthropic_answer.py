"""OpenAI's whole answer as Anthropic's, and what both writers know of its words.

https://docs.anthropic.com/en/api/messages
"""

from collections.abc import Mapping

from msgspec import Raw, json

from heliograph.gateway.types import Failure, Usage
from heliograph.gateway.wire.anthropic_reply import unknown_finish
from heliograph.gateway.wire.completion import (
    CHAT_PREFIX,
    Answered,
    Call,
    Said,
    message_calls,
    usable_calls,
)

STOP_REASONS: Mapping[str, str] = {
    "stop": "end_turn",
    "eos": "end_turn",
    "length": "max_tokens",
    "model_length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def stop_reason(finish: str, *, called: bool, refused: bool) -> str | None:
    """Say OpenAI's *finish* in Anthropic's words; None when it has none.

    OpenAI says `stop` also after a call that was demanded by name.
    """
    if refused:
        return "refusal"
    if called and finish == "stop":
        return "tool_use"
    return STOP_REASONS.get(finish)


def write_answer(completion: Answered) -> bytes | Failure:
    """Write a `message`."""
    choice = completion.first
    said = (choice.message if choice else None) or Said()
    finish = (choice.finish_reason if choice else None) or ""
    calls = usable_calls(message_calls(said), finish)
    if isinstance(calls, Failure):
        return calls
    reason = stop_reason(finish, called=bool(calls), refused=bool(said.refusal))
    if reason is None:
        return unknown_finish()
    texts = [text for text in (said.text, said.refusal) if text]
    blocks: list[dict[str, object]] = [{"type": "text", "text": t} for t in texts]
    blocks += [_tool_use(call, completion.id) for call in calls]
    message = write_message(completion, blocks)
    message |= {"stop_reason": reason, "usage": write_usage(completion.counted)}
    return json.encode(message)


def write_message(
    completion: Answered, blocks: list[dict[str, object]]
) -> dict[str, object]:
    """Write a message as it begins: no reason to stop, nothing counted."""
    return {
        "id": message_id(completion.id),
        "type": "message",
        "role": "assistant",
        "model": completion.model,
        "content": blocks,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": write_usage(None),
    }


def message_id(completion_id: str) -> str:
    """Name the message as Anthropic would; one of its own keeps its name."""
    name = completion_id.removeprefix(CHAT_PREFIX)
    return name if name.startswith("msg_") else f"msg_{name}"


def call_id(call: Call, completion_id: str) -> str:
    """Name the call; one that came without a name gets one no other call has."""
    return call.id or f"toolu_{message_id(completion_id)}_{call.place}"


def write_usage(usage: Usage | None) -> dict[str, object]:
    """Count as Anthropic does: what a cache was read or written stands beside."""
    used = usage or Usage()
    beside = used.cached_tokens + used.cache_write_tokens
    return {
        "input_tokens": max(used.input_tokens - beside, 0),
        "cache_creation_input_tokens": used.cache_write_tokens,
        "cache_read_input_tokens": used.cached_tokens,
        "output_tokens": used.output_tokens,
    }


def _tool_use(call: Call, completion_id: str) -> dict[str, object]:
    return {
        "type": "tool_use",
        "id": call_id(call, completion_id),
        "name": call.name,
        "input": Raw((call.arguments or "{}").encode()),
    }
