"""What the one line of an exchange says, and what it never says."""

import json
from typing import Any

from exchange_cases import CLAUDE, OPENAI, SECRET, attempt, exchange, failed
from heliograph.gateway.telemetry.log import line_of
from heliograph.gateway.types import Blame, Exchange, Owner, VirtualKey

FIELDS = {
    "at", "request_id", "outcome", "status", "asked_model", "provider", "model",
    "stream", "finish", "duration_ms", "first_byte_ms", "input_tokens",
    "output_tokens", "cached_tokens", "cost_nano", "failure", "rescue", "hedged",
    "attempts",
}  # fmt: skip
ATTEMPT_FIELDS = {
    "target", "key", "blame", "kind", "status", "started_ms", "ended_ms",
    "input_tokens", "output_tokens", "cost_nano", "cost_basis",
}  # fmt: skip


def line(record: Exchange) -> dict[str, Any]:
    told = line_of(record)
    assert b"\n" not in told
    said: dict[str, Any] = json.loads(told)
    assert set(said) == FIELDS
    for each in said["attempts"]:
        assert set(each) == ATTEMPT_FIELDS
    return said


def test_an_answered_exchange_names_who_answered_and_what_it_took() -> None:
    said = line(exchange(attempt(failed("overloaded"), CLAUDE), attempt(None)))
    assert said["outcome"] == "answered"
    assert (said["provider"], said["model"]) == ("openai", "gpt-4o")
    assert (said["duration_ms"], said["first_byte_ms"]) == (1000.0, 600.0)
    tokens = (said["input_tokens"], said["output_tokens"], said["cached_tokens"])
    assert tokens == (11, 5, 3)
    assert said["failure"] is None
    first, second = said["attempts"]
    assert first["target"] == "anthropic/claude-sonnet-4-6"
    assert (first["key"], first["blame"]) == ("anthropic#1", "provider")
    assert (first["started_ms"], first["ended_ms"]) == (500.0, 750.0)
    assert (second["blame"], second["kind"], second["status"]) == (None, None, None)


def test_an_exchange_that_failed_names_the_failure_and_nobody_who_answered() -> None:
    failure = failed("rate_limited", Blame.TARGET, status=429)
    said = line(exchange(attempt(failure), failure=failure, status=429))
    assert (said["outcome"], said["status"]) == ("failed", 429)
    assert said["failure"] == "rate_limited"
    assert said["provider"] is said["model"] is said["finish"] is None
    assert said["attempts"][0]["status"] == 429


def test_an_exchange_without_an_attempt_is_a_line_too() -> None:
    said = line(exchange(outcome="client_gone"))
    assert (said["outcome"], said["attempts"]) == ("client_gone", [])
    assert said["first_byte_ms"] is said["input_tokens"] is None


def test_neither_a_key_nor_what_a_provider_said_is_in_the_line() -> None:
    failure = failed("bad_request", Blame.CALLER, code="a-word-of-theirs")
    told = line_of(exchange(attempt(failure), failure=failure))
    for secret in (SECRET, "what a bad_request says", "a-word-of-theirs"):
        assert secret.encode() not in told


def test_what_a_caller_names_is_cut_and_cannot_begin_a_line_of_its_own() -> None:
    name = 'm\n{"outcome": "answered"}\u2028' + "x" * 5000
    said = line(exchange(attempt(None, OPENAI, name), asked_model=name))
    assert len(said["asked_model"]) == 200
    assert len(said["attempts"][0]["target"]) == 200


def test_who_asked_is_told_by_id_and_name_and_only_when_it_is_known() -> None:
    key = VirtualKey("k1", "night", Owner("vision"), tags=("edge",))
    record = exchange(attempt(None), virtual_key=key, tags=("edge", "run=7"))
    said = json.loads(line_of(record))
    assert set(said) - FIELDS == {"virtual_key", "virtual_key_name", "tags"}
    assert (said["virtual_key"], said["virtual_key_name"]) == ("k1", "night")
    assert said["tags"] == ["edge", "run=7"]
