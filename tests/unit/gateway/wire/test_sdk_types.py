"""The vendors' own types as judges of what we write."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pytest
from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import TypeAdapter, ValidationError

from heliograph.gateway.types import Reply
from heliograph.gateway.wire.anthropic_messages import decode, encode, stream
from wire_cases import ANTHROPIC, FACTS, PNG, body_of, chat_of, chunks, ok, tell

PLAIN: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsNonStreaming)
STREAMED: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsStreaming)
TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "does f", "parameters": {}},
}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
LINK = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
TALK = [
    {"role": "system", "content": "be brief"},
    {"role": "user", "content": [{"type": "text", "text": "see"}, PICTURE, LINK]},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "done"},
]


def exhaust(validated: object) -> object:
    """Look at all of it: pydantic judges the items of an iterable when asked for."""
    if isinstance(validated, Mapping):
        return {name: exhaust(value) for name, value in validated.items()}
    if isinstance(validated, Iterator | list | tuple):
        return [exhaust(value) for value in validated]
    return validated


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"messages": TALK},
        {"messages": TALK, "tools": [TOOL], "tool_choice": "required"},
        {"tools": [TOOL], "parallel_tool_calls": False, "stop": "x", "user": "u"},
        {"max_tokens": 3, "stop": ["a", "b"]},
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_requests_are_what_anthropics_sdk_would_send(
    members: dict[str, object],
    streamed: bool,  # noqa: FBT001 - pytest passes by name
) -> None:
    chat = chat_of(stream=streamed, **members)
    body = body_of(encode(chat, "claude", ANTHROPIC, FACTS))
    judge = STREAMED if streamed else PLAIN
    assert exhaust(judge.validate_python(body)) == body


def test_the_judge_can_say_no() -> None:
    body = body_of(encode(chat_of(messages=TALK), "claude", ANTHROPIC, FACTS))
    body["messages"][0]["content"][1]["source"]["media_type"] = "image/bmp"
    with pytest.raises(ValidationError):
        exhaust(PLAIN.validate_python(body))


USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}
TEXT = {"type": "text", "text": "hello"}
USED = {"input_tokens": 1, "output_tokens": 2}


@pytest.mark.parametrize("content", [[], [TEXT], [USE], [TEXT, USE]])
def test_answers_are_chat_completions(content: list[object]) -> None:
    answer = {"id": "m", "type": "message", "model": "c", "stop_reason": "end_turn"}
    reply = decode(ok({**answer, "content": content, "usage": USED}), chat_of())
    assert isinstance(reply, Reply)
    read = ChatCompletion.model_validate_json(reply.body, strict=True)
    assert read.choices[0].finish_reason == "stop"
    assert read.usage is not None
    assert read.usage.total_tokens == 3
    assert bool(read.choices[0].message.tool_calls) is (USE in content)


@pytest.mark.parametrize("options", [None, {"include_usage": True}])
def test_chunks_are_chat_completion_chunks(options: object) -> None:
    events: list[dict[str, object]] = [
        {"type": "message_start", "message": {"id": "m", "model": "c", "usage": USED}},
        {"type": "content_block_start", "index": 0, "content_block": TEXT},
        {"type": "content_block_start", "index": 1, "content_block": USE},
        {"type": "content_block_stop", "index": 1},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    ]
    wire = b"".join(b"data: %s\n\n" % json.dumps(event).encode() for event in events)
    told = tell(partial(stream, chat_of(stream=True, stream_options=options)), wire)
    assert told.complete
    read = [
        ChatCompletionChunk.model_validate_json(json.dumps(chunk), strict=True)
        for chunk in chunks(told.out)
    ]
    finishes = [c.finish_reason for chunk in read for c in chunk.choices]
    assert finishes == [None] * 4 + ["tool_calls"]
    assert (read[-1].usage is not None) is (options is not None)
