"""What each dialect takes, and what it refuses as the real one does."""

import json

import pytest

from heliograph.simulation.providers.routes import WIRES
from heliograph.simulation.providers.types import (
    Ask,
    DialectName,
    Picture,
    Refusal,
    Route,
    Tool,
)

ROUTE = Route("gemini", "gemini", "chat", "g-1", stream=True)
SCHEMA: dict[str, object] = {"type": "object", "properties": {"a": {"type": "integer"}}}


def read(dialect: DialectName, body: object) -> Ask | Refusal:
    return WIRES[dialect].read(json.dumps(body).encode(), ROUTE)


def test_openai_reads_the_last_user_message_and_all_its_options() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    link = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    body = {
        "model": "gpt-4o",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": None},
            {
                "role": "user",
                "content": [{"type": "text", "text": "second"}, picture, link],
            },
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 7,
        "max_completion_tokens": 5,
        "stop": "END",
    }
    assert read("openai", body) == Ask(
        "gpt-4o",
        stream=True,
        include_usage=True,
        max_tokens=5,
        stop=("END",),
        text="second",
        chars=len("be brieffirstsecond"),
        pictures=(Picture("QUJD"), Picture(url="https://example.com/a.png")),
    )


def test_anthropic_reads_the_system_field_pictures_and_stop_sequences() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "QUJD"}
    body = {
        "model": "claude",
        "max_tokens": 9,
        "system": [{"type": "text", "text": "sys"}],
        "stop_sequences": ["a", "b"],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": source},
                    {"type": "text", "text": "what"},
                ],
            }
        ],
    }
    assert read("anthropic", body) == Ask(
        "claude",
        max_tokens=9,
        stop=("a", "b"),
        text="what",
        chars=7,
        pictures=(Picture("QUJD", "image/png"),),
    )


def test_gemini_takes_model_and_stream_from_the_path() -> None:
    body = {
        "systemInstruction": {"parts": [{"text": "sys"}]},
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": "what"},
                    {"inlineData": {"mimeType": "image/png", "data": "QUJD"}},
                    {"fileData": {"fileUri": "https://example.com/a.png"}},
                ],
            }
        ],
        "generationConfig": {"maxOutputTokens": 4, "stopSequences": ["x"]},
    }
    assert read("gemini", body) == Ask(
        "g-1",
        stream=True,
        max_tokens=4,
        stop=("x",),
        text="what",
        chars=7,
        pictures=(
            Picture("QUJD", "image/png"),
            Picture(url="https://example.com/a.png"),
        ),
    )


USER = [{"role": "user", "content": "x"}]
FUNCTIONS = [
    {"type": "function", "function": {"name": name, "parameters": SCHEMA}}
    for name in ("first", "second")
]
TOOLS = [{"name": name, "input_schema": SCHEMA} for name in ("first", "second")]
DECLARED = [
    {"functionDeclarations": [{"name": name, "parameters": SCHEMA}]}
    for name in ("first", "second")
]


def calling(mode: str, *names: str) -> dict[str, object]:
    return {"functionCallingConfig": {"mode": mode, "allowedFunctionNames": names}}


@pytest.mark.parametrize(
    ("dialect", "extra", "name"),
    [
        ("openai", {"tools": FUNCTIONS, "tool_choice": "required"}, "first"),
        (
            "openai",
            {
                "tools": FUNCTIONS,
                "tool_choice": {"type": "function", "function": {"name": "second"}},
            },
            "second",
        ),
        ("openai", {"tools": FUNCTIONS, "tool_choice": "auto"}, None),
        ("openai", {"tools": FUNCTIONS}, None),
        ("anthropic", {"tools": TOOLS, "tool_choice": {"type": "any"}}, "first"),
        (
            "anthropic",
            {"tools": TOOLS, "tool_choice": {"type": "tool", "name": "second"}},
            "second",
        ),
        ("anthropic", {"tools": TOOLS, "tool_choice": {"type": "auto"}}, None),
        ("gemini", {"tools": DECLARED, "toolConfig": calling("ANY")}, "first"),
        (
            "gemini",
            {"tools": DECLARED, "toolConfig": calling("ANY", "second")},
            "second",
        ),
        ("gemini", {"tools": DECLARED, "toolConfig": calling("AUTO")}, None),
    ],
)
def test_a_tool_is_called_only_when_one_is_demanded(
    dialect: DialectName, extra: dict[str, object], name: str | None
) -> None:
    body = {"model": "m", "max_tokens": 9, "messages": USER, **extra}
    if dialect == "gemini":
        body = {"contents": [{"role": "user", "parts": [{"text": "x"}]}], **extra}
    ask = read(dialect, body)
    assert isinstance(ask, Ask)
    assert ask.tool == (Tool(name, SCHEMA) if name else None)


