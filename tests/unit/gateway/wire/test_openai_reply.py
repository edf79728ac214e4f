"""Whole answers of an OpenAI-like provider, good and bad."""

import json
from typing import Any

import pytest

from heliograph.gateway.types import Blame, Reply, Usage
from heliograph.gateway.wire.openai_chat import decode
from wire_cases import chat_of, ok, refused

CHAT = chat_of()
ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "hi"},
            "finish_reason": "stop",
        }
    ],
    "usage": {
        "prompt_tokens": 20,
        "completion_tokens": 5,
        "total_tokens": 25,
        "prompt_tokens_details": {"cached_tokens": 16},
        "completion_tokens_details": {"reasoning_tokens": 3},
    },
}


def test_a_whole_answer_goes_on_byte_for_byte() -> None:
    body = json.dumps(ANSWER, indent=3).encode()
    reply = decode(ok(body), CHAT)
    assert reply == Reply(
        body,
        Usage(20, 5, cached_tokens=16, reasoning_tokens=3),
        "stop",
    )


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (None, None),
        ({}, None),
        ("free", None),
        ({"prompt_tokens": -3, "completion_tokens": 4}, None),
        ({"prompt_tokens": 3, "completion_tokens": 10**30}, None),
        ({"prompt_tokens": 3}, Usage(3, 0)),
        ({"prompt_tokens": 3, "completion_tokens": None}, Usage(3, 0)),
        (
            {
                "prompt_tokens": 3,
                "completion_tokens": 4,
                "prompt_tokens_details": None,
                "completion_tokens_details": {"reasoning_tokens": None},
            },
            Usage(3, 4),
        ),
    ],
)
def test_usage_in_all_its_forms(usage: object, read: Usage | None) -> None:
    reply = decode(ok({**ANSWER, "usage": usage}), CHAT)
    assert isinstance(reply, Reply)
    assert reply.usage == read


UNFINISHED = {**ANSWER, "choices": [{**ANSWER["choices"][0], "finish_reason": None}]}
HALF_FINISHED = {**ANSWER, "choices": ANSWER["choices"] + UNFINISHED["choices"]}
SILENT = {**ANSWER, "choices": [{"index": 0, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"<!DOCTYPE html><html></html>", "not_json"),
        (b"data: {}\n\n", "not_json"),
        (b'"a text"', "not_json"),
        (b"{nope}", "not_json"),
        (json.dumps(ANSWER).encode()[:-20], "truncated"),
        (json.dumps(ANSWER).encode().replace(b"hi", b"\xff"), "not_json"),
        ({}, "no_choices"),
        ({"choices": None}, "no_choices"),
        ({"choices": []}, "no_choices"),
        ({"choices": {}}, "malformed"),
        (UNFINISHED, "truncated"),
        (HALF_FINISHED, "truncated"),
        (SILENT, "malformed"),
        ({"error": {"message": "sk-key", "code": "server_error"}}, "error_in_200"),
        ({**ANSWER, "error": {"message": "late"}}, "error_in_200"),
        ({"error": "sk-key"}, "error_in_200"),
    ],
)
def test_an_answer_that_is_none_is_the_providers_fault(body: object, kind: str) -> None:
    failure = refused(decode(ok(body), CHAT))
    assert (failure.blame, failure.kind) == (Blame.PROVIDER, kind)
    assert "sk-key" not in failure.message


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_hostile_nesting_in_an_answer_is_the_providers_fault(depth: int) -> None:
    # Which of its faults depends on how deep a Python goes.
    assert refused(decode(ok(b'{"a":' + b"[" * depth), CHAT)).blame is Blame.PROVIDER


def test_a_null_error_beside_an_answer_is_no_error() -> None:
    assert isinstance(decode(ok({**ANSWER, "error": None}), CHAT), Reply)


def test_an_answer_cut_at_any_byte_is_never_whole() -> None:
    body = json.dumps(ANSWER).encode()
    for cut in range(len(body)):
        assert refused(decode(ok(body[:cut]), CHAT)).blame is Blame.PROVIDER
