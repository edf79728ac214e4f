"""Who is to blame for which status, and how long to wait."""

import pytest

from heliograph.gateway.types import Blame, HttpReply
from heliograph.gateway.wire import anthropic_messages, openai_chat
from heliograph.gateway.wire.blame import MESSAGE_CHARS_MAX, retry_after_s
from heliograph.gateway.wire.http_date import unix_s
from wire_cases import error

CALLER, TARGET, PROVIDER = Blame.CALLER, Blame.TARGET, Blame.PROVIDER
NOON = "Sun, 06 Nov 1994 12:00:00 GMT"


@pytest.mark.parametrize(
    ("status", "blame", "kind"),
    [
        (301, PROVIDER, "unexpected_status"),
        (307, PROVIDER, "unexpected_status"),
        (400, CALLER, "bad_request"),
        (401, TARGET, "upstream_auth"),
        (402, TARGET, "quota_exhausted"),
        (403, TARGET, "upstream_auth"),
        (404, TARGET, "model_not_found"),
        (405, PROVIDER, "unexpected_status"),
        (408, PROVIDER, "upstream_timeout"),
        (409, PROVIDER, "upstream_conflict"),
        (413, CALLER, "bad_request"),
        (415, CALLER, "bad_request"),
        (422, CALLER, "bad_request"),
        (429, TARGET, "rate_limited"),
        (500, PROVIDER, "server_error"),
        (502, PROVIDER, "server_error"),
        (503, PROVIDER, "overloaded"),
        (504, PROVIDER, "upstream_timeout"),
        (529, PROVIDER, "overloaded"),
        (599, PROVIDER, "server_error"),
        (204, PROVIDER, "unexpected_status"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"{}", b"null", b"[" * 9999])
def test_a_status_has_its_blame_in_both_dialects(
    status: int, blame: Blame, kind: str, body: bytes
) -> None:
    for dialect in (openai_chat, anthropic_messages):
        failure = dialect.decode_error(HttpReply(status, {}, body))
        assert (failure.blame, failure.kind) == (blame, kind)
        assert failure.status == status
        assert failure.message


@pytest.mark.parametrize(
    ("status", "told", "blame", "kind"),
    [
        (429, {"type": "insufficient_quota"}, TARGET, "quota_exhausted"),
        (429, {"code": "insufficient_quota"}, TARGET, "quota_exhausted"),
        (429, {"code": "rate_limit_exceeded"}, TARGET, "rate_limited"),
        (400, {"code": "model_not_found"}, TARGET, "model_not_found"),
        (404, {"code": "model_not_found"}, TARGET, "model_not_found"),
        (400, {"code": "invalid_api_key"}, TARGET, "upstream_auth"),
        (400, {"message": "Incorrect API key provided"}, TARGET, "upstream_auth"),
        (400, {"code": "context_length_exceeded"}, CALLER, "context_length_exceeded"),
        (400, {"code": "content_filter"}, CALLER, "content_filter"),
        (400, {"code": "content_policy_violation"}, CALLER, "content_filter"),
        (401, {"code": "context_length_exceeded"}, TARGET, "upstream_auth"),
        (500, {"code": "invalid_api_key"}, PROVIDER, "server_error"),
        (400, {"code": 17, "message": "odd"}, CALLER, "bad_request"),
    ],
)
def test_openai_words_tell_more_than_the_status(
    status: int, told: dict[str, object], blame: Blame, kind: str
) -> None:
    failure = openai_chat.decode_error(error(status, {"error": told}))
    assert (failure.blame, failure.kind) == (blame, kind)


@pytest.mark.parametrize(
    ("status", "type_", "message", "blame", "kind"),
    [
        (400, "invalid_request_error", "messages: empty", CALLER, "bad_request"),
        (401, "authentication_error", "invalid x-api-key", TARGET, "upstream_auth"),
        (403, "permission_error", "no", TARGET, "upstream_auth"),
        (402, "billing_error", "no", TARGET, "quota_exhausted"),
        (404, "not_found_error", "model: x", TARGET, "model_not_found"),
        (413, "request_too_large", "too large", CALLER, "bad_request"),
        (429, "rate_limit_error", "slow down", TARGET, "rate_limited"),
        (500, "api_error", "oops", PROVIDER, "server_error"),
        (529, "overloaded_error", "Overloaded", PROVIDER, "overloaded"),
        (
            400,
            "invalid_request_error",
            "Your credit balance is too low to access the Anthropic API.",
            TARGET,
            "quota_exhausted",
        ),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 210000 tokens > 200000 maximum",
            CALLER,
            "context_length_exceeded",
        ),
    ],
)
def test_anthropic_words_tell_more_than_the_status(
    status: int, type_: str, message: str, blame: Blame, kind: str
) -> None:
    told = {"type": "error", "error": {"type": type_, "message": message}}
    failure = anthropic_messages.decode_error(error(status, told))
    assert (failure.blame, failure.kind) == (blame, kind)
    if kind == "context_length_exceeded":
        assert failure.code == "context_length_exceeded"


