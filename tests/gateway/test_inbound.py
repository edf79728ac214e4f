"""Callers of other dialects, on a real socket: edge errors, failover, the record."""

import json
from typing import Any

import pytest

from gateway.raw_client import Answer, RawClient
from gateway.running import CLAUDE_FIRST, Gateway, fault, gateway_before
from heliograph.simulation.providers import SimulatedProviders
from inbound_cases import completion

MODEL = "anthropic/claude-sonnet-4-6"
PATHS = {
    "anthropic": "/v1/messages",
    "gemini": f"/v1beta/models/{MODEL}:generateContent",
    "gemini stream": f"/v1/models/{MODEL}:streamGenerateContent?alt=sse",
}
BODIES: dict[str, dict[str, Any]] = {
    "anthropic": {
        "model": MODEL,
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "hello there"}],
    },
    "gemini": {"contents": [{"parts": [{"text": "hello there"}]}]},
}
SHAPES = {
    "anthropic": {"type", "error", "request_id"},
    "gemini": {"error"},
    "gemini stream": {"error"},
}
DOORS = pytest.mark.parametrize("door", PATHS)


async def post(gateway: Gateway, path: str, body: bytes) -> Answer:
    async with RawClient.to(gateway.port) as client:
        client.send(body, path=path)
        return await client.answer()


def error_of(answer: Answer, door: str) -> str:
    """Return the message, after a check that it is in the dialect's shape."""
    assert set(answer.json) == SHAPES[door]
    error = answer.json["error"]
    inside = {"type"} if door == "anthropic" else {"code", "status"}
    assert set(error) == {"message", *inside}
    assert error.get("code", answer.status) == answer.status
    message: str = error["message"]
    return message


@DOORS
async def test_other_methods_are_refused_in_the_dialect(
    gateway: Gateway, door: str
) -> None:
    got = await gateway.get(PATHS[door])
    assert (got.status, got.headers["allow"]) == (405, "POST")
    assert "POST only" in error_of(got, door)


@DOORS
async def test_what_is_not_offered_is_not_there(gateway: Gateway, door: str) -> None:
    path = PATHS[door].partition(":")[0]
    other = "/batches" if door == "anthropic" else ":countTokens"
    got = await post(gateway, path + other, b"{}")
    assert got.status == 404
    assert "nothing at POST" in error_of(got, door)


@DOORS
async def test_a_body_that_is_too_large_is_refused_in_the_dialect(
    sim: SimulatedProviders, door: str
) -> None:
    text = CLAUDE_FIRST + "\nserver: {body_mb_max: 1}\n"
    async with gateway_before(sim, text) as gateway:
        got = await post(gateway, PATHS[door], b" " * 1_100_000)
    assert got.status == 413
    assert "larger than 1 MB" in error_of(got, door)


@DOORS
async def test_a_request_at_fault_is_recorded_as_refused(
    gateway: Gateway, door: str
) -> None:
    got = await post(gateway, PATHS[door], b"{")
    assert got.status == 400
    assert "ends too early" in error_of(got, door)
    line = await gateway.recorded()
    assert (line["outcome"], line["status"]) == ("refused", 400)


@pytest.mark.parametrize("door", BODIES)
async def test_an_answer_the_dialect_cannot_hold_goes_to_the_next_provider(
    sim: SimulatedProviders, gateway: Gateway, door: str
) -> None:
    calls = [{"id": "c", "function": {"name": "f", "arguments": "{"}}]
    broken = json.loads(completion({"tool_calls": calls}, "tool_calls"))
    sim.set_rules([fault("openai", {"status": 200, "body": broken})])
    body = json.dumps(BODIES[door]).replace(MODEL, "openai/gpt-4o-mini")
    path = PATHS[door].replace(MODEL, "openai%2Fgpt-4o-mini")
    got = await post(gateway, path, body.encode())
    assert got.status == 200
    assert b"[simulated]" in got.body
    line = await gateway.recorded()
    kinds = [attempt["kind"] for attempt in line["attempts"]]
    assert kinds == ["malformed_call", None]
    assert (line["outcome"], line["provider"]) == ("answered", "anthropic")


@pytest.mark.parametrize("door", BODIES)
async def test_an_old_client_is_answered_and_the_connection_closed(
    gateway: Gateway, door: str
) -> None:
    body = json.dumps(BODIES[door]).encode()
    async with RawClient.to(gateway.port) as client:
        client.writer.write(
            f"POST {PATHS[door]} HTTP/1.0\r\nhost: localhost\r\n"
            f"content-length: {len(body)}\r\n\r\n".encode()
            + body
        )
        got = await client.answer()
    assert got.status == 200
    assert got.headers["connection"] == "close"
