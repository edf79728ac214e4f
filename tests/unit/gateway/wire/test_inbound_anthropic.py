"""What only Anthropic's dialect at the door has: its words, its events, its judge."""

import json
from typing import Any

import pytest
from anthropic.types import Message

from heliograph.gateway.types import Failure
from heliograph.gateway.wire.inbound_anthropic import answer, error, stream
from inbound_cases import DONE, USAGE, call, chunk, completion, read, shown, told

USER = {"role": "user", "content": "hello"}
RESULT = {"type": "tool_result", "tool_use_id": "t1"}
PICTURE = {"type": "image", "source": {"type": "url", "url": "https://a/b.png"}}
TOOL = {"name": "f", "input_schema": {"type": "object"}}


def asked(**members: object) -> dict[str, Any]:
    made = {"model": "m", "max_tokens": 9, "messages": [USER], **members}
    fields: dict[str, Any] = shown(read("anthropic", json.dumps(made).encode()))[
        "fields"
    ]
    return fields


def refusal(**members: object) -> tuple[str | None, str]:
    made = {"model": "m", "max_tokens": 9, "messages": [USER], **members}
    failure = read("anthropic", json.dumps(made).encode())
    assert isinstance(failure, Failure), failure
    assert failure.status == 400
    return failure.param, failure.message


def answered(message: dict[str, object], finish: str, **more: object) -> dict[str, Any]:
    body = answer(completion(message, finish, **more))
    assert isinstance(body, bytes), body
    Message.model_validate_json(body, strict=True)
    written: dict[str, Any] = json.loads(body)
    return written


def events(*pieces: bytes) -> list[tuple[str, dict[str, Any]]]:
    read = []
    for event in told("anthropic", *pieces).decode().split("\n\n")[:-1]:
        name, _, data = event.partition("\ndata: ")
        said = json.loads(data)
        assert name == f"event: {said['type']}"
        read.append((said["type"], said))
    return read


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"model": ""}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{**USER, "name": "x"}]}, "messages[0]"),
        ({"system": 4}, "system"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"container": "c"}, "container"),
        ({"mcp_servers": []}, "mcp_servers"),
        ({"inference_geo": "eu"}, "inference_geo"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools[0].type"),
        ({"tools": [{**TOOL, "odd": 1}]}, "tools[0]"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool"}}, "tool_choice.type"),
        ({"tools": [TOOL], "tool_choice": {"type": "odd"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
    ],
)
def test_what_cannot_be_carried_is_refused_by_name(
    members: dict[str, object], param: str
) -> None:
    assert refusal(**members)[0] == param


@pytest.mark.parametrize(
    ("role", "block", "param"),
    [
        ("user", {"type": "document", "source": {}}, "content[0].type"),
        (
            "user",
            {"type": "image", "source": {"type": "file"}},
            "content[0].source.type",
        ),
        (
            "user",
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "x", "data": 4},
            },
            "content[0].source.data",
        ),
        ("user", {"type": "tool_use", "id": "a", "name": "b"}, "content[0]"),
        ("user", {**RESULT, "content": [PICTURE]}, "content[0].content[0]"),
        ("assistant", PICTURE, "content[0]"),
        ("assistant", RESULT, "content[0]"),
        (
            "assistant",
            {"type": "tool_use", "id": "a", "name": "b", "input": []},
            "content[0].input",
        ),
        ("system", PICTURE, "content"),
    ],
)
def test_a_block_that_cannot_be_carried_is_refused_by_its_place(
    role: str, block: dict[str, object], param: str
) -> None:
    turn = {"role": role, "content": [block]}
    assert refusal(messages=[USER, turn])[0] == f"messages[1].{param}"


def test_results_of_tools_come_before_what_else_the_user_says() -> None:
    turn = {"role": "user", "content": [{"type": "text", "text": "and"}, RESULT]}
    messages = asked(messages=[USER, turn])["messages"]
    assert [message["role"] for message in messages] == ["user", "tool", "user"]
    assert messages[1] == {"role": "tool", "tool_call_id": "t1", "content": ""}


def test_the_system_may_speak_in_between() -> None:
    late = {"role": "system", "content": [{"type": "text", "text": "stop"}]}
    messages = asked(messages=[USER, late, USER], system="first")["messages"]
    assert [message["role"] for message in messages] == [
        "system",
        "user",
        "system",
        "user",
    ]


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        ({"type": "auto"}, "auto"),
        ({"type": "any"}, "required"),
        ({"type": "none"}, "none"),
        (
            {"type": "tool", "name": "f"},
            {"type": "function", "function": {"name": "f"}},
        ),
    ],
)
def test_each_choice_of_a_tool_has_a_word(
    choice: dict[str, object], written: object
) -> None:
    fields = asked(tools=[TOOL], tool_choice=choice)
    assert fields["tool_choice"] == written
    assert "parallel_tool_calls" not in fields


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("content_filter", "refusal"),
        ("tool_calls", "tool_use"),
    ],
)
def test_each_finish_has_a_reason(finish: str, reason: str) -> None:
    whole = answered({"content": "hi"}, finish)
    assert whole["stop_reason"] == reason
    streamed = events(chunk({"content": "hi"}), chunk({}, finish), DONE)
    assert streamed[-2][1]["delta"]["stop_reason"] == reason