def test_gemini_takes_a_conversation_with_a_function_in_it() -> None:
    call = {"functionCall": {"name": "f", "args": {}}}
    response = {"functionResponse": {"name": "f", "response": {"a": 1}}}
    contents = [
        {"role": "user", "parts": [{"text": "x"}]},
        {"role": "model", "parts": [call]},
        {"role": "user", "parts": [response]},
    ]
    assert isinstance(read("gemini", {"contents": contents}), Ask)


def image(url: str) -> list[dict[str, object]]:
    part = {"type": "image_url", "image_url": {"url": url}}
    return [{"role": "user", "content": [part]}]


def block(**source: str) -> list[dict[str, object]]:
    return [{"role": "user", "content": [{"type": "image", "source": source}]}]


@pytest.mark.parametrize(
    ("dialect", "body", "words"),
    [
        ("openai", {"messages": USER}, "missing required field `model`"),
        ("openai", {"model": "m"}, "missing required field `messages`"),
        ("openai", {"model": "m", "messages": []}, "too short"),
        ("openai", {"model": "m", "messages": "x"}, "Expected `array`"),
        ("openai", {"model": "m", "messages": USER, "n": 2}, "one choice"),
        ("openai", {"model": "m", "messages": USER, "max_tokens": 0}, "at least 1"),
        (
            "openai",
            {"model": "m", "messages": USER, "stream_options": {}},
            "only allowed with 'stream'",
        ),
        (
            "openai",
            {"model": "m", "messages": USER, "tool_choice": "required"},
            "not in 'tools'",
        ),
        ("openai", {"model": "m", "messages": image("file:///a")}, "image_url"),
        ("openai", {"model": "m", "messages": image("data:image/png,x")}, "base64"),
        (
            "openai",
            {
                "model": "m",
                "messages": [{"role": "user", "content": [{"type": "input_audio"}]}],
            },
            "input_audio",
        ),
        ("anthropic", {"model": "m", "messages": USER}, "max_tokens: Field required"),
        ("anthropic", {"model": "m", "max_tokens": 0, "messages": USER}, "max_tokens"),
        ("anthropic", {"model": "m", "max_tokens": 1, "messages": []}, "at least one"),
        (
            "anthropic",
            {
                "model": "m",
                "max_tokens": 1,
                "messages": [{"role": "assistant", "content": "x"}],
            },
            'first message must use the "user" role',
        ),
        (
            "anthropic",
            {
                "model": "m",
                "max_tokens": 1,
                "messages": [*USER, {"role": "system", "content": "x"}],
            },
            "messages.1: role",
        ),
        (
            "anthropic",
            {
                "model": "m",
                "max_tokens": 1,
                "messages": [{"role": "user", "content": ""}],
            },
            "messages.0: content",
        ),
        (
            "anthropic",
            {"model": "m", "max_tokens": 1, "messages": block(type="base64", data="Q")},
            "media_type",
        ),
        (
            "anthropic",
            {"model": "m", "max_tokens": 1, "messages": block(type="url", url="ftp:/")},
            "https",
        ),
        ("gemini", {"contents": []}, "contents is not specified"),
        ("gemini", {"contents": [{"parts": [{"audio": 1}]}]}, "not simulated"),
        (
            "gemini",
            {
                "contents": [{"parts": [{"text": "x"}]}],
                "generationConfig": {"maxOutputTokens": 0},
            },
            "positive",
        ),
    ],
)
def test_a_bad_request_is_refused_with_a_400_that_says_why(
    dialect: DialectName, body: object, words: str
) -> None:
    refusal = read(dialect, body)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 400
    assert words in refusal.message


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "gemini"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"null", b"[]", b'{"model":' + b"[" * 100_000]
)
def test_what_is_no_json_object_is_refused(dialect: DialectName, body: bytes) -> None:
    refusal = WIRES[dialect].read(body, ROUTE)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 400
