"""What only Gemini's dialect at the door has: its path, its words, its judge."""

import json
from typing import Any

import pytest
from google.genai.types import GenerateContentResponse
from msgspec import Raw

from heliograph.gateway.types import Chat, Failure
from heliograph.gateway.wire.inbound_gemini import answer, error
from heliograph.gateway.wire.inbound_gemini_schema import in_camel_case, json_schema
from heliograph.gateway.wire.inbounds import inbound_of, spoken_at
from inbound_cases import DONE, USAGE, call, chunk, completion, read, shown, told

USER = {"role": "user", "parts": [{"text": "hello"}]}
WHOLE = b"/v1beta/models/m:generateContent"
TOOL = {"functionDeclarations": [{"name": "f"}, {"name": "g"}]}


def try_read(url: bytes = WHOLE, **members: object) -> Chat | Failure:
    return read("gemini", json.dumps({"contents": [USER], **members}).encode(), url)


def asked(url: bytes = WHOLE, **members: object) -> dict[str, Any]:
    fields: dict[str, Any] = shown(try_read(url, **members))["fields"]
    return fields


def refusal(url: bytes = WHOLE, **members: object) -> str | None:
    failure = try_read(url, **members)
    assert isinstance(failure, Failure), failure
    assert failure.status == 400
    return failure.param


def generation(**members: object) -> dict[str, Any]:
    return asked(generationConfig=members)


def calling(mode: str, *names: str) -> dict[str, object]:
    config = {"mode": mode, "allowedFunctionNames": list(names)}
    return {"toolConfig": {"functionCallingConfig": config}}


def answered(message: dict[str, object], finish: str, **more: object) -> dict[str, Any]:
    body = answer(completion(message, finish, **more))
    assert isinstance(body, bytes), body
    GenerateContentResponse.model_validate_json(body)
    written: dict[str, Any] = json.loads(body)
    return written


def events(*pieces: bytes) -> list[dict[str, Any]]:
    lines = told("gemini", *pieces).decode().split("\n\n")[:-1]
    assert all(line.startswith("data: {") for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


@pytest.mark.parametrize(
    ("url", "model"),
    [
        (b"/v1beta/models/gpt-4o:generateContent", "gpt-4o"),
        (b"/v1/models/openai/gpt-4o:generateContent", "openai/gpt-4o"),
        (b"/v1beta/models/openai%2Fgpt-4o:generateContent?key=k", "openai/gpt-4o"),
        (b"/v1beta/models/ollama/a:8b:generateContent", "ollama/a:8b"),
        (b"http://x/v1beta/models/gpt-4o:generateContent", "gpt-4o"),
    ],
)
def test_the_path_names_the_model(url: bytes, model: str) -> None:
    assert asked(url) == {
        "messages": [{"role": "user", "content": "hello"}],
        "model": model,
    }


def test_a_stream_is_asked_for_by_the_path_and_must_be_of_events() -> None:
    url = b"/v1beta/models/m:streamGenerateContent"
    assert refusal(url) == "alt"
    assert refusal(url + b"?alt=json") == "alt"
    chat = try_read(url + b"?key=k&alt=sse")
    assert isinstance(chat, Chat)
    assert (chat.stream, chat.include_usage) == (True, True)
    assert "stream_options" not in chat.fields


@pytest.mark.parametrize(
    ("path", "is_hot"),
    [
        (b"/v1beta/models/m:generateContent", True),
        (b"/v1beta/models/a/m:streamGenerateContent", True),
        (b"/v1beta/models/m:countTokens", False),
        (b"/v1beta/models/m", False),
        (b"/v1beta/files", False),
    ],
)
def test_some_paths_are_hot_and_all_are_answered_in_the_dialect(
    path: bytes, *, is_hot: bool
) -> None:
    assert (inbound_of(path) is not None) is is_hot
    assert spoken_at(path) is not None
    older = path.replace(b"v1beta", b"v1")
    assert (inbound_of(older) is not None) is is_hot
    assert (spoken_at(older) is not None) is (b":" in path)


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"contents": []}, "contents"),
        ({"contents": [{"parts": []}]}, "contents"),
        ({"contents": "hello"}, "contents"),
        ({"contents": [{"role": "robot"}]}, "contents[0].role"),
        ({"contents": [{"role": "system", "parts": []}]}, "contents[0].role"),
        ({"cachedContent": "c"}, "body"),
        ({"tools": [{"googleSearch": {}}]}, "tools[0]"),
        ({"systemInstruction": {"parts": [{"inlineData": {}}]}},
         "systemInstruction.parts[0].inlineData"),
        ({"systemInstruction": {"parts": [{}]}}, "systemInstruction.parts[0]"),
        ({"generationConfig": {"logprobs": 3}}, "generationConfig"),
        ({"generationConfig": {"candidateCount": 2}},
         "generationConfig.candidateCount"),
        ({"generationConfig": {"maxOutputTokens": 0}},
         "generationConfig.maxOutputTokens"),
        ({"generationConfig": {"responseMimeType": "text/x.enum"}},
         "generationConfig.responseMimeType"),
        ({"generationConfig": {"responseModalities": ["AUDIO"]}},
         "generationConfig.responseModalities"),
        (calling("ANY"), "toolConfig"),
        (calling("SOME"), "toolConfig.functionCallingConfig.mode"),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_is_refused_by_name(
    members: dict[str, object], param: str
) -> None:
    assert refusal(WHOLE, **members) == param


