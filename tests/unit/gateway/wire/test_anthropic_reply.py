"""Anthropic's whole answers as OpenAI's, good and bad."""

import json
from typing import Any, get_args

import pytest
from anthropic.types import StopReason

from heliograph.gateway.types import Blame, Reply, Usage
from heliograph.gateway.wire.anthropic_messages import decode
from heliograph.gateway.wire.anthropic_reply import FINISHES
from wire_cases import chat_of, ok, refused

CHAT = chat_of()
ANSWER: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6",
    "content": [{"type": "text", "text": "hello "}, {"type": "text", "text": "zür"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 10,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 1000,
        "output_tokens": 7,
    },
}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1.0}}


def answered(**members: object) -> tuple[Reply, dict[str, Any]]:
    reply = decode(ok({**ANSWER, **members}), CHAT)
    assert isinstance(reply, Reply), reply
    return reply, json.loads(reply.body)


def test_a_text_answer() -> None:
    date = {"date": "Sun, 06 Nov 1994 08:49:37 GMT"}
    reply = decode(ok(ANSWER, date), CHAT)
    assert isinstance(reply, Reply)
    used = Usage(1110, 7, cached_tokens=100, cache_write_tokens=1000)
    assert (reply.usage, reply.finish) == (used, "stop")
    message = {"role": "assistant", "content": "hello zür", "refusal": None}
    assert json.loads(reply.body) == {
        "id": "chatcmpl-msg_1",
        "object": "chat.completion",
        "created": 784_111_777,
        "model": "claude-sonnet-4-6",
        "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        ],
        "usage": {
            "prompt_tokens": 1110,
            "completion_tokens": 7,
            "total_tokens": 1117,
            "prompt_tokens_details": {
                "cached_tokens": 100,
                "cache_write_tokens": 1000,
            },
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def test_calls_of_tools() -> None:
    now = {"type": "tool_use", "id": "toolu_2", "name": "now", "input": {}}
    reply, body = answered(content=[CALL, now], stop_reason="tool_use")
    assert reply.finish == "tool_calls"
    message = body["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"] == [
        {
            "id": "toolu_1",
            "type": "function",
            "function": {"name": "f", "arguments": '{"a": 1.0}'},
        },
        {
            "id": "toolu_2",
            "type": "function",
            "function": {"name": "now", "arguments": "{}"},
        },
    ]


def test_text_beside_a_call_stays() -> None:
    _, body = answered(content=[*ANSWER["content"], CALL], stop_reason="tool_use")
    assert body["choices"][0]["message"]["content"] == "hello zür"


def test_thinking_is_no_content() -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    _, body = answered(content=[thought, *ANSWER["content"]])
    assert body["choices"][0]["message"]["content"] == "hello zür"


@pytest.mark.parametrize("reason", get_args(StopReason))
def test_every_stop_reason_of_the_sdk_is_known_or_a_failure(reason: str) -> None:
    result = decode(ok({**ANSWER, "stop_reason": reason}), CHAT)
    if reason == "pause_turn":
        assert refused(result).kind == "unknown_finish"
    else:
        assert isinstance(result, Reply)
        assert result.finish == FINISHES[reason]


def test_a_refusal_without_content_is_an_empty_answer() -> None:
    reply, body = answered(content=[], stop_reason="refusal")
    assert reply.finish == "content_filter"
    assert body["choices"][0]["message"]["content"] == ""


def test_usage_may_be_missing_or_partly_null() -> None:
    reply, body = answered(usage=None)
    assert reply.usage is None
    assert "usage" not in body
    details = {"thinking_tokens": 3}
    told = {"input_tokens": 4, "cache_read_input_tokens": None}
    reply, _ = answered(usage={**told, "output_tokens_details": details})
    assert reply.usage == Usage(4, 0, reasoning_tokens=3)


@pytest.mark.parametrize("count", [-1, 10**13, 2**70, "4", 1.5])
def test_a_count_that_cannot_be_makes_the_usage_unknown(count: object) -> None:
    reply, body = answered(usage={"input_tokens": 4, "output_tokens": count})
    assert reply.usage is None
    assert "usage" not in body
    assert body["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"<html></html>", "not_json"),
        (b"event: ping\ndata: {}\n\n", "not_json"),
        (b"[]", "not_json"),
        (json.dumps(ANSWER).encode()[:-9], "truncated"),
        (json.dumps(ANSWER).encode().replace(b"hello", b"\xff"), "not_json"),
        ({}, "malformed"),
        ({**ANSWER, "content": None}, "malformed"),
        ({**ANSWER, "content": "text"}, "malformed"),
        ({**ANSWER, "content": [{"text": "x"}]}, "malformed"),
        ({**ANSWER, "stop_reason": None}, "truncated"),
        ({**ANSWER, "stop_reason": "bored"}, "unknown_finish"),
        ({"type": "error", "error": {"type": "overloaded_error"}}, "error_in_200"),
        ({"error": {"message": "no"}}, "error_in_200"),
        ({"error": "no"}, "error_in_200"),
    ],
)
def test_an_answer_that_is_none_is_the_providers_fault(body: object, kind: str) -> None:
    failure = refused(decode(ok(body), CHAT))
    assert (failure.blame, failure.kind) == (Blame.PROVIDER, kind)


def test_an_answer_cut_at_any_byte_is_never_whole() -> None:
    body = json.dumps(ANSWER).encode()
    for cut in range(len(body)):
        assert refused(decode(ok(body[:cut]), CHAT)).blame is Blame.PROVIDER
