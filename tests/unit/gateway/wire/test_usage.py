"""What decoders read of a usage that changes what a call costs."""

import json
from typing import Any

import pytest
from msgspec import Raw

from heliograph.gateway.types import Reply, Usage
from heliograph.gateway.wire.dialects import DIALECTS
from heliograph.gateway.wire.inbound_anthropic_answer import write_usage
from heliograph.gateway.wire.openai_usage import read_usage
from wire_cases import chat_of, ok

OPENAI, ANTHROPIC = DIALECTS["openai"], DIALECTS["anthropic"]
CHOICE = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "model": "m",
    "content": [{"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
}


def openai_usage(usage: dict[str, object], **members: object) -> Usage | None:
    body = {"choices": [CHOICE], "usage": usage, **members}
    reply = OPENAI.decode(ok(body), chat_of())
    assert isinstance(reply, Reply)
    streamed = OPENAI.stream(chat_of(stream=True))
    events: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": "hi"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": usage, **members},
    ]
    for event in events:
        streamed.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert streamed.usage == reply.usage
    return reply.usage


def anthropic_usage(usage: dict[str, object]) -> Usage | None:
    reply = ANTHROPIC.decode(ok({**MESSAGE, "usage": usage}), chat_of())
    assert isinstance(reply, Reply)
    return reply.usage


def test_openai_tells_audio_pictures_and_what_was_written_to_its_cache() -> None:
    details = {
        "cached_tokens": 10,
        "cache_write_tokens": 20,
        "audio_tokens": 30,
        "image_tokens": 5,
    }
    said = {"reasoning_tokens": 4, "audio_tokens": 3, "image_tokens": 2}
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "total_tokens": 150,
        "prompt_tokens_details": details,
        "completion_tokens_details": said,
    }
    assert openai_usage(usage) == Usage(
        100,
        50,
        cached_tokens=10,
        cache_write_tokens=20,
        reasoning_tokens=4,
        audio_input_tokens=30,
        audio_output_tokens=3,
        picture_input_tokens=5,
        picture_output_tokens=2,
    )


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        # xAI's own example: https://docs.x.ai/docs/guides/reasoning
        (
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 135,
                "completion_tokens_details": {"reasoning_tokens": 94},
            },
            Usage(32, 103, reasoning_tokens=94),
        ),
        # Gemini tells no detail at all: https://ai.google.dev/gemini-api/docs/openai
        (
            {"prompt_tokens": 8, "completion_tokens": 9, "total_tokens": 344},
            Usage(8, 336, reasoning_tokens=327),
        ),
        ({"prompt_tokens": 8, "completion_tokens": 9, "total_tokens": 3}, Usage(8, 9)),
    ],
)
def test_what_was_thought_is_output_also_where_only_the_total_has_it(
    usage: dict[str, object], read: Usage
) -> None:
    assert openai_usage(usage) == read


@pytest.mark.parametrize(
    ("told", "service"),
    [("default", ""), ("priority", "priority"), ("flex", "flex"), (None, "")],
)
def test_the_service_that_answered_is_told_where_it_has_another_price(
    told: str | None, service: str
) -> None:
    usage: dict[str, object] = {"prompt_tokens": 1, "completion_tokens": 1}
    assert openai_usage(usage, service_tier=told) == Usage(1, 1, service=service)
    counted: dict[str, object] = {
        "input_tokens": 1,
        "output_tokens": 1,
        "service_tier": told,
    }
    assert anthropic_usage(counted) == Usage(1, 1, service=service)


def test_a_service_that_cannot_be_read_makes_the_usage_unknown() -> None:
    assert openai_usage({"prompt_tokens": 1}, service_tier=7) is None
    assert anthropic_usage({"input_tokens": 1, "service_tier": {}}) is None
    assert read_usage(Raw(b'{"prompt_tokens":1}'), Raw(b"[]")) is None


def test_anthropic_tells_how_long_its_cache_keeps_what_was_written() -> None:
    # https://platform.claude.com/docs/en/build-with-claude/prompt-caching
    usage = {
        "input_tokens": 2048,
        "cache_read_input_tokens": 1800,
        "cache_creation_input_tokens": 248,
        "output_tokens": 503,
        "cache_creation": {
            "ephemeral_5m_input_tokens": 148,
            "ephemeral_1h_input_tokens": 100,
        },
        "service_tier": "standard",
    }
    read = anthropic_usage(usage)
    assert read == Usage(
        4096, 503, cached_tokens=1800, cache_write_tokens=248, cache_write_1h_tokens=100
    )


def test_a_stream_keeps_how_long_the_cache_keeps_until_its_end() -> None:
    stream = ANTHROPIC.stream(chat_of(stream=True))
    begun = {"input_tokens": 10, "cache_creation_input_tokens": 7, "output_tokens": 1}
    begun_in = {**begun, "cache_creation": {"ephemeral_1h_input_tokens": 7}}
    message = {"id": "msg_1", "model": "m", "usage": begun_in}
    for event in (
        {"type": "message_start", "message": message},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"},
         "usage": {"output_tokens": 9}},
    ):  # fmt: skip
        stream.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert stream.usage == Usage(17, 9, cache_write_tokens=7, cache_write_1h_tokens=7)


def test_a_caller_of_anthropics_dialect_is_told_of_cache_writes() -> None:
    told = write_usage(Usage(100, 5, cached_tokens=30, cache_write_tokens=20))
    assert told == {
        "input_tokens": 50,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 30,
        "output_tokens": 5,
    }
