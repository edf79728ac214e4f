"""What a gateway's bytes mean, without a socket."""

import base64
import json

import pytest

from heliograph.camera.captioning.answer import (
    ERROR_CHARS_MAX,
    NAME_CHARS_MAX,
    decode_answer,
    decode_models,
    encode_question,
    one_line,
    short_error,
)


def said(content: object, **choice: object) -> bytes:
    message = {"role": "assistant", "content": content}
    return json.dumps({"choices": [{"message": message, **choice}]}).encode()


def test_a_question_is_an_openai_chat_with_the_picture_as_a_data_uri() -> None:
    question = json.loads(
        encode_question("openai/gpt-4o", "what?", b"\x89PNG", schema=False)
    )
    assert question["model"] == "openai/gpt-4o"
    assert "response_format" not in question
    assert 0 < question["max_tokens"] <= 100
    text, picture = question["messages"][0]["content"]
    assert text == {"type": "text", "text": "what?"}
    head, _, data = picture["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == b"\x89PNG"


def test_an_answer_carries_its_text_and_what_the_gateway_told() -> None:
    headers = {
        "x-heliograph-provider": "openai",
        "x-heliograph-model": "gpt-4o",
        "x-heliograph-attempts": "2",
        "x-heliograph-fallback": "true",
        "x-heliograph-cost-usd": "0.000412000",
    }
    answer = decode_answer(200, headers, said("A person\n walks. "))
    assert answer.text == "A person walks."
    assert answer.error is None
    assert (answer.provider, answer.model) == ("openai", "gpt-4o")
    assert (answer.attempts, answer.fallback) == (2, True)
    assert answer.cost_usd == 0.000412


@pytest.mark.parametrize("told", ["", "nan", "inf", "-1", "a cent"])
def test_a_cost_that_is_no_amount_is_unknown(told: str) -> None:
    headers = {"x-heliograph-cost-usd": told}
    assert decode_answer(200, headers, said("ok")).cost_usd is None


def test_headers_of_a_hostile_server_steer_no_terminal_and_end_no_worker() -> None:
    headers = {
        "x-heliograph-provider": "open\x1b[2Jai",
        "x-heliograph-model": "m" * 5_000,
        "x-heliograph-attempts": "9" * 5_000,
    }
    answer = decode_answer(200, headers, said("ok"))
    assert answer.provider == "open [2Jai"
    assert answer.model == "m" * NAME_CHARS_MAX
    assert answer.attempts is None


def test_what_a_foreign_server_does_not_tell_stays_unknown() -> None:
    answer = decode_answer(200, {"x-heliograph-attempts": "many"}, said("ok"))
    assert answer.text == "ok"
    assert answer.provider is answer.model is None
    assert answer.attempts is answer.fallback is None


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (503, b'{"error": {"message": "all targets down"}}', "503: all targets down"),
        (500, b'{"error": "plain words"}', "HTTP 500: plain words"),
        (502, b"<html>Bad Gateway</html>", "HTTP 502: no reason given"),
        (404, b"{}", "HTTP 404: a body without a message"),
        (302, b"", "HTTP 302"),
        (200, b'{"error": {"message": "overloaded"}}', "with an error: overloaded"),
        (200, b"<html></html>", "no chat completion"),
        (200, b'{"choices": []}', "no chat completion"),
        (200, b'{"choices": [7]}', "said nothing"),
        (200, said("", finish_reason="content_filter"), "content_filter"),
        (200, said(None), "said nothing"),
        (200, b"[" * 100_000, "no chat completion"),
        (200, b"\xff\xfe\x00", "no chat completion"),
    ],
)
def test_every_failure_has_a_short_reason_and_no_text(
    status: int, body: bytes, why: str
) -> None:
    answer = decode_answer(status, {}, body)
    assert answer.text == ""
    assert answer.error is not None
    assert why in answer.error


def test_an_error_shows_neither_picture_nor_key_and_stays_short() -> None:
    data = "data:image/png;base64," + "QUJD" * 30
    told = short_error(f"bad {data} for sk-proj-abc123 {'A1b2' * 20} " + "word " * 99)
    assert "base64" not in told
    assert "sk-proj" not in told
    assert "A1b2A1b2" not in told
    assert len(told) <= ERROR_CHARS_MAX


def test_a_text_cannot_steer_the_terminal_it_is_shown_in() -> None:
    assert one_line("a\x1b[2Jb\x07\u202ec\r\nd") == "a [2Jb c d"
    assert one_line("un piéton 行人 🚶") == "un piéton 行人 🚶"


def test_models_are_listed_in_the_order_of_the_gateway() -> None:
    body = json.dumps({"data": [{"id": "b"}, {"id": ""}, {}, 7, {"id": "a"}]}).encode()
    assert decode_models(body) == ["b", "a"]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": {"id": "x"}}', b"<html>"])
def test_what_is_no_model_list_lists_none(body: bytes) -> None:
    assert decode_models(body) == []
