"""What exchanges cost in which a call failed, broke, was overtaken or left.

The sums are worked out by hand. Rates, in dollars per million tokens:
gpt-4o 2.50 and 10 (https://developers.openai.com/api/docs/pricing), Claude Haiku 4.5
1 and 5, Claude Sonnet 4.6 3 and 15
(https://platform.claude.com/docs/en/about-claude/pricing); so in nano-dollars a token
2,500 and 10,000, 1,000 and 5,000, 3,000 and 15,000.

The simulated providers count `HELLO` as 2 tokens and their answer as its 10 words.
Where nobody counts, `HELLO` is 44 bytes of JSON, 11 tokens; the first five words of the
answer, `[simulated] Your last message has`, are 33 bytes, 9 tokens.

Joined answers, and answers out of a cache, have no case: the gateway has neither yet.
"""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.fixed_provider import FixedProvider
from gateway.raw_client import RawClient
from gateway.running import (
    HELLO,
    SAID,
    Gateway,
    config_of,
    fault,
    plain,
    request,
    running,
)
from heliograph.gateway.types import Config, Hedge, Retries, Route
from heliograph.simulation.providers import SimulatedProviders

PROVIDERS = """
providers:
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-b111]
    models: [gpt-4o]
  anthropic:
    base_url: {sim}/anthropic/v1
    keys: [sk-ant-a111]
    models: [claude-haiku-4-5, claude-sonnet-4-6]
"""
HAIKU, SONNET = "anthropic/claude-haiku-4-5", "anthropic/claude-sonnet-4-6"
GPT = "openai/gpt-4o"
WHOLE_GPT = 2 * 2_500 + 10 * 10_000
WHOLE_HAIKU = 2 * 1_000 + 10 * 5_000
WHOLE_SONNET = 2 * 3_000 + 10 * 15_000
PROMPT_GPT = 11 * 2_500
BROKEN_GPT = 11 * 2_500 + 9 * 10_000
SIX = {"event_delay_s": 0.02, "cut_after_events": 6, "cut_mode": "chunked"}
"""A role and five words, then nothing."""


def config(sim_url: str, to: str | None = None, first_byte_s: float = 30) -> Config:
    bound = f"openai:\n    timeouts: {{first_byte_s: {first_byte_s}}}"
    text = PROVIDERS.replace("openai:", bound)
    if to is not None:
        text += f"fallbacks: [{{from: {GPT}, to: {to}}}]\n"
    return config_of(text, sim_url)


async def asked(gateway: Gateway, **members: object) -> dict[str, Any]:
    got = await gateway.post(request({"model": GPT, **members}))
    assert got.text == SAID
    return await gateway.recorded()


def costs(line: dict[str, Any]) -> list[tuple[int | None, str]]:
    """List what each attempt cost, after a check that the exchange is their sum."""
    found = [(a["cost_nano"], a["cost_basis"]) for a in line["attempts"]]
    assert line["cost_nano"] == sum(nano for nano, _ in found)
    return found


def test_the_numbers_of_this_file_are_those_of_its_words() -> None:
    assert len(json.dumps(HELLO)) == 44
    assert len("[simulated] Your last message has") == 33
    assert len(SAID.split()) == 10
    assert SAID.startswith("[simulated] Your last message has")


@pytest.mark.parametrize(
    ("model", "nano"), [(GPT, WHOLE_GPT), (HAIKU, WHOLE_HAIKU), (SONNET, WHOLE_SONNET)]
)
@pytest.mark.parametrize("stream", [False, True])
async def test_a_stream_costs_what_a_whole_answer_does(
    sim: SimulatedProviders, model: str, nano: int, *, stream: bool
) -> None:
    async with running(config(sim.base_url)) as gateway:
        line = await asked(gateway, model=model, stream=stream)
    assert costs(line) == [(nano, "usage")]