def test_an_unknown_finish_is_no_success() -> None:
    failure = answer(completion({"content": "hi"}, "tired"))
    assert isinstance(failure, Failure)
    streamed = events(chunk({"content": "hi"}), chunk({}, "tired"), DONE)
    assert streamed[-1][0] == "error"


def test_a_whole_answer_keeps_its_name_its_model_and_its_count() -> None:
    whole = answered({"content": "hi"}, "stop", usage=USAGE)
    assert (whole["id"], whole["model"]) == ("msg_9", "m")
    assert whole["content"] == [{"type": "text", "text": "hi"}]
    assert whole["usage"] == {
        "input_tokens": 15,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 5,
        "output_tokens": 7,
    }


def test_calls_become_blocks_with_their_numbers_unchanged() -> None:
    function = {"name": "f", "arguments": '{"a": 1.0, "b": 12345678901234567890}'}
    calls = [{"id": "c1", "function": function}, {"function": {"name": "g"}}]
    body = answer(completion({"content": None, "tool_calls": calls}, "stop"))
    assert isinstance(body, bytes)
    assert b'"input":{"a": 1.0, "b": 12345678901234567890}' in body
    whole = json.loads(body)
    assert whole["stop_reason"] == "tool_use"
    assert [block["id"] for block in whole["content"]] == ["c1", "toolu_msg_9_1"]


def test_a_call_that_the_ceiling_cut_is_none() -> None:
    calls = [{"id": "c1", "function": {"name": "f", "arguments": '{"a": '}}]
    whole = answered({"content": "so", "tool_calls": calls}, "length")
    assert whole["stop_reason"] == "max_tokens"
    assert [block["type"] for block in whole["content"]] == ["text"]


def test_a_refusal_is_said_and_is_the_reason() -> None:
    whole = answered({"content": None, "refusal": "no"}, "stop")
    assert whole["content"] == [{"type": "text", "text": "no"}]
    assert whole["stop_reason"] == "refusal"
    streamed = events(chunk({"refusal": "no"}), chunk({}, "stop"), DONE)
    assert streamed[-2][1]["delta"]["stop_reason"] == "refusal"


