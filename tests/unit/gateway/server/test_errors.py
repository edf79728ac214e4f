"""The table from failures to what a caller is told."""

import json
from typing import Any

import pytest

from exchange_cases import CLAUDE, OPENAI, attempt, exchange, failed
from heliograph.gateway.server.errors import error_answer
from heliograph.gateway.types import Attempt, Blame, Failure

TABLE = [
    ("rate_limited", Blame.TARGET, 429, 429),
    ("quota_exhausted", Blame.TARGET, 429, 429),
    ("quota_exhausted", Blame.TARGET, 402, 429),
    ("upstream_auth", Blame.TARGET, 401, 502),
    ("upstream_auth", Blame.TARGET, 403, 502),
    ("model_not_found", Blame.TARGET, 404, 404),
    ("server_error", Blame.PROVIDER, 500, 502),
    ("server_error", Blame.PROVIDER, 502, 502),
    ("overloaded", Blame.PROVIDER, 503, 503),
    ("overloaded", Blame.PROVIDER, 529, 503),
    ("unexpected_status", Blame.PROVIDER, 307, 502),
    ("connect_failed", Blame.PROVIDER, 0, 502),
    ("dns_failure", Blame.PROVIDER, 0, 502),
    ("tls_failure", Blame.PROVIDER, 0, 502),
    ("connect_timeout", Blame.PROVIDER, 0, 504),
    ("first_byte_timeout", Blame.PROVIDER, 0, 504),
    ("idle_timeout", Blame.PROVIDER, 200, 504),
    ("total_timeout", Blame.PROVIDER, 0, 504),
    ("reset", Blame.PROVIDER, 0, 502),
    ("truncated", Blame.PROVIDER, 200, 502),
    ("not_a_stream", Blame.PROVIDER, 200, 502),
]


def told(*failures: Failure) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Say what is told when these were the attempts, the last one being decisive."""
    record = exchange(*(attempt(failure) for failure in failures))
    status, headers, body = error_answer(record, failures[-1])
    document = json.loads(body)
    assert list(document) == ["error"]
    assert sorted(document["error"]) == ["code", "message", "param", "type"]
    return status, dict(headers), document["error"]


@pytest.mark.parametrize(("kind", "blame", "upstream", "expected"), TABLE)
def test_the_status_says_what_the_caller_can_do(
    kind: str, blame: Blame, upstream: int, expected: int
) -> None:
    status, headers, error = told(failed(kind, blame, status=upstream))
    assert status == expected
    assert headers["x-should-retry"] == "false"
    assert error["code"] == kind
    limited = expected == 429
    assert error["type"] == ("rate_limit_error" if limited else "upstream_error")


def test_only_a_gateway_that_stops_may_be_asked_again() -> None:
    status, headers, _ = told(failed("gateway_stopped", Blame.TARGET))
    assert status == 503
    assert headers["x-should-retry"] == "true"


def test_a_fault_of_the_caller_is_told_in_the_providers_words() -> None:
    words = {"type": "odd_error", "code": "odd", "param": "temperature"}
    failure = failed("bad_request", Blame.CALLER, status=422, **words)
    status, headers, error = told(failure)
    assert status == 422
    assert headers == {}
    assert error == {"message": failure.message, **words}


def test_a_fault_of_the_caller_without_words_is_a_plain_400() -> None:
    status, _, error = told(failed("bad_request", Blame.CALLER))
    assert (status, error["type"]) == (400, "invalid_request_error")


def test_the_shortest_wait_of_all_attempts_is_told_rounded_up() -> None:
    waits = (30.0, 2.1, None)
    failures = [
        failed("rate_limited", Blame.TARGET, status=429, retry_after_s=wait)
        for wait in waits
    ]
    assert told(*failures)[1]["retry-after"] == "3"


def test_a_wait_is_told_only_where_waiting_helps() -> None:
    limited = failed("rate_limited", Blame.TARGET, status=429, retry_after_s=9.0)
    assert told(limited, failed("overloaded", status=503))[1]["retry-after"] == "9"
    assert "retry-after" not in told(limited, failed("server_error", status=500))[1]


def test_each_attempt_is_told_with_its_target_and_kind() -> None:
    first, last = failed("overloaded", status=503), failed("reset")
    record = exchange(attempt(first, CLAUDE), attempt(last, OPENAI))
    message = json.loads(error_answer(record, last).body)["error"]["message"]
    assert message == (
        "No provider answered: anthropic/claude-sonnet-4-6: what a overloaded says "
        "[overloaded]; openai/gpt-4o: what a reset says [reset]."
    )


def test_many_attempts_are_told_in_short() -> None:
    failure = failed("reset")
    attempts: list[Attempt] = [attempt(failure)] * 20
    body = error_answer(exchange(*attempts), failure).body
    assert b"and 12 more attempts" in body
    assert body.count(b"[reset]") == 8


@pytest.mark.parametrize("kind", ["connect_failed", "first_byte_timeout", "truncated"])
def test_when_a_probe_is_due_is_told_with_every_temporary_status(kind: str) -> None:
    _, headers, _ = told(failed(kind, Blame.PROVIDER, retry_after_s=5.2))
    assert headers["retry-after"] == "6"