async def test_a_stream_without_a_count_is_estimated_by_its_text() -> None:
    pieces = ("hello ", "world", "!")  # 12 bytes: 3 tokens
    deltas = [{"role": "assistant", "content": ""}, *({"content": p} for p in pieces)]
    choices = [{"index": 0, "delta": delta} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    events = [json.dumps({"id": "c", "choices": [choice]}) for choice in choices]
    stream = "".join(f"data: {event}\n\n" for event in (*events, "[DONE]"))
    told = FixedProvider(b"", stream.encode())
    async with (
        told.serving() as provider,
        running(config(provider.base_url)) as gateway,
    ):
        got = await gateway.ask(model=GPT, stream=True)
        line = await gateway.recorded()
    assert got.text == "hello world!"
    assert costs(line) == [(11 * 2_500 + 3 * 10_000, "estimate")]


@pytest.mark.parametrize("mode", ["end", "chunked", "close_delimited"])
async def test_a_stream_that_broke_is_paid_for_as_far_as_it_came(
    sim: SimulatedProviders, mode: str
) -> None:
    sim.set_rules([fault("openai", {**SIX, "cut_mode": mode})])
    async with running(plain(config(sim.base_url))) as gateway:
        await gateway.ask(model=GPT, stream=True)
        line = await gateway.recorded()
    assert line["outcome"] == "failed"
    assert costs(line) == [(BROKEN_GPT, "estimate")]


async def test_what_claude_had_counted_before_its_stream_broke_counts(
    sim: SimulatedProviders,
) -> None:
    # message_start (input 2, output 1), block start, ping, three words: 21 bytes
    sim.set_rules([fault("anthropic", SIX)])
    async with running(plain(config(sim.base_url))) as gateway:
        got = await gateway.ask(model=HAIKU, stream=True)
        line = await gateway.recorded()
    text = "".join(
        chunk["choices"][0]["delta"].get("content") or ""
        for chunk in got.chunks
        if "choices" in chunk
    )
    assert text == "[simulated] Your last"
    assert costs(line) == [(2 * 1_000 + 6 * 5_000, "estimate")]


async def test_a_rescue_by_asking_anew_costs_both_calls(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", SIX)])
    async with running(config(sim.base_url, SONNET)) as gateway:
        line = await asked(gateway, stream=True)
    assert line["rescue"] == "restart"
    assert costs(line) == [(BROKEN_GPT, "estimate"), (WHOLE_SONNET, "usage")]


async def test_a_rescue_by_prefill_pays_for_the_rest_alone(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", SIX)])
    async with running(config(sim.base_url, HAIKU)) as gateway:
        line = await asked(gateway, stream=True)
    assert line["rescue"] == "prefill"
    # 11 + 33 characters asked: 11 tokens; five words were left to say
    assert costs(line) == [(BROKEN_GPT, "estimate"), (11 * 1_000 + 5 * 5_000, "usage")]


async def test_a_rescue_that_nobody_saw_costs_both_calls(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", SIX)])
    async with running(config(sim.base_url, HAIKU)) as gateway:
        line = await asked(gateway, stream=True, max_tokens=64)
    assert line["rescue"] == "held"
    assert costs(line) == [(BROKEN_GPT, "estimate"), (WHOLE_HAIKU, "usage")]


@pytest.mark.parametrize("stream", [False, True])
async def test_the_call_that_was_overtaken_is_paid_for(
    sim: SimulatedProviders, *, stream: bool
) -> None:
    route = Route("quick", ((GPT, 1.0),), hedge=Hedge(share=1.0, after_s=0.1))
    sim.set_rules([fault("openai", {"delay_s": 5})])
    hedged = replace(config(sim.base_url, HAIKU), routes={"quick": route})
    async with running(hedged) as gateway:
        got = await gateway.ask(model="quick", stream=stream)
        line = await gateway.recorded()
    assert line["hedged"]
    assert costs(line) == [(PROMPT_GPT, "estimate"), (WHOLE_HAIKU, "usage")]
    said = got.headers.get("x-heliograph-cost-usd")
    assert said == (None if stream else "0.000079500")  # 27,500 + 52,000


@pytest.mark.parametrize(
    ("what", "first"),
    [
        ({"status": 529}, (0, "free")),
        ({"status": 429}, (0, "free")),
        ({"status": 500}, (0, "free")),
        ({"kind": "reset"}, (0, "free")),
        ({"kind": "error_200"}, (0, "free")),
        ({"kind": "html"}, (0, "free")),
        ({"kind": "cut_json"}, (PROMPT_GPT, "estimate")),
        ({"kind": "short_body"}, (PROMPT_GPT, "estimate")),
        ({"kind": "gzip"}, (PROMPT_GPT, "estimate")),
        ({"kind": "silent"}, (PROMPT_GPT, "estimate")),
    ],
    ids=str,
)
async def test_a_failed_attempt_costs_what_the_provider_worked_for(
    sim: SimulatedProviders, what: dict[str, object], first: tuple[int, str]
) -> None:
    sim.set_rules([fault("openai", what)])
    bound_s = 0.3 if what == {"kind": "silent"} else 30.0
    config_read = config(sim.base_url, HAIKU, bound_s)
    once = replace(config_read, retries=Retries(same_target_max=0))
    async with running(once) as gateway:
        line = await asked(gateway)
    assert costs(line) == [first, (WHOLE_HAIKU, "usage")]


async def test_a_stream_that_failed_before_its_first_word_is_free(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", {"error_event": 1})])
    async with running(config(sim.base_url, HAIKU)) as gateway:
        line = await asked(gateway, stream=True)
    assert costs(line) == [(0, "free"), (WHOLE_HAIKU, "usage")]


async def test_a_caller_who_leaves_has_cost_what_was_said_by_then(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("openai", {"event_delay_s": 0.02, "stall_after_events": 6})])
    async with running(plain(config(sim.base_url))) as gateway:
        async with RawClient.to(gateway.port) as client:
            client.send(request({"model": GPT, "stream": True}))
            await client.head()
            read = b""
            while b" has" not in read:
                read += await client.chunk()
        line = await gateway.recorded()
    assert line["outcome"] == "client_gone"
    assert costs(line) == [(BROKEN_GPT, "estimate")]


async def test_one_unknown_cost_makes_that_of_the_exchange_unknown(
    sim: SimulatedProviders,
) -> None:
    proxy = "  proxy: {base_url: '{sim}/proxy/v1', keys: [sk-p], models: [small]}\n"
    text = f"{PROVIDERS}{proxy}fallbacks: [{{from: {GPT}, to: proxy/small}}]\n"
    sim.set_rules([fault("openai", SIX)])
    async with running(config_of(text, sim.base_url)) as gateway:
        got = await gateway.ask(model=GPT, stream=True)
        line = await gateway.recorded()
    assert got.text == SAID
    assert [a["cost_nano"] for a in line["attempts"]] == [BROKEN_GPT, None]
    assert line["cost_nano"] is None


async def test_a_request_that_is_refused_costs_nothing(sim: SimulatedProviders) -> None:
    async with running(config(sim.base_url)) as gateway:
        got = await gateway.ask(model="openai/none")
        line = await gateway.recorded()
    assert got.status == 404
    assert (line["attempts"], line["cost_nano"]) == ([], 0)
