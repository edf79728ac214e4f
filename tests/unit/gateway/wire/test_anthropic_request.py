"""OpenAI's parameters as Anthropic's, or a refusal that names them."""

from typing import Any

import pytest
from msgspec.structs import replace

from heliograph.gateway.types import Blame, Endpoint, HttpRequest
from heliograph.gateway.wire.anthropic_messages import encode
from wire_cases import ANTHROPIC, FACTS, body_of, chat_of, refused

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather",
        "parameters": {"type": "object", "properties": {"town": {"type": "string"}}},
    },
}
WEATHER_TOOL = {
    "name": "weather",
    "description": "Tells the weather",
    "input_schema": {"type": "object", "properties": {"town": {"type": "string"}}},
}


def sent(endpoint: Endpoint = ANTHROPIC, /, **members: object) -> dict[str, Any]:
    return body_of(encode(chat_of(**members), "claude", endpoint, FACTS))


def refusal(endpoint: Endpoint = ANTHROPIC, /, **members: object) -> tuple[str, str]:
    """Return the kind and the parameter of a refusal that is as it should be."""
    failure = refused(encode(chat_of(**members), "claude", endpoint, FACTS))
    assert (failure.blame, failure.status) == (Blame.CALLER, 400)
    assert failure.type == "invalid_request_error"
    assert failure.param is not None
    assert f"`{failure.param}`" in failure.message
    return failure.kind, failure.param


def test_the_least_request() -> None:
    request = encode(chat_of(), "claude", ANTHROPIC, FACTS)
    assert isinstance(request, HttpRequest)
    assert request.path == "/messages"
    assert request.headers == (
        ("content-type", "application/json"),
        ("anthropic-version", "2023-06-01"),
    )
    assert body_of(request) == {
        "model": "claude",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
    }


@pytest.mark.parametrize(
    ("members", "written"),
    [
        ({"max_tokens": 7}, {"max_tokens": 7}),
        ({"max_completion_tokens": 8}, {"max_tokens": 8}),
        ({"stream": True}, {"stream": True}),
        ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
        ({"temperature": 0}, {"temperature": 0}),
        ({"temperature": 1}, {"temperature": 1}),
        ({"top_p": 0.25}, {"top_p": 0.25}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
        ({"user": "u-1"}, {"metadata": {"user_id": "u-1"}}),
        ({"tools": [WEATHER]}, {"tools": [WEATHER_TOOL]}),
    ],
)
def test_what_has_a_counterpart_is_carried(
    members: dict[str, object], written: dict[str, object]
) -> None:
    assert sent(**members) == {**sent(), **written}


NO_OPS: dict[str, object] = {
    "n": 1,
    "logprobs": False,
    "top_logprobs": 0,
    "logit_bias": {},
    "frequency_penalty": 0,
    "presence_penalty": 0.0,
    "response_format": {"type": "text"},
    "modalities": ["text"],
    "store": False,
    "metadata": {},
    "functions": [],
    "service_tier": "auto",
    "stop": [],
    "tools": [],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}


@pytest.mark.parametrize("name", NO_OPS)
def test_a_parameter_that_changes_nothing_is_left_out(name: str) -> None:
    assert sent(**{name: NO_OPS[name]}) == sent()
    assert sent(**{name: None}) == sent()


UNSUPPORTED: dict[str, object] = {
    "n": 2,
    "logprobs": True,
    "top_logprobs": 3,
    "logit_bias": {"5": -100},
    "seed": 7,
    "frequency_penalty": 0.5,
    "presence_penalty": -0.5,
    "response_format": {"type": "json_object"},
    "audio": {"voice": "alloy"},
    "modalities": ["text", "audio"],
    "prediction": {"type": "content", "content": "x"},
    "reasoning_effort": "low",
    "functions": [{"name": "f"}],
    "function_call": "auto",
    "service_tier": "flex",
    "store": True,
    "metadata": {"a": "b"},
    "verbosity": "low",
    "web_search_options": {},
    "x_unknown": False,
    "temperature": 1.01,
}


def test_top_k_which_only_callers_of_other_dialects_bring_is_carried() -> None:
    assert sent(top_k=4) == {**sent(), "top_k": 4}
    assert refusal(top_k="many")[1] == "top_k"


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_a_parameter_without_counterpart_is_refused_or_dropped(name: str) -> None:
    members = {name: UNSUPPORTED[name]}
    assert refusal(**members) == ("unsupported_parameter", name)
    row = replace(ANTHROPIC, drop=frozenset({name}))
    assert sent(row, **members) == sent()


@pytest.mark.parametrize(("name", "value"), [("n", True), ("logprobs", 0), ("n", "1")])
def test_what_only_looks_like_the_default_is_no_default(
    name: str, value: object
) -> None:
    assert refusal(**{name: value}) == ("unsupported_parameter", name)


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": []}, "top_p"),
        ({"stop": 5}, "stop"),
        ({"stop": ["a", 5]}, "stop[1]"),
        ({"user": 5}, "user"),
        ({"parallel_tool_calls": "no"}, "parallel_tool_calls"),
        ({"tools": {}}, "tools"),
        ({"tools": [WEATHER, {"type": "custom"}]}, "tools[1].type"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function"),
        ({"tools": [{**WEATHER, "cache_control": {}}]}, "tools[0]"),
        ({"tools": [WEATHER], "tool_choice": "some"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        (
            {"stream": True, "stream_options": {"include_obfuscation": True}},
            "stream_options.include_obfuscation",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_place(
    members: dict[str, object], param: str
) -> None:
    assert refusal(**members)[1].startswith(param)


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        (None, None, None),
        ("auto", None, {"type": "auto"}),
        ("none", None, {"type": "none"}),
        ("required", None, {"type": "any"}),
        (
            {"type": "function", "function": {"name": "weather"}},
            None,
            {"type": "tool", "name": "weather"},
        ),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        ("none", False, {"type": "none"}),
    ],
)
def test_the_choice_of_tools(choice: object, parallel: object, written: object) -> None:
    body = sent(tools=[WEATHER], tool_choice=choice, parallel_tool_calls=parallel)
    assert body.get("tool_choice") == written


@pytest.mark.parametrize("parameters", [None, {}])
def test_a_tool_without_parameters_takes_an_object(parameters: object) -> None:
    function = {"name": "now", "parameters": parameters, "strict": True}
    body = sent(tools=[{"type": "function", "function": function}])
    assert body["tools"] == [
        {"name": "now", "input_schema": {"type": "object"}, "strict": True}
    ]


def test_encoding_twice_gives_the_same() -> None:
    chat = chat_of(tools=[WEATHER], stream=True)
    first = encode(chat, "claude", ANTHROPIC, FACTS)
    assert encode(chat, "claude", ANTHROPIC, FACTS) == first