def test_parts_of_a_text_are_joined_and_thoughts_left_out() -> None:
    thought = {"type": "thinking", "thinking": []}
    content = [thought, {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert answered({"content": content}, "stop")["content"][0]["text"] == "ab"


def blocks(found: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, str]]:
    """Gather the blocks of a stream; at most one may be open at a time."""
    gathered: list[tuple[str, str]] = []
    is_open = False
    for name, said in found:
        if name == "content_block_start":
            assert not is_open
            assert said["index"] == len(gathered)
            block, is_open = said["content_block"], True
            gathered.append((block.get("id", "text"), ""))
        elif name == "content_block_delta":
            assert is_open
            delta = said["delta"]
            text = delta.get("text", "") + delta.get("partial_json", "")
            gathered[-1] = (gathered[-1][0], gathered[-1][1] + text)
        elif name == "content_block_stop":
            is_open = False
    assert not is_open
    return gathered


@pytest.mark.parametrize("indexed", [True, False])
def test_calls_one_after_the_other_become_blocks(*, indexed: bool) -> None:
    first, second = (0, 1) if indexed else (None, None)
    found = events(
        chunk({"content": "so"}),
        chunk(call(first, "", id="a", name="f")),
        chunk(call(first, '{"x":')),
        chunk(call(first, "1}")),
        chunk(call(second, '{"y":2}', id="b", name="g")),
        chunk({}, "tool_calls"),
        chunk({}, usage=USAGE),
        DONE,
    )
    assert blocks(found) == [("text", "so"), ("a", '{"x":1}'), ("b", '{"y":2}')]
    assert found[-2][1]["usage"]["input_tokens"] == 15


def test_calls_that_come_mixed_are_sorted() -> None:
    found = events(
        chunk(call(0, '{"x":', id="a", name="f")),
        chunk(call(1, '{"y":', id="b", name="g")),
        chunk(call(0, "1}")),
        chunk(call(1, "2}")),
        chunk({}, "tool_calls"),
        DONE,
    )
    assert blocks(found) == [("a", '{"x":1}'), ("b", '{"y":2}')]


def test_text_after_calls_closes_them_and_what_comes_late_for_them_is_an_error() -> (
    None
):
    pieces = [chunk(call(0, "{}", id="a", name="f")), chunk({"content": "so"})]
    whole = events(*pieces, chunk({}, "stop"), DONE)
    assert blocks(whole) == [("a", "{}"), ("text", "so")]
    late = events(*pieces, chunk(call(0, " ")), chunk({}, "stop"), DONE)
    assert late[-1][0] == "error"


def test_a_late_name_is_waited_for_and_one_that_never_comes_is_an_error() -> None:
    named = [chunk(call(0, "{", id="a")), chunk(call(0, "}", name="f"))]
    end = [chunk({}, "tool_calls"), DONE]
    assert blocks(events(*named, *end)) == [("a", "{}")]
    assert events(named[0], *end)[-1][0] == "error"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("overloaded", "overloaded_error"),
        ("rate_limited", "rate_limit_error"),
        ("idle_timeout", "timeout_error"),
        ("truncated", "api_error"),
    ],
)
def test_an_error_in_a_stream_has_the_type_that_tells_it(code: str, kind: str) -> None:
    said = {"error": {"message": "it broke", "type": "upstream_error", "code": code}}
    broken = b"data: " + json.dumps(said).encode() + b"\n\n"
    [(_, found)] = events(broken)
    assert found == {"type": "error", "error": {"type": kind, "message": "it broke"}}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (404, "not_found_error"),
        (405, "invalid_request_error"),
        (413, "request_too_large"),
        (429, "rate_limit_error"),
        (502, "api_error"),
        (503, "overloaded_error"),
        (504, "timeout_error"),
    ],
)
def test_an_error_has_the_type_of_its_status(status: int, kind: str) -> None:
    body = b'{"error":{"message":"no","type":"t","param":null,"code":null}}'
    assert json.loads(error(status, body, "hg-1")) == {
        "type": "error",
        "error": {"type": kind, "message": "no"},
        "request_id": "hg-1",
    }


def test_a_call_in_very_many_pieces_is_written_piece_by_piece() -> None:
    pieces_count = 50_000
    function = {"name": "f", "arguments": "0123456789"}
    calls = [{"index": 0, "id": "t", "function": function}]
    one = {"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": calls}}]}
    sent = b"data: " + json.dumps(one).encode() + b"\n\n"
    translator = stream()
    sizes = {len(translator.feed(sent)) for _ in range(1 + pieces_count)}
    assert len(sizes) == 2  # the message's beginning, then one delta each
