"""Whose fault a status is, and who is asked next: a key, a provider, or nobody."""

import json

import pytest

from gateway.running import HELLO, SAID, Gateway, Way, fault, gateway_before, keys_tried
from heliograph.simulation.providers import SimulatedProviders

TARGET_FAULTS = [
    {"status": 401},
    {"status": 403},
    {"status": 429},
    {"status": 402},
    {
        "status": 429,
        "error": {"code": "insufficient_quota", "type": "insufficient_quota"},
    },
    {"status": 400, "error": {"message": "Your credit balance is too low to access."}},
]
PROVIDER_FAULTS = [500, 502, 503, 504, 529, 408, 409, 307]
CALLER_FAULTS = [
    {"status": 400},
    {"status": 413},
    {"status": 422},
    {"status": 400, "error": {"code": "context_length_exceeded"}},
    {"status": 400, "error": {"message": "prompt is too long: 9 > 8"}},
    {"status": 400, "error": {"code": "content_filter"}},
]


def only_first_key(way: Way, what: dict[str, object], sim: SimulatedProviders) -> None:
    """Do *what* to the first request, whichever key it comes with."""
    sim.set_rules([fault(way.dialect, what, first=1)])


@pytest.mark.parametrize("what", TARGET_FAULTS, ids=str)
async def test_a_fault_of_one_key_is_mended_by_the_other(
    sim: SimulatedProviders, gateway: Gateway, way: Way, what: dict[str, object]
) -> None:
    only_first_key(way, what, sim)
    got = await gateway.post(way.body())
    assert got.status == 200
    assert got.text == SAID
    assert got.headers["x-heliograph-provider"] == way.dialect
    assert len(set(keys_tried(sim, way.dialect))) == 2
    first, second = gateway.lines[0]["attempts"]
    assert first["blame"] == "target"
    assert first["status"] == what["status"]
    assert second["blame"] is None
    assert gateway.lines[0]["outcome"] == "answered"