@pytest.mark.parametrize(
    ("role", "part", "param"),
    [
        ("user", {"inlineData": {"mimeType": "audio/wav", "data": ""}},
         ".inlineData.mimeType"),
        ("user", {"inlineData": {"mimeType": "image/png", "data": 4}},
         ".inlineData.data"),
        ("user", {"fileData": {"mimeType": "image/png", "fileUri": "gs://a/b"}},
         ".fileData.fileUri"),
        ("user", {"fileData": {"mimeType": "video/mp4", "fileUri": "https://a/b"}},
         ".fileData.mimeType"),
        ("user", {"functionResponse": {"name": "f"}}, ".functionResponse"),
        ("user", {"functionResponse": {"name": "f", "response": "x"}},
         ".functionResponse.response"),
        ("user", {"functionCall": {"name": "f"}}, ""),
        ("user", {"executableCode": {}}, ""),
        ("model", {"functionCall": {"name": "f", "args": []}}, ".functionCall.args"),
        ("model", {"inlineData": {"mimeType": "image/png", "data": ""}}, ""),
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_carried_is_refused_by_its_place(
    role: str, part: dict[str, object], param: str
) -> None:
    content = {"role": role, "parts": [part]}
    assert refusal(contents=[USER, content]) == f"contents[1].parts[0]{param}"


def test_a_lone_part_and_a_turn_of_thought_alone_are_understood() -> None:
    thought = {"role": "model", "parts": [{"text": "hm", "thought": True}]}
    lone = {"parts": {"text": "so"}}
    assert asked(contents=[USER, thought, lone])["messages"] == [
        {"role": "user", "content": "hello"},
        {"role": "user", "content": "so"},
    ]


@pytest.mark.parametrize(
    ("mode", "names", "choice", "shown_tools"),
    [
        ("AUTO", (), "auto", ["f", "g"]),
        ("VALIDATED", (), "auto", ["f", "g"]),
        ("ANY", (), "required", ["f", "g"]),
        ("ANY", ("g",), "required", ["g"]),
        ("NONE", (), "none", ["f", "g"]),
    ],
)
def test_each_mode_of_calling_has_a_word(
    mode: str, names: tuple[str, ...], choice: str, shown_tools: list[str]
) -> None:
    fields = asked(WHOLE, tools=[TOOL], **calling(mode, *names))
    assert fields["tool_choice"] == choice
    assert [tool["function"]["name"] for tool in fields["tools"]] == shown_tools
    assert "tool_choice" not in asked(tools=[TOOL])


@pytest.mark.parametrize(
    ("wanted", "written"),
    [
        ({"responseMimeType": "text/plain"}, None),
        ({"responseMimeType": "application/json"}, {"type": "json_object"}),
        (
            {"responseMimeType": "application/json", "responseJsonSchema": {"a_b": 1}},
            {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": {"a_b": 1}},
            },
        ),
    ],
)
def test_a_form_of_answer_is_asked_for(
    wanted: dict[str, object], written: object
) -> None:
    assert generation(**wanted).get("response_format") == written


def test_names_in_snake_case_are_the_same_but_for_the_callers_own() -> None:
    own = b'{"args":{"my_own":12345678901234567890}}'
    snake = b'{"a_b":[{"c_d":1.0}],"function_call":' + own + b"}"
    camel = b'{"aB":[{"cD":1.0}],"functionCall":' + own + b"}"
    assert bytes(in_camel_case(Raw(snake))) == camel


def test_a_schema_of_geminis_becomes_one_of_json() -> None:
    schema = {"any_of": [{"type": "STRING"}, 4], "max_items": "3", "items": True}
    assert json_schema(schema) == {
        "anyOf": [{"type": "string"}, 4],
        "maxItems": 3,
        "items": True,
    }
    odd = {"type": 1, "properties": 2, "anyOf": 3, "minItems": "x"}
    assert json_schema(odd) == odd


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "STOP"),
        ("tool_calls", "STOP"),
        ("length", "MAX_TOKENS"),
        ("content_filter", "SAFETY"),
        ("tired", "OTHER"),
    ],
)
def test_each_finish_has_a_reason(finish: str, reason: str) -> None:
    whole = answered({"content": "hi"}, finish)
    assert whole["candidates"][0]["finishReason"] == reason
    streamed = events(chunk({"content": "hi"}), chunk({}, finish), DONE)
    assert streamed[-1]["candidates"][0]["finishReason"] == reason


