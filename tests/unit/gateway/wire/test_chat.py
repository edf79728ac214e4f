"""The request at the door: what is read, what is refused, what stays bytes."""

import json

import pytest

from heliograph.gateway.types import Blame, Chat, Failure
from heliograph.gateway.wire.chat import DEPTH_MAX, read
from wire_cases import HELLO, chat_of, refused, try_chat


def test_the_envelope_is_read_and_every_member_stays_its_bytes() -> None:
    body = (
        b'{"model" : "anthropic/claude", "messages": [ {"role":"user"} ],\n'
        b'"stream": true, "stream_options":{"include_usage" : true},'
        b'"max_completion_tokens":77,"x_new": 1.0e0, "fallbacks":["openai/gpt-4o"]}'
    )
    chat = read(body)
    assert isinstance(chat, Chat)
    assert {name: bytes(raw) for name, raw in chat.fields.items()} == {
        "model": b'"anthropic/claude"',
        "messages": b'[ {"role":"user"} ]',
        "stream": b"true",
        "stream_options": b'{"include_usage" : true}',
        "max_completion_tokens": b"77",
        "x_new": b"1.0e0",
    }
    assert (chat.model, chat.stream, chat.include_usage) == (
        "anthropic/claude",
        True,
        True,
    )
    assert (chat.max_tokens, chat.fallbacks) == (77, ("openai/gpt-4o",))


def test_null_is_the_same_as_absent() -> None:
    names = ("stream", "stream_options", "max_tokens", "fallbacks")
    chat = chat_of(**dict.fromkeys(names))
    assert (chat.stream, chat.include_usage) == (False, False)
    assert (chat.max_tokens, chat.fallbacks) == (None, ())


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"model": 4}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": {"role": "user"}}, "messages"),
        ({"stream": "yes"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"stream": True, "stream_options": 1}, "stream_options"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens"),
        ({"fallbacks": "openai/gpt-4o"}, "fallbacks"),
        ({"fallbacks": [1]}, "fallbacks"),
        ({"fallbacks": ["a/b"] * 17}, "fallbacks"),
        ({"fallbacks": ["a/b", "gpt-4o"]}, "fallbacks[1]"),
        ({"fallbacks": ["/gpt-4o"]}, "fallbacks[0]"),
        ({"fallbacks": ["openai/"]}, "fallbacks[0]"),
    ],
)
def test_a_member_we_cannot_use_is_named(
    members: dict[str, object], param: str
) -> None:
    failure = refused(try_chat(**members))
    assert (failure.blame, failure.status, failure.kind) == (
        Blame.CALLER,
        400,
        "bad_request",
    )
    assert (failure.type, failure.param) == ("invalid_request_error", param)
    assert f"`{param}`" in failure.message


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_a_missing_member_is_named(missing: str) -> None:
    asked = {"model": "a/b", "messages": HELLO}
    del asked[missing]
    failure = refused(read(json.dumps(asked).encode()))
    assert failure.param == missing
    assert "missing" in failure.message


@pytest.mark.parametrize(
    "name",
    ["api_base", "base_url", "api_key", "custom_llm_provider", "extra_headers"],
)
def test_a_request_cannot_choose_address_or_key(name: str) -> None:
    failure = refused(try_chat(**{name: "http://169.254.169.254/secret"}))
    assert failure.param == name
    assert "secret" not in failure.message


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"[1]", "object"),
        (b'"text"', "object"),
        (b'{"model":"a"', "byte 12"),
        (b'{"model":"a",}', "byte 13"),
        (b'{"model":nope}', "byte 10"),
        (b'{"model":NaN}', "byte 9"),
        (b'{"temperature":-Infinity}', "not valid JSON"),
        (b'{"model":"a"} {"model":"b"}', "trailing"),
        (b"\xff\xfe{\x00}\x00", "not valid JSON"),
        (b'{"model":"a","x":"\xff"}', "UTF-8"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused_with_the_place(
    body: bytes, said: str
) -> None:
    failure = refused(read(body))
    assert (failure.blame, failure.status) == (Blame.CALLER, 400)
    assert said in failure.message


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    deep = opening * (depth - 1) + closing * (depth - 1)
    text = f'{{"model":"a/b","messages":[{{"role":"user"}}],"x":{deep}}}'
    return text.encode()


def test_nesting_is_bounded_exactly() -> None:
    assert isinstance(read(nested(DEPTH_MAX)), Chat)
    failure = refused(read(nested(DEPTH_MAX + 1)))
    assert "64" in failure.message


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_hostile_nesting_is_refused_not_crashed_on(depth: int) -> None:
    assert "64" in refused(read(nested(depth))).message
    # Unclosed, it is too deep or cut short: that depends on how deep a Python goes.
    assert refused(read(b'{"a":' * depth)).status == 400


def test_brackets_inside_texts_are_no_nesting() -> None:
    text = '[{"\\"' * 300 + "\\"
    assert isinstance(try_chat(x=text, y=[{}] * 300), Chat)
    deep = json.loads("[" * 70 + "]" * 70)
    assert isinstance(try_chat(x=text, y=deep), Failure)


def test_the_last_of_two_equal_members_is_read_and_the_only_one_kept() -> None:
    chat = read(b'{"model":"a/b","model":"c/d","messages":[{"role":"user"}]}')
    assert isinstance(chat, Chat)
    assert chat.model == "c/d"
    assert bytes(chat.fields["model"]) == b'"c/d"'