async def test_when_no_key_is_accepted_the_fallback_answers(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([fault(way.dialect, {"status": 401})])
    got = await gateway.post(way.body())
    assert got.status == 200
    assert got.headers["x-heliograph-provider"] == way.fallback
    assert got.headers["x-heliograph-attempts"] == "3"


async def test_a_providers_401_never_reaches_the_caller_as_401(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([{"fault": {"status": 401}}])
    got = await gateway.post(way.body())
    assert got.status == 502
    assert got.error["code"] == "upstream_auth"
    assert got.headers["x-should-retry"] == "false"
    assert got.headers["x-heliograph-attempts"] == "4"
    assert "x-heliograph-provider" not in got.headers
    assert sorted(keys_tried(sim, "openai")) == ["b111", "b222"]
    assert sorted(keys_tried(sim, "anthropic")) == ["a111", "a222"]
    assert gateway.lines[0]["outcome"] == "failed"
    assert gateway.lines[0]["failure"] == "upstream_auth"


async def test_when_all_are_limited_the_shortest_wait_is_told(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    def limited(key: str, wait: str) -> dict[str, object]:
        headers = {"retry-after": wait}
        return {"when": {"key": key}, "fault": {"status": 429, "headers": headers}}

    waits = {"a111": "30", "a222": "7", "b111": "9.5"}
    rules = [limited(key, wait) for key, wait in waits.items()]
    sim.set_rules([*rules, {"fault": {"status": 429}}])
    got = await gateway.post(way.body())
    assert got.status == 429
    assert got.headers["retry-after"] == "7"
    assert got.headers["x-should-retry"] == "false"
    assert got.error["type"] == "rate_limit_error"
    assert got.error["code"] == "rate_limited"


async def test_a_wait_in_milliseconds_is_rounded_up_to_seconds(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    headers = {"retry-after-ms": "1200"}
    sim.set_rules([{"fault": {"status": 429, "headers": headers}}])
    assert (await gateway.post(way.body())).headers["retry-after"] == "2"


@pytest.mark.parametrize("wait", ["soon", "-3", "nan", ""])
async def test_a_wait_that_is_none_is_not_passed_on(
    sim: SimulatedProviders, gateway: Gateway, way: Way, wait: str
) -> None:
    headers = {"retry-after": wait}
    sim.set_rules([{"fault": {"status": 429, "headers": headers}}])
    got = await gateway.post(way.body())
    assert got.status == 429
    assert "retry-after" not in got.headers


async def test_a_used_up_quota_is_not_told_to_be_retried(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    error = {"code": "insufficient_quota", "type": "insufficient_quota"}
    sim.set_rules([{"fault": {"status": 429, "error": error}}])
    got = await gateway.post(way.body())
    assert got.status == 429
    assert got.error["code"] == "quota_exhausted"
    assert got.headers["x-should-retry"] == "false"


async def test_an_unknown_model_is_not_asked_for_with_the_other_key(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([fault(way.dialect, {"status": 404})])
    got = await gateway.post(way.body())
    assert got.status == 200
    assert got.headers["x-heliograph-provider"] == way.fallback
    assert len(keys_tried(sim, way.dialect)) == 1


async def test_a_model_that_nobody_knows_is_a_404(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([{"fault": {"status": 404}}])
    got = await gateway.post(way.body())
    assert got.status == 404
    assert got.error["code"] == "model_not_found"
    assert got.headers["x-heliograph-attempts"] == "2"


@pytest.mark.parametrize("status", PROVIDER_FAULTS)
async def test_a_sick_provider_is_left_at_once(
    sim: SimulatedProviders, gateway: Gateway, way: Way, status: int
) -> None:
    headers = {"location": "/elsewhere/v1/chat/completions"} if status == 307 else {}
    sim.set_rules([fault(way.dialect, {"status": status, "headers": headers})])
    got = await gateway.post(way.body())
    assert got.status == 200
    assert got.text == SAID
    assert got.headers["x-heliograph-provider"] == way.fallback
    # Its other key is not tried, and no redirect is followed.
    assert [seen.provider for seen in sim.log] == [way.dialect, way.fallback]
    assert gateway.lines[0]["attempts"][0]["blame"] == "provider"


@pytest.mark.parametrize(
    ("upstream", "told"),
    [(500, 502), (502, 502), (503, 503), (529, 503), (307, 502)],
)
async def test_when_all_are_sick_the_status_says_what_the_caller_can_do(
    sim: SimulatedProviders, gateway: Gateway, way: Way, upstream: int, told: int
) -> None:
    sim.set_rules([{"fault": {"status": upstream}}])
    got = await gateway.post(way.body())
    assert got.status == told
    assert got.error["type"] == "upstream_error"
    assert got.headers["x-should-retry"] == "false"
    assert got.headers["x-heliograph-attempts"] == "2"
    assert "anthropic/claude-" in got.error["message"]
    assert "openai/gpt-4o" in got.error["message"]


@pytest.mark.parametrize("what", CALLER_FAULTS, ids=json.dumps)
async def test_a_fault_of_the_caller_is_told_at_once(
    sim: SimulatedProviders, gateway: Gateway, way: Way, what: dict[str, object]
) -> None:
    sim.set_rules([fault(way.dialect, what)])
    got = await gateway.post(way.body())
    assert got.status == what["status"]
    assert got.error["type"] in {"invalid_request_error", "request_too_large"}
    assert "x-should-retry" not in got.headers
    assert len(sim.log) == 1
    assert gateway.lines[0]["outcome"] == "refused"
    assert gateway.lines[0]["attempts"][0]["blame"] == "caller"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "context_length_exceeded"}, "context_length_exceeded"),
        ({"message": "prompt is too long: 9 > 8"}, "context_length_exceeded"),
        ({"code": "content_filter"}, "content_filter"),
    ],
)
async def test_the_reason_of_a_refusal_is_told_in_openais_words(
    sim: SimulatedProviders, gateway: Gateway, error: dict[str, str], code: str
) -> None:
    sim.set_rules([fault("openai", {"status": 400, "error": error})])
    got = await gateway.ask()
    assert got.error["code"] == code
    assert gateway.lines[0]["failure"] == code


async def test_what_a_fallback_cannot_carry_does_not_hide_why_it_was_asked(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([fault("openai", {"status": 503})])
    got = await gateway.ask(logit_bias={"50256": -100})
    assert got.status == 503
    assert "status 503" in got.error["message"]
    assert got.headers["x-heliograph-attempts"] == "1"


async def test_what_no_fallback_could_read_does_not_hide_why_it_was_asked(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([fault("openai", {"status": 503})])
    broken_off = {"name": "look", "arguments": "{it broke off"}
    call = {"id": "c1", "type": "function", "function": broken_off}
    said = {"role": "assistant", "tool_calls": [call]}
    told = {"role": "tool", "tool_call_id": "c1", "content": "a car"}
    got = await gateway.ask(messages=[*HELLO, said, told])
    assert got.status == 503
    assert got.error["code"] == "overloaded"


async def test_a_fallback_that_lacks_the_model_does_not_hide_why_it_was_asked(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules(
        [fault("openai", {"status": 503}), fault("anthropic", {"status": 404})]
    )
    got = await gateway.ask()
    assert got.status == 503
    assert got.error["code"] == "overloaded"
    assert got.headers["x-heliograph-attempts"] == "2"


async def test_a_provider_that_wants_no_key_is_asked_without(
    sim: SimulatedProviders,
) -> None:
    text = "providers: {local: {base_url: '{sim}/local/v1', models: [m]}}"
    async with gateway_before(sim, text) as gateway:
        got = await gateway.ask(model="local/m")
    # The simulated provider refuses a request without a key, as the real one does.
    assert got.status == 502
    assert [(seen.key, seen.status) for seen in sim.log] == [("", 401)]
