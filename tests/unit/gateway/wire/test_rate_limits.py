"""How long a limit lasts, in each provider's words."""

import pytest
from msgspec import Raw

from heliograph.gateway.types import HttpReply
from heliograph.gateway.wire import openai_chat
from heliograph.gateway.wire.rate_limits import delay_s, duration_s, reset_s

DATE = {"date": "Thu, 26 Nov 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("17ms", 0.017),
        ("1h2m3.5s", 3723.5),
        ("2", 2.0),
        ("0s", 0.0),
        ("", None),
        ("soon", None),
        ("-3s", None),
        ("nan", None),
        ("1s later", None),
    ],
)
def test_a_duration_is_gos_or_plain_seconds(text: str, seconds: float | None) -> None:
    assert duration_s(text) == seconds


def test_what_is_used_up_counts_and_of_that_the_longest() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "12s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m",
        "x-ratelimit-reset-input-tokens": "2h",
    }
    assert reset_s(headers) == 60.0
    assert reset_s({"x-ratelimit-reset-tokens": "9s"}) == 9.0
    assert reset_s({}) is None


def test_anthropics_moment_is_taken_against_the_answers_date() -> None:
    reset = {"anthropic-ratelimit-tokens-reset": "2026-11-26T12:00:42Z"}
    assert reset_s({**DATE, **reset}) == 42.0
    assert reset_s(reset) is None
    past = {"anthropic-ratelimit-tokens-reset": "2026-11-26T11:00:00Z"}
    assert reset_s({**DATE, **past}) == 0.0


def test_geminis_delay_stands_in_the_body() -> None:
    error = (
        b'{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED","details":'
        b'[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"37s"}]}'
    )
    assert delay_s(Raw(error)) == 37.0
    body = b'[{"error":' + error + b"}]"
    failure = openai_chat.decode_error(HttpReply(429, {}, body))
    assert (failure.kind, failure.retry_after_s) == ("rate_limited", 37.0)


def test_a_header_that_says_when_comes_first() -> None:
    headers = {"retry-after": "3", "x-ratelimit-reset-requests": "6m0s"}
    failure = openai_chat.decode_error(HttpReply(429, headers, b"{}"))
    assert failure.retry_after_s == 3.0
    failure = openai_chat.decode_error(
        HttpReply(503, {**headers, "retry-after": ""}, b"")
    )
    assert failure.retry_after_s is None
