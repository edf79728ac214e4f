"""Every path but the hot one, and errors in OpenAI's shape on all of them."""

from typing import Any

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from gateway.raw_client import Answer, RawClient
from gateway.running import CLAUDE_FIRST, FIRST, Gateway, fault, gateway_before, request
from heliograph.simulation.providers import SimulatedProviders

MODELS = [
    "anthropic/claude-sonnet-4-6",
    "anthropic/claude-haiku-4-5",
    "openai/gpt-4o",
    "openai/gpt-4o-mini",
]


async def test_the_models_are_those_of_the_config(gateway: Gateway) -> None:
    got = await gateway.get("/v1/models")
    assert got.status == 200
    assert got.json["object"] == "list"
    assert [model["id"] for model in got.json["data"]] == MODELS
    for model in got.json["data"]:
        assert sorted(model) == ["created", "id", "object", "owned_by"]
        assert model["object"] == "model"
        assert model["owned_by"] == model["id"].partition("/")[0]


@pytest.mark.parametrize("name", ["openai/gpt-4o", "gpt-4o", "openai%2Fgpt-4o"])
async def test_one_model_is_found_by_either_name(gateway: Gateway, name: str) -> None:
    got = await gateway.get(f"/v1/models/{name}")
    assert got.json["id"] == "openai/gpt-4o"


async def test_routes_are_listed_after_the_models(sim: SimulatedProviders) -> None:
    routes = (
        "\nroutes:\n"
        "  captions: {to: [anthropic/claude-haiku-4-5, openai/gpt-4o]}\n"
        "  openai/gpt-4o: {rescue: off}\n"
    )
    async with gateway_before(sim, CLAUDE_FIRST + routes) as gateway:
        got = await gateway.get("/v1/models")
        one = await gateway.get("/v1/models/captions")
    assert [model["id"] for model in got.json["data"]] == [*MODELS, "captions"]
    assert one.json == got.json["data"][-1]
    assert one.json["owned_by"] == "heliograph"


