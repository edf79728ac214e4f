"""What an exchange cost, as its header, its log line and the metrics say it."""

from gateway.running import config_of, fault, gateway_before, running
from heliograph.simulation.providers import SimulatedProviders

UNKNOWN = """
providers:
  proxy:
    base_url: {sim}/openai/v1
    keys: [sk-oai-first-b111]
    models: [gpt-4o]
"""
GPT_4O = "openai/gpt-4o"


async def test_a_whole_answer_says_what_it_cost(sim: SimulatedProviders) -> None:
    async with gateway_before(sim) as gateway:
        answer = await gateway.ask(model=GPT_4O)
        line = await gateway.recorded()
        metrics = await gateway.get("/metrics")
    # https://developers.openai.com/api/docs/pricing: $2.50 and $10.00 per million
    nano = line["input_tokens"] * 2_500 + line["output_tokens"] * 10_000
    assert line["cost_nano"] == nano > 0
    assert [a["cost_basis"] for a in line["attempts"]] == ["usage"]
    usd = answer.headers["x-heliograph-cost-usd"]
    assert usd == f"{nano / 1e9:.9f}"
    total = usd.rstrip("0")
    counted = f'heliograph_cost_usd_total{{model="gpt-4o",provider="openai"}} {total}'
    assert counted in metrics.body.decode()


async def test_a_failed_attempt_that_nobody_bills_costs_nothing(
    sim: SimulatedProviders,
) -> None:
    sim.set_rules([fault("anthropic", {"status": 529})])
    async with gateway_before(sim) as gateway:
        answer = await gateway.ask(model="anthropic/claude-sonnet-4-6")
        line = await gateway.recorded()
    first, second = line["attempts"]
    assert (first["cost_nano"], first["cost_basis"]) == (0, "free")
    assert second["cost_basis"] == "usage"
    assert line["cost_nano"] == second["cost_nano"] > 0
    assert "x-heliograph-cost-usd" in answer.headers


async def test_an_unknown_price_is_not_nothing(sim: SimulatedProviders) -> None:
    async with running(config_of(UNKNOWN, sim.base_url)) as gateway:
        answer = await gateway.ask(model="proxy/gpt-4o")
        line = await gateway.recorded()
        metrics = (await gateway.get("/metrics")).body.decode()
    assert answer.status == 200
    assert line["cost_nano"] is None
    assert line["attempts"][0]["cost_basis"] == "unknown_price"
    assert "x-heliograph-cost-usd" not in answer.headers
    labels = 'basis="unknown_price",model="gpt-4o",provider="proxy"'
    assert f"heliograph_exchanges_of_unknown_cost_total{{{labels}}} 1.0" in metrics


REFUSING = f"{UNKNOWN}unknown_price: refuse\n"
WITH_A_PRICE = """
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-first-b111]
    models: [gpt-4o]
"""


async def test_a_config_may_refuse_to_call_without_a_price(
    sim: SimulatedProviders,
) -> None:
    async with running(config_of(REFUSING, sim.base_url)) as gateway:
        answer = await gateway.ask(model="proxy/gpt-4o")
        line = await gateway.recorded()
    assert answer.status == 403
    error = answer.json["error"]
    assert error["code"] == "unknown_price"
    assert "no price is known of proxy/gpt-4o" in error["message"]
    assert (line["attempts"], line["cost_nano"], len(sim.log)) == ([], 0, 0)


async def test_another_target_is_asked_whose_price_is_known(
    sim: SimulatedProviders,
) -> None:
    text = f"{UNKNOWN}{WITH_A_PRICE}unknown_price: refuse\n"
    text += "fallbacks: [{from: proxy/gpt-4o, to: openai/gpt-4o}]\n"
    async with running(config_of(text, sim.base_url)) as gateway:
        answer = await gateway.ask(model="proxy/gpt-4o")
        line = await gateway.recorded()
    assert answer.status == 200
    assert answer.headers["x-heliograph-provider"] == "openai"
    assert [a["target"] for a in line["attempts"]] == ["openai/gpt-4o"]


async def test_a_price_of_the_config_is_what_is_paid(sim: SimulatedProviders) -> None:
    text = f"{UNKNOWN}prices:\n  proxy/*: {{input: 1, output: 1, request: 0.25}}\n"
    async with running(config_of(text, sim.base_url)) as gateway:
        answer = await gateway.ask(model="proxy/gpt-4o")
        line = await gateway.recorded()
        free = text.replace("{input: 1, output: 1, request: 0.25}", "{free: true}")
        gateway.engine.reload(config_of(free, sim.base_url))
        nothing = await gateway.ask(model="proxy/gpt-4o")
    tokens = line["input_tokens"] + line["output_tokens"]
    assert line["cost_nano"] == 250_000_000 + tokens * 1000
    assert answer.headers["x-heliograph-cost-usd"].startswith("0.25")
    assert nothing.headers["x-heliograph-cost-usd"] == "0.000000000"
