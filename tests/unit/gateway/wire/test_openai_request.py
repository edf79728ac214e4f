"""OpenAI to OpenAI: members re-joined byte for byte, the row's wishes applied."""

import json
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from heliograph.gateway.types import Blame, Chat, Endpoint, HttpRequest
from heliograph.gateway.wire.chat import read
from heliograph.gateway.wire.openai_chat import encode
from wire_cases import FACTS, HELLO, OPENAI, PNG, body_of, chat_of, refused


def sent(endpoint: Endpoint = OPENAI, /, **members: object) -> dict[str, Any]:
    return body_of(encode(chat_of(**members), "gpt-4o", endpoint, FACTS))


def test_members_go_on_byte_for_byte_with_the_model_replaced() -> None:
    body = (
        b'{"seed": 12345678901234567890, "model" : "openai/gpt-4o",'
        b' "messages":[ {"role":"user","content":"z\\u00fc\\/"} ],\n"t":1.0}'
    )
    chat = read(body)
    assert isinstance(chat, Chat)
    request = encode(chat, 'gpt"4o', OPENAI, FACTS)
    assert isinstance(request, HttpRequest)
    assert request.path == "/chat/completions"
    assert request.headers == (("content-type", "application/json"),)
    assert b"".join(request.body) == (
        b'{"seed":12345678901234567890,"model":"gpt\\"4o",'
        b'"messages":[ {"role":"user","content":"z\\u00fc\\/"} ],"t":1.0}'
    )


def test_what_the_gateway_consumes_is_not_sent() -> None:
    assert "fallbacks" not in sent(fallbacks=["anthropic/claude"])


def test_the_row_drops_and_renames() -> None:
    row = replace(
        OPENAI,
        drop=frozenset({"logit_bias", "seed"}),
        rename=MappingProxyType({"max_tokens": "max_completion_tokens"}),
    )
    body = sent(row, max_tokens=5, logit_bias={"1": 2}, seed=4, top_p=0.5)
    assert body == {
        "model": "gpt-4o",
        "messages": HELLO,
        "max_completion_tokens": 5,
        "top_p": 0.5,
    }


@pytest.mark.parametrize("order", [("user", "safety"), ("safety", "user")])
def test_a_rename_onto_a_member_that_is_there_is_refused(
    order: tuple[str, str],
) -> None:
    row = replace(OPENAI, rename=MappingProxyType({"user": "safety"}))
    chat = chat_of(**dict.fromkeys(order, "x"))
    failure = refused(encode(chat, "gpt-4o", row, FACTS))
    assert (failure.blame, failure.param) == (Blame.CALLER, "user")


def test_a_stream_asks_for_usage_and_keeps_the_other_options() -> None:
    assert sent(stream=True)["stream_options"] == {"include_usage": True}
    assert sent(stream=True, stream_options=None)["stream_options"] == {
        "include_usage": True
    }
    options = {"include_usage": False, "include_obfuscation": False}
    assert sent(stream=True, stream_options=options)["stream_options"] == {
        "include_usage": True,
        "include_obfuscation": False,
    }


def test_usage_is_not_asked_for_where_it_is_refused_or_needless() -> None:
    row = replace(OPENAI, stream_usage=False)
    assert "stream_options" not in sent(row, stream=True)
    assert "stream_options" not in sent(stream=False)


def test_a_picture_is_not_copied() -> None:
    parts = [{"type": "image_url", "image_url": {"url": "data:," + PNG * 2000}}]
    chat = chat_of(messages=[{"role": "user", "content": parts}], temperature=0)
    request = encode(chat, "gpt-4o", OPENAI, FACTS)
    assert isinstance(request, HttpRequest)
    before, messages, after = request.body
    assert messages is chat.fields["messages"]
    assert len(bytes(before)) + len(bytes(after)) < 100
    assert body_of(request)["messages"] == json.loads(bytes(chat.fields["messages"]))


def test_encoding_twice_gives_the_same() -> None:
    chat = chat_of(stream=True)
    first = encode(chat, "gpt-4o", OPENAI, FACTS)
    assert encode(chat, "gpt-4o", OPENAI, FACTS) == first
    assert "stream_options" not in chat.fields