def test_a_callers_fault_is_told_in_the_providers_words() -> None:
    told = {"message": "too hot", "type": "invalid_request_error"}
    more = {"param": "temperature", "code": "unsupported_value"}
    failure = openai_chat.decode_error(error(400, {"error": {**told, **more}}))
    assert (failure.message, failure.type) == ("too hot", "invalid_request_error")
    assert (failure.param, failure.code) == ("temperature", "unsupported_value")


def test_errors_at_the_top_and_errors_of_bare_text_are_read() -> None:
    top = openai_chat.decode_error(error(422, {"message": "no", "type": "invalid"}))
    assert (top.message, top.type) == ("no", "invalid")
    bare = openai_chat.decode_error(error(400, {"error": "no such thing"}))
    assert bare.message == "no such thing"


def test_a_long_message_is_bounded() -> None:
    failure = openai_chat.decode_error(error(400, {"error": {"message": "x" * 9999}}))
    assert len(failure.message) == MESSAGE_CHARS_MAX


@pytest.mark.parametrize("status", [401, 403, 429, 404, 400, 500])
def test_a_key_that_the_provider_quotes_is_never_told(status: int) -> None:
    told = {"message": "Incorrect API key provided: sk-live-ABCD.", "type": "x"}
    failure = openai_chat.decode_error(error(status, {"error": told}))
    assert failure.blame is not Blame.CALLER
    assert "sk-live" not in repr(failure)


def test_a_type_that_is_no_plain_word_is_not_repeated() -> None:
    told = {"message": "", "type": "sk live\nkey", "code": "bad_key"}
    failure = openai_chat.decode_error(error(401, {"error": told}))
    assert "sk live" not in failure.message
    assert "bad_key" in failure.message


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry_after": "3"}, 3.0),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "1e9"}, 3600.0),
        ({"retry_after": "inf"}, 3600.0),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "nan"}, None),
        ({"retry_after": "abc"}, None),
        ({"retry_after": ""}, None),
        ({}, None),
        ({"retry_after_ms": "250"}, 0.25),
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25),
        ({"retry_after_ms": "soon", "retry_after": "9"}, 9.0),
        ({"retry_after": "Sun, 06 Nov 1994 12:00:30 GMT", "date": NOON}, 30.0),
        ({"retry_after": "Sun, 06 Nov 1994 11:59:30 GMT", "date": NOON}, None),
        ({"retry_after": "Sun, 06 Nov 1994 12:00:30 GMT"}, None),
        ({"retry_after": "Sun, 06 Now 1994 12:00:30 GMT", "date": NOON}, None),
    ],
)
def test_retry_after_in_all_its_spellings(
    headers: dict[str, str], wait_s: float | None
) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    assert retry_after_s(named) == wait_s
    for status in (400, 429, 503):
        reply = HttpReply(status, named, b"")
        assert openai_chat.decode_error(reply).retry_after_s == wait_s


def test_a_date_is_read_to_the_second() -> None:
    assert unix_s("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777
    assert unix_s("Sunday, 06-Nov-94 08:49:37 GMT") is None
    assert unix_s("Sun, 06 Nov 0000 08:49:37 GMT") is None