async def test_a_model_that_is_not_there_is_a_404(gateway: Gateway) -> None:
    got = await gateway.get("/v1/models/openai/gpt-5")
    assert got.status == 404
    assert "openai/gpt-5" in got.error["message"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/health", {"status": "ok", "live": True, "ready": True}),
        ("/health/ready", {"status": "ok", "live": True, "ready": True}),
        ("/health/live", {"live": True}),
    ],
)
async def test_health_is_told(
    gateway: Gateway, path: str, said: dict[str, object]
) -> None:
    got = await gateway.get(path)
    assert got.status == 200
    assert said.items() <= got.json.items()


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/chat", "/v1/embeddings", "/a%00b"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_an_unknown_path_is_a_404(
    gateway: Gateway, path: str, method: str
) -> None:
    got = await gateway.get(path, method=method)
    assert got.status == 404
    assert got.error["type"] == "invalid_request_error"
    assert method in got.error["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/chat/completions", "POST"),
        ("PUT", "/v1/chat/completions", "POST"),
        ("DELETE", "/v1/chat/completions", "POST"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("POST", "/metrics", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_a_405_that_says_which_is_right(
    gateway: Gateway, method: str, path: str, allowed: str
) -> None:
    got = await gateway.get(path, method=method)
    assert got.status == 405
    assert got.error["type"] == "invalid_request_error"
    assert sorted(got.headers["allow"].split(", ")) == allowed.split(", ")


async def test_a_query_does_not_take_a_request_off_the_lane(gateway: Gateway) -> None:
    async with RawClient.to(gateway.port) as client:
        client.send(request({}), path="/v1/chat/completions?api-version=1")
        assert (await client.answer()).status == 200


def families(got: Answer) -> dict[str, Metric]:
    """Read the exposition with Prometheus's own parser."""
    assert got.status == 200
    assert got.headers["content-type"].startswith("text/plain; version=")
    found = text_string_to_metric_families(got.body.decode())
    return {family.name: family for family in found}


def value(family: Metric, sample: str, **labels: str) -> float:
    """Return the one sample with exactly these labels."""
    (found,) = [
        s for s in family.samples if s.name == sample and dict(s.labels) == labels
    ]
    return found.value


async def test_metrics_count_exchanges_attempts_and_tokens(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    sim.set_rules([fault("anthropic", {"status": 503})])
    await gateway.ask(model=FIRST["anthropic"])
    await gateway.ask(model=FIRST["anthropic"], stream=True)
    await gateway.ask(model="nobody/knows")
    got = families(await gateway.get("/metrics"))
    gpt = {"provider": "openai", "model": "gpt-4o"}
    claude = {"provider": "anthropic", "model": "claude-sonnet-4-6"}
    nobody = {"provider": "", "model": ""}

    exchanges = got["heliograph_exchanges"]
    name = "heliograph_exchanges_total"
    assert value(exchanges, name, **gpt, outcome="answered", stream="false") == 1
    assert value(exchanges, name, **gpt, outcome="answered", stream="true") == 1
    assert value(exchanges, name, **nobody, outcome="refused", stream="false") == 1

    attempts = got["heliograph_attempts"]
    name = "heliograph_attempts_total"
    assert value(attempts, name, **gpt, blame="none", kind="") == 2
    assert value(attempts, name, **claude, blame="provider", kind="overloaded") == 2

    line = gateway.lines[0]
    tokens = got["heliograph_tokens"]
    for direction in ("input", "output"):
        counted = value(tokens, "heliograph_tokens_total", **gpt, direction=direction)
        assert counted == 2 * line[f"{direction}_tokens"] > 0

    for histogram in ("exchange_duration_seconds", "first_byte_seconds"):
        family = got[f"heliograph_{histogram}"]
        assert family.type == "histogram"
        assert value(family, f"{family.name}_count", **gpt) == 2
        assert value(family, f"{family.name}_bucket", **gpt, le="+Inf") == 2
        assert 0 < value(family, f"{family.name}_sum", **gpt) < 5


async def test_the_number_in_flight_goes_up_and_back_to_zero(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    async def in_flight() -> Any:  # noqa: ANN401 - a sample's value
        got = families(await gateway.get("/metrics"))
        name = "heliograph_exchanges_in_flight"
        return value(got[name], name)

    sim.set_rules([{"fault": {"kind": "silent"}}])
    assert await in_flight() == 0
    async with (
        RawClient.to(gateway.port) as one,
        RawClient.to(gateway.port) as other,
    ):
        one.send(request({}))
        other.send(request({"stream": True}))
        await sim.until(lambda log: len(log) == 2)
        assert await in_flight() == 2
    await gateway.recorded(2)
    assert await in_flight() == 0


async def test_made_up_names_do_not_grow_the_series(sim: SimulatedProviders) -> None:
    text = "providers: {openai: {base_url: '{sim}/v1', keys: [k-aaaa]}}"
    async with gateway_before(sim, text) as gateway:

        async def series() -> int:
            got = families(await gateway.get("/metrics"))
            return sum(len(family.samples) for family in got.values())

        async with RawClient.to(gateway.port) as client:
            counts = []
            for n in range(500):
                client.send(request({"model": f"{'openai/' * (n % 2)}made-up-{n}"}))
                await client.answer()
                if n in (1, 499):
                    counts.append(await series())
    assert counts[0] == counts[1]
    assert len(sim.log) == 250


async def test_draining_is_told_before_the_door_closes(
    gateway: Gateway,
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.get("/health/ready")
        assert (await client.answer()).status == 200
        gateway.server.should_exit = True
        client.get("/health/ready")
        got = await client.answer()
        assert got.status == 503
        assert got.json["status"] == "draining"
        client.get("/health/live")
        assert (await client.answer()).status == 200
