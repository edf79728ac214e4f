"""Keys, prompts and pictures: marked ones are looked for wherever we write."""

import logging

import pytest

from gateway.raw_client import RawClient
from gateway.running import FIRST, TWO, Gateway, gateway_before
from heliograph.simulation.providers import SimulatedProviders
from wire_cases import PNG

KEYS = ["sk-canary-key-one-1111", "sk-canary-key-two-2222", "sk-canary-key-six-6666"]
PROMPT = "canary-in-the-prompt"
TOOL = "canary_in_a_tool"
HEADER = "sk-canary-of-the-caller"
CANARIES = [*KEYS, PROMPT, TOOL, HEADER, PNG[-24:]]
Fault = dict[str, object]
STATUSES: list[Fault] = [
    {"status": status} for status in (400, 401, 403, 404, 429, 500, 503, 307)
]
QUOTING: list[Fault] = [
    {"status": 400, "error": {}},
    {"status": 401, "error": {}},
    {"status": 422, "error": {}},
    {"status": 429, "error": {}},
    {"status": 500, "error": {}},
    {"error_event": 1, "error": {}},
    {"error_event": 4, "error": {}, "event_delay_s": 0.01},
]
KINDS = (
    "reset close html empty error_200 short_body cut_json gzip json_for_stream "
    "sse_for_json silent"
)
BROKEN: list[Fault] = [{"kind": kind} for kind in KINDS.split()]
LATE: list[Fault] = [
    {"cut_after_events": 4, "event_delay_s": 0.01},
    {"malformed_event": 4, "event_delay_s": 0.01},
    {"missing": "both", "event_delay_s": 0.01},
    {"stall_after_events": 4, "event_delay_s": 0.01},
]
FAULTS = [*STATUSES, *QUOTING, *BROKEN, *LATE]
CONFIG = (
    f"providers:{TWO}".replace("sk-ant-first-a111", KEYS[0])
    .replace("sk-ant-second-a222", KEYS[1])
    .replace("[sk-oai-first-b111, sk-oai-second-b222]", f"[{KEYS[2]}]")
)


def members(model: str, **more: object) -> dict[str, object]:
    """Write a request full of canaries."""
    url = f"data:image/png;base64,{PNG}"
    content = [
        {"type": "text", "text": PROMPT},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    tool = {"name": TOOL, "parameters": {"type": "object", "properties": {}}}
    return {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "tools": [{"type": "function", "function": tool}],
        **more,
    }


def rules_for(what: dict[str, object]) -> list[dict[str, object]]:
    """Do *what* to every request; an error quotes the key that it was sent."""
    if "error" not in what:
        return [{"fault": what}]
    quotes = {key: {"message": f"Wrong: {key}", "code": key} for key in KEYS}
    return [
        {"when": {"key": key}, "fault": {**what, "error": quote}}
        for key, quote in quotes.items()
    ]


async def ask_everything(gateway: Gateway) -> list[bytes]:
    """Ask in all ways; return what was told of errors, and of ourselves."""
    told = []
    for model in FIRST.values():
        for stream in (False, True):
            got = await gateway.ask(**members(model, stream=stream))
            if got.status != 200 or b'"error"' in got.body:
                told.append(got.body + repr(got.headers).encode())
    told.append((await gateway.ask(**members("nobody/knows"))).body)
    told.append((await gateway.ask(**members(FIRST["openai"], api_key="x"))).body)
    told += [(await gateway.get(path)).body for path in ("/metrics", "/health")]
    return told


@pytest.mark.parametrize("what", [None, *FAULTS], ids=str)
async def test_no_canary_is_written_anywhere(
    sim: SimulatedProviders,
    what: dict[str, object] | None,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sim.set_rules(rules_for(what) if what else [])
    async with gateway_before(sim, CONFIG, first_byte_s=0.2, idle_s=0.2) as gateway:
        told = await ask_everything(gateway)
        written = gateway.raw_log + b"".join(told)
        settings = repr(gateway.engine.config)
    out, err = capfd.readouterr()
    written += (out + err + caplog.text + settings).encode()
    assert len(gateway.lines) == 6
    assert len(sim.log) >= 4  # the faults were met, not refused at the door
    assert any(seen.fault for seen in sim.log) is (what is not None)
    for canary in CANARIES:
        assert canary.encode() not in written


async def test_a_callers_own_key_goes_nowhere(
    sim: SimulatedProviders, gateway: Gateway
) -> None:
    async with RawClient.to(gateway.port) as client:
        client.send(b"{}", extra=f"authorization: Bearer {HEADER}\r\n")
        refused = await client.answer()
        client.get("/metrics")
        shown = await client.answer()
    assert HEADER.encode() not in gateway.raw_log + refused.body + shown.body
    assert sim.log == ()