def test_an_answer_keeps_its_name_its_model_and_its_count() -> None:
    whole = answered({"content": "hi"}, "stop", usage=USAGE)
    assert (whole["responseId"], whole["modelVersion"]) == ("chatcmpl-msg_9", "m")
    assert whole["candidates"][0]["content"] == {
        "parts": [{"text": "hi"}],
        "role": "model",
    }
    counted = {
        "promptTokenCount": 20,
        "candidatesTokenCount": 4,
        "totalTokenCount": 27,
        "cachedContentTokenCount": 5,
        "thoughtsTokenCount": 3,
    }
    assert whole["usageMetadata"] == counted
    end = chunk({}, "stop", usage=USAGE)
    assert events(chunk({"content": "hi"}), end, DONE)[-1]["usageMetadata"] == counted


def test_calls_are_whole_parts_however_they_came() -> None:
    found = events(
        chunk({"content": "so"}),
        chunk(call(0, '{"x":', id="a", name="f")),
        chunk(call(1, '{"y":2}', name="g")),
        chunk(call(0, "1}")),
        chunk({}, "tool_calls"),
        DONE,
    )
    assert len(found) == 2
    assert found[1]["candidates"][0]["content"]["parts"] == [
        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}},
        {"functionCall": {"name": "g", "args": {"y": 2}}},
    ]


def test_a_call_that_holds_no_json_is_an_error_unless_the_ceiling_cut_it() -> None:
    pieces = [chunk({"content": "so"}), chunk(call(0, '{"x":', id="a", name="f"))]
    broken = events(*pieces, chunk({}, "tool_calls"), DONE)
    assert broken[-1]["error"]["code"] == 500
    cut = events(*pieces, chunk({}, "length"), DONE)
    assert cut[-1]["candidates"][0]["content"]["parts"] == []
    assert cut[-1]["candidates"][0]["finishReason"] == "MAX_TOKENS"


def test_a_refusal_is_said() -> None:
    whole = answered({"content": None, "refusal": "no"}, "stop")
    assert whole["candidates"][0]["content"]["parts"] == [{"text": "no"}]
    streamed = events(chunk({"refusal": "no"}), chunk({}, "stop"), DONE)
    assert streamed[0]["candidates"][0]["content"]["parts"] == [{"text": "no"}]


@pytest.mark.parametrize(
    ("code", "told_code", "status"),
    [
        ("overloaded", 503, "UNAVAILABLE"),
        ("rate_limited", 429, "RESOURCE_EXHAUSTED"),
        ("idle_timeout", 504, "DEADLINE_EXCEEDED"),
        ("truncated", 500, "INTERNAL"),
    ],
)
def test_an_error_in_a_stream_has_the_code_that_tells_it(
    code: str, told_code: int, status: str
) -> None:
    said = {"error": {"message": "it broke", "type": "upstream_error", "code": code}}
    [found] = events(b"data: " + json.dumps(said).encode() + b"\n\n")
    assert found == {
        "error": {"code": told_code, "message": "it broke", "status": status}
    }


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (400, "INVALID_ARGUMENT"),
        (404, "NOT_FOUND"),
        (413, "INVALID_ARGUMENT"),
        (429, "RESOURCE_EXHAUSTED"),
        (502, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (504, "DEADLINE_EXCEEDED"),
    ],
)
def test_an_error_has_the_word_of_its_status(status: int, word: str) -> None:
    body = b'{"error":{"message":"no","type":"t","param":null,"code":null}}'
    assert json.loads(error(status, body, "hg-1")) == {
        "error": {"code": status, "message": "no", "status": word}
    }
