"""Answers as they should be: through both dialects, whole and streamed."""

import asyncio
from collections import Counter

import pytest

from gateway.raw_client import RawClient
from gateway.running import (
    FIRST,
    SAID,
    TWO,
    Gateway,
    Way,
    fault,
    gateway_before,
    keys_tried,
    request,
)
from heliograph.simulation.providers import SimulatedProviders
from wire_cases import PNG


async def test_the_answer_is_the_providers_own(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    got = await gateway.post(way.body())
    assert got.status == 200
    assert got.text == SAID
    assert [seen.outcome for seen in sim.log] == ["answered"]
    if way.stream:
        assert got.events[-1] == "[DONE]"
        assert got.events.count("[DONE]") == 1
        assert got.chunks[-1]["choices"][0]["finish_reason"] == "stop"
    else:
        assert got.json["choices"][0]["finish_reason"] == "stop"


async def test_the_headers_say_who_answered(gateway: Gateway, way: Way) -> None:
    got = await gateway.post(way.body())
    provider, model = way.model.split("/")
    assert got.headers["x-heliograph-provider"] == provider
    assert got.headers["x-heliograph-model"] == model
    assert got.headers["x-heliograph-attempts"] == "1"
    assert got.headers["x-heliograph-fallback"] == "false"
    assert got.headers["x-request-id"] == gateway.lines[0]["request_id"]
    kind = "text/event-stream; charset=utf-8" if way.stream else "application/json"
    assert got.headers["content-type"] == kind
    assert "date" in got.headers


async def test_each_request_has_an_id_of_its_own(gateway: Gateway) -> None:
    ids = {(await gateway.ask()).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


async def test_the_headers_tell_of_a_fallback(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([fault(way.dialect, {"status": 503})])
    got = await gateway.post(way.body())
    assert got.status == 200
    assert got.headers["x-heliograph-provider"] == way.fallback
    assert got.headers["x-heliograph-attempts"] == "2"
    assert got.headers["x-heliograph-fallback"] == "true"


async def test_another_key_is_no_fallback(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([fault(way.dialect, {"status": 429}, first=1)])
    got = await gateway.post(way.body())
    assert got.headers["x-heliograph-attempts"] == "2"
    assert got.headers["x-heliograph-fallback"] == "false"


@pytest.mark.parametrize("dialect", ["anthropic", "openai"])
async def test_usage_comes_when_asked_for_and_is_logged_anyway(
    gateway: Gateway, dialect: str
) -> None:
    options = {"include_usage": True}
    with_usage = await gateway.ask(
        model=FIRST[dialect], stream=True, stream_options=options
    )
    usage = with_usage.chunks[-1]["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    without = await gateway.ask(model=FIRST[dialect], stream=True)
    assert not any(chunk.get("usage") for chunk in without.chunks)
    for line in gateway.lines:
        assert line["input_tokens"] == usage["prompt_tokens"]
        assert line["output_tokens"] == usage["completion_tokens"]


async def test_a_picture_goes_through_whole(gateway: Gateway, way: Way) -> None:
    url = f"data:image/png;base64,{PNG}"
    part = {"type": "image_url", "image_url": {"url": url}}
    messages = [{"role": "user", "content": [{"type": "text", "text": "?"}, part]}]
    got = await gateway.post(way.body(messages=messages))
    assert got.status == 200
    plain = await gateway.post(way.body())
    assert got.text != plain.text


async def test_a_large_request_and_a_large_answer_go_through_whole(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    said = "word " * 60_000
    sim.set_rules([{"fault": {"answer": said}}])
    messages = [{"role": "user", "content": "x" * 3_000_000}]
    got = await gateway.post(way.body(messages=messages))
    assert got.text.split() == ["[simulated]", *said.split()]


async def test_keys_share_the_traffic_by_weight(sim: SimulatedProviders) -> None:
    keys = "[{value: k-aaaa, weight: 0.8}, {value: k-bbbb, weight: 0.2}]"
    text = "providers: {openai: {base_url: '{sim}/v1', keys: " + keys + "}}"
    async with (
        gateway_before(sim, text) as gateway,
        RawClient.to(gateway.port) as client,
    ):
        for _ in range(200):
            client.send(request({"model": "openai/gpt-4o"}))
            assert (await client.answer()).status == 200
    seen = Counter(keys_tried(sim, "openai"))
    assert seen["aaaa"] + seen["bbbb"] == 200
    assert 20 <= seen["bbbb"] <= 65  # 40 expected; 3.5 standard deviations


async def test_a_bare_name_that_one_provider_lists_is_enough(
    gateway: Gateway, way: Way
) -> None:
    bare = way.model.partition("/")[2]
    got = await gateway.post(way.body(model=bare))
    assert got.headers["x-heliograph-provider"] == way.dialect


async def test_a_bare_name_that_two_providers_list_is_refused(
    sim: SimulatedProviders,
) -> None:
    spare = "\n  spare: {base_url: '{sim}/spare/v1', models: [gpt-4o]}\n"
    async with gateway_before(sim, f"providers:{TWO}{spare}") as gateway:
        got = await gateway.ask(model="gpt-4o")
        assert got.status == 400
        assert got.error["code"] == "model_ambiguous"
        assert "openai/gpt-4o or spare/gpt-4o" in got.error["message"]
        assert got.error["param"] == "model"
        assert gateway.lines[0]["outcome"] == "refused"
    assert sim.log == ()


async def test_an_unknown_model_is_a_404_that_names_the_nearest(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    got = await gateway.ask(model="claude-sonet-4-6")
    assert got.status == 404
    assert got.error["code"] == "model_not_found"
    assert "claude-sonnet-4-6" in got.error["message"]
    assert sim.log == ()


async def test_the_requests_own_fallbacks_come_before_the_files(
    sim: SimulatedProviders, way: Way
) -> None:
    spare = "\n  spare: {base_url: '{sim}/spare/v1', keys: [k-cccc]}\n"
    files = f"fallbacks: [{{from: {way.model}, to: {FIRST[way.fallback]}}}]"
    sim.set_rules([fault(way.dialect, {"status": 500})])
    async with gateway_before(sim, f"providers:{TWO}{spare}{files}") as gateway:
        got = await gateway.post(way.body(fallbacks=["spare/any-model"]))
        assert got.headers["x-heliograph-provider"] == "spare"
        assert got.headers["x-heliograph-model"] == "any-model"
        sim.set_rules(
            [fault(way.dialect, {"status": 500}), fault("spare", {"status": 500})]
        )
        got = await gateway.post(way.body(fallbacks=["spare/any-model"]))
    assert got.headers["x-heliograph-provider"] == way.fallback
    assert got.headers["x-heliograph-attempts"] == "3"


async def test_many_at_once_are_all_answered(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    got = await asyncio.gather(*(gateway.ask(stream=n % 2 == 0) for n in range(60)))
    assert {answer.text for answer in got} == {SAID}
    assert len(sim.log) == 60
    assert gateway.engine.metrics.in_flight == 0
