"""Streams that break: before the first content unseen, after it never as success."""

import pytest

from gateway.raw_client import Answer, RawClient
from gateway.running import SAID, Gateway, Way, fault, gateway_before
from heliograph.simulation.providers import SimulatedProviders

# Anthropic's stream opens with two events before its first text, OpenAI's with one.
OPENING = {"anthropic": 2, "openai": 1}
CUTS = ["end", "chunked", "close_delimited", "reset"]
SLOWLY = {"event_delay_s": 0.03}
STREAMS = [Way("anthropic", stream=True), Way("openai", stream=True)]

pytestmark = pytest.mark.parametrize("way", STREAMS, ids=lambda way: way.dialect)


def before_content(way: Way) -> list[dict[str, object]]:
    """List faults that strike before the stream has said a word."""
    opening = OPENING[way.dialect]
    cuts = [
        {"cut_after_events": after, "cut_mode": mode}
        for after in (0, opening)
        for mode in CUTS
    ]
    return [
        *cuts,
        {"malformed_event": 1},
        {"malformed_event": opening + 1},
        {"error_event": 1},
        {"error_event": opening + 1},
        {"kind": "json_for_stream"},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "wrong_type"},
        {"kind": "error_200"},
    ]


async def assert_broke_openly(gateway: Gateway, got: Answer) -> None:
    """The caller has a part of the text, an error as the last event, and no end."""
    assert got.status == 200
    assert SAID.startswith(got.text)
    assert 0 < len(got.text) < len(SAID)
    assert "[DONE]" not in got.events
    assert list(got.chunks[-1]) == ["error"]
    assert got.chunks[-1]["error"]["type"] == "upstream_error"
    finishes = [chunk["choices"][0]["finish_reason"] for chunk in got.chunks[:-1]]
    assert set(finishes) == {None}
    line = await gateway.recorded()
    assert line["outcome"] == "failed"
    assert line["status"] == 200
    assert line["attempts"][-1]["blame"] == "provider"
    assert line["failure"] == got.chunks[-1]["error"]["code"]


async def test_what_breaks_before_its_content_goes_to_the_fallback_unseen(
    sim: SimulatedProviders, way: Way
) -> None:
    for what in before_content(way):
        sim.set_rules([fault(way.dialect, what)])
        async with gateway_before(sim) as gateway:
            got = await gateway.post(way.body())
            assert got.status == 200, what
            assert got.text == SAID, what
            assert got.events[-1] == "[DONE]", what
            assert b"error" not in got.body, what
            assert got.headers["x-heliograph-provider"] == way.fallback, what
            line = await gateway.recorded()
        assert line["outcome"] == "answered"
        assert [attempt["blame"] for attempt in line["attempts"]] == ["provider", None]


async def test_what_breaks_before_its_content_everywhere_is_a_502(
    sim: SimulatedProviders, way: Way
) -> None:
    for what in before_content(way):
        sim.set_rules([{"fault": what}])
        async with gateway_before(sim) as gateway:
            got = await gateway.post(way.body())
            # A stream of the other dialect may have begun, and then breaks openly.
            if got.status == 200:
                assert "[DONE]" not in got.events, what
                assert "error" in got.chunks[-1], what
            else:
                assert got.status == 502, what
                assert got.error["type"] == "upstream_error"
                assert got.headers["x-should-retry"] == "false"
            assert (await gateway.recorded())["outcome"] == "failed"


@pytest.mark.parametrize("mode", CUTS)
async def test_a_stream_cut_in_the_middle_ends_in_an_error(
    sim: SimulatedProviders, gateway: Gateway, way: Way, mode: str
) -> None:
    after = OPENING[way.dialect] + 2
    cut = {"cut_after_events": after, "cut_mode": mode, **SLOWLY}
    sim.set_rules([fault(way.dialect, cut)])
    got = await gateway.post(way.body())
    await assert_broke_openly(gateway, got)
    assert len(sim.log) == 1  # nobody else continues another model's text


@pytest.mark.parametrize("what", ["malformed_event", "error_event"])
async def test_a_bad_event_in_the_middle_ends_in_an_error(
    sim: SimulatedProviders, gateway: Gateway, way: Way, what: str
) -> None:
    place = OPENING[way.dialect] + 3
    sim.set_rules([fault(way.dialect, {what: place, **SLOWLY})])
    got = await gateway.post(way.body())
    await assert_broke_openly(gateway, got)
    assert got.chunks[-1]["error"]["code"] == what
    await sim.until(lambda log: log[0].outcome != "open")


@pytest.mark.parametrize("what", ["finish", "both"])
async def test_a_stream_without_its_finish_is_never_a_success(
    sim: SimulatedProviders, gateway: Gateway, way: Way, what: str
) -> None:
    sim.set_rules([fault(way.dialect, {"missing": what, **SLOWLY})])
    got = await gateway.post(way.body())
    assert got.text == SAID
    assert "[DONE]" not in got.events
    assert got.chunks[-1]["error"]["code"] == "truncated"
    assert (await gateway.recorded())["outcome"] == "failed"


async def test_a_stream_without_its_terminal_marker_is_judged_by_its_finish(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    sim.set_rules([fault(way.dialect, {"missing": "terminal", **SLOWLY})])
    got = await gateway.post(way.body())
    assert got.text == SAID
    # OpenAI's finish is in a chunk of its own; Anthropic's is only sure at the end.
    whole = way.dialect == "openai"
    assert ("[DONE]" in got.events) is whole
    outcome = "answered" if whole else "failed"
    assert (await gateway.recorded())["outcome"] == outcome


async def test_a_stream_that_stalls_in_the_middle_ends_in_an_error(
    sim: SimulatedProviders, way: Way
) -> None:
    after = OPENING[way.dialect] + 2
    sim.set_rules([fault(way.dialect, {"stall_after_events": after, **SLOWLY})])
    async with gateway_before(sim, idle_s=0.3) as gateway:
        got = await gateway.post(way.body())
        await assert_broke_openly(gateway, got)
        assert got.chunks[-1]["error"]["code"] == "idle_timeout"
    await sim.until(lambda log: log[0].outcome == "client_closed")


async def test_pings_do_not_keep_a_stream_without_content_alive(
    sim: SimulatedProviders, way: Way
) -> None:
    stall = {"stall_after_events": OPENING[way.dialect], "ping_every_s": 0.05}
    sim.set_rules([fault(way.dialect, stall)])
    async with gateway_before(sim, first_byte_s=0.4) as gateway:
        got = await gateway.post(way.body())
        assert got.text == SAID
        assert got.headers["x-heliograph-provider"] == way.fallback
        first = (await gateway.recorded())["attempts"][0]
    assert first["kind"] == "first_byte_timeout"


async def test_the_connection_lives_on_after_a_stream_that_broke(
    sim: SimulatedProviders, gateway: Gateway, way: Way
) -> None:
    after = OPENING[way.dialect] + 2
    cut = {"cut_after_events": after, "cut_mode": "reset", **SLOWLY}
    sim.set_rules([fault(way.dialect, cut, first=1)])
    async with RawClient.to(gateway.port) as client:
        client.send(way.body())
        assert "[DONE]" not in (await client.answer()).events
        client.send(way.body())
        assert (await client.answer()).text == SAID
