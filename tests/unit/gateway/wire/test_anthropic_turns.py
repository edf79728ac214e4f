"""OpenAI's messages as Anthropic's system prompt and turns."""

from typing import Any

import pytest
from msgspec import Raw, json
from msgspec.structs import replace

from heliograph.gateway.types import Blame, HttpRequest
from heliograph.gateway.wire.anthropic_messages import encode
from wire_cases import ANTHROPIC, FACTS, body_of, chat_of, refused

CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"town": "Zürich"}'},
}


def sent(*messages: object) -> dict[str, Any]:
    chat = chat_of(messages=list(messages))
    return body_of(encode(chat, "claude", ANTHROPIC, FACTS))


def said(role: str, content: object, **more: object) -> dict[str, object]:
    return {"role": role, "content": content, **more}


def text(words: str) -> dict[str, object]:
    return {"type": "text", "text": words}


def test_system_and_developer_messages_are_joined_in_order() -> None:
    body = sent(
        said("system", "one"),
        said("user", "hi"),
        said("developer", [text("two"), text(" three")]),
        said("system", ""),
    )
    assert body["system"] == "one\n\ntwo three"
    assert body["messages"] == [{"role": "user", "content": [text("hi")]}]


def test_neighbours_of_one_role_are_one_turn() -> None:
    body = sent(
        said("user", "a"),
        said("system", "between"),
        said("user", [text("b"), text(""), text("c")]),
        said("assistant", "d"),
        said("assistant", [text("e"), {"type": "refusal", "refusal": "f"}]),
        said("assistant", None, refusal="g"),
    )
    assert body["messages"] == [
        {"role": "user", "content": [text("a"), text("b"), text("c")]},
        {"role": "assistant", "content": [text("d"), text("e"), text("f"), text("g")]},
    ]


def test_calls_and_results_of_tools() -> None:
    second = {"id": "call_2", "function": {"name": "now", "arguments": ""}, "index": 1}
    body = sent(
        said("user", "weather?"),
        said("assistant", None, tool_calls=[CALL, second]),
        said("tool", "sunny", tool_call_id="call_1", name="weather"),
        said("tool", [text("no"), text("on")], tool_call_id="call_2"),
        said("user", "thanks"),
    )
    town = {"town": "Zürich"}
    first = {"type": "tool_use", "id": "call_1", "name": "weather", "input": town}
    last = {"type": "tool_use", "id": "call_2", "name": "now", "input": {}}
    sunny = {"type": "tool_result", "tool_use_id": "call_1", "content": "sunny"}
    noon = {"type": "tool_result", "tool_use_id": "call_2", "content": "noon"}
    assert body["messages"] == [
        {"role": "user", "content": [text("weather?")]},
        {"role": "assistant", "content": [first, last]},
        {"role": "user", "content": [sunny, noon, text("thanks")]},
    ]


def test_arguments_keep_their_digits_and_their_order() -> None:
    arguments = '{"b": 1.0, "a": 12345678901234567890, "b2": 1e5}'
    call = {**CALL, "function": {"name": "f", "arguments": arguments}}
    chat = chat_of(
        messages=[said("user", "x"), said("assistant", "", tool_calls=[call])]
    )
    request = encode(chat, "claude", ANTHROPIC, FACTS)
    assert isinstance(request, HttpRequest)
    assert b'"input":' + arguments.encode() in b"".join(request.body)


def test_an_answer_of_openais_can_be_sent_back() -> None:
    nothing: dict[str, object] = {
        "annotations": [],
        "audio": None,
        "function_call": None,
        "refusal": None,
    }
    body = sent(said("user", "x"), said("assistant", "y", tool_calls=None, **nothing))
    assert body["messages"][1] == {"role": "assistant", "content": [text("y")]}


BAD_ARGUMENTS = [
    {**CALL, "function": {"name": "f", "arguments": arguments}}
    for arguments in ("{", "[1]", "null", "5", "{'a': 1}", '{"a":' * 5000)
]


@pytest.mark.parametrize("call", BAD_ARGUMENTS)
def test_arguments_that_are_no_object_are_named(call: object) -> None:
    messages = [said("user", "x"), said("assistant", None, tool_calls=[CALL, call])]
    failure = refused(encode(chat_of(messages=messages), "m", ANTHROPIC, FACTS))
    assert failure.param == "messages[1].tool_calls[1].function.arguments"
    assert failure.blame is Blame.CALLER


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("text", "messages[1]"),
        ({}, "messages[1]"),
        (said("robot", "x"), "messages[1].role"),
        (said("user", 5), "messages[1].content"),
        (said("user", ["x"]), "messages[1].content[0]"),
        (said("user", None), "messages[1].content"),
        (said("user", ""), "messages[1].content"),
        (said("user", [text("")]), "messages[1].content"),
        (said("assistant", None), "messages[1].content"),
        (said("system", None), "messages[1].content"),
        (said("user", [{"type": "text"}]), "messages[1].content[0]"),
        (said("user", [{"type": "text", "text": 5}]), "messages[1].content[0].text"),
        (said("user", [text("a"), {"type": "image_url"}]), "messages[1].content[1]"),
        (
            said("user", [{"type": "input_audio", "input_audio": {}}]),
            "messages[1].content[0]",
        ),
        (said("user", [{"type": "file", "file": {}}]), "messages[1].content[0]"),
        (said("user", [{**text("a"), "cache_control": {}}]), "messages[1].content[0]"),
        (said("user", "a", name="bob"), "messages[1].name"),
        (said("user", "a", extra=1), "messages[1]"),
        (said("assistant", "a", audio={"id": "x"}), "messages[1].audio"),
        (said("assistant", "a", function_call={"name": "f"}), "messages[1].function"),
        (
            said("assistant", "", tool_calls=[{"id": "x", "type": "custom"}]),
            "messages[1].tool_calls[0]",
        ),
        (said("tool", "a"), "messages[1].tool_call_id"),
        (said("tool", None, tool_call_id="c"), "messages[1].content"),
        (
            said("tool", [{"type": "image_url"}], tool_call_id="c"),
            "messages[1].content[0]",
        ),
    ],
)
def test_a_message_that_cannot_be_carried_is_named(message: object, param: str) -> None:
    chat = chat_of(messages=[said("user", "first"), message])
    failure = refused(encode(chat, "claude", ANTHROPIC, FACTS))
    assert (failure.blame, failure.status) == (Blame.CALLER, 400)
    assert failure.param is not None
    assert failure.param.startswith(param)
    assert f"`{failure.param}" in failure.message


def test_a_conversation_of_only_system_messages_is_refused() -> None:
    chat = chat_of(messages=[said("system", "alone")])
    assert refused(encode(chat, "m", ANTHROPIC, FACTS)).param == "messages"


def test_a_name_is_left_out_where_the_row_says_so() -> None:
    row = replace(ANTHROPIC, drop=frozenset({"messages.name"}))
    chat = chat_of(messages=[said("user", "a", name="bob")])
    body = body_of(encode(chat, "m", row, FACTS))
    assert body["messages"] == [{"role": "user", "content": [text("a")]}]


def test_unpaired_surrogates_are_refused() -> None:
    chat = chat_of()
    broken = Raw(b'[{"role":"user","content":"\\ud83d"}]')
    chat = replace(chat, fields={**chat.fields, "messages": broken})
    assert refused(encode(chat, "m", ANTHROPIC, FACTS)).param == "messages"


def test_text_with_a_nul_is_no_gap_for_a_picture() -> None:
    body = sent(said("user", "a\0b"))
    assert body["messages"][0]["content"] == [text("a\0b")]
    assert b"\0" not in json.encode("a\0b")
