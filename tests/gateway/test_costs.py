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
    assert usd == f"{nano / 1e9:.9f}".rstrip("0")
    counted = f'heliograph_cost_usd_total{{model="gpt-4o",provider="openai"}} {usd}'
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
