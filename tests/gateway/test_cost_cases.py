"""Each case of `cost_cases`, by a real gateway and a provider that counts just so."""

import json
import re
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from cost_cases import CASES
from cost_cases.case import Case
from gateway.fixed_provider import FixedProvider
from gateway.running import config_of, request, running
from heliograph.clock import SystemClock
from heliograph.gateway.providers.endpoints import ENDPOINTS

OWN = ("proxy", "like-openai", "dust", "toll")
PRICES = """
prices:
  like-openai/*: {like: openai/*}
  ollama/*: {free: true}
  dust/model: {input: 0.0005, output: 0.0004}
  toll/model: {input: 1, output: 2, request: 0.00025}
"""
CONFIG = (
    "providers:\n"
    + "".join(
        f"  {name}:\n    base_url: '{{sim}}/{name}/v1'\n    keys: [sk-{name}-a111]\n"
        for name in (*ENDPOINTS, *OWN)
    )
    + PRICES
)
TERM = re.compile(r"([\d,]+) x \$([\d.]+)")


class At(SystemClock):
    """A clock that says one date."""

    def __init__(self, at: str) -> None:
        self.at_s = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()

    def wall_s(self) -> float:
        """Seconds since 1970."""
        return self.at_s


def reckoned(by_hand: str) -> Fraction:
    """Add up a sum as a person writes it; in nano-dollars."""
    terms = by_hand.split(" + ")
    total = Fraction(0)
    for term in terms:
        match = TERM.fullmatch(term)
        assert match is not None, term
        total += int(match.group(1).replace(",", "")) * Fraction(match.group(2))
    return total * 1000


def answer_of(case: Case) -> dict[str, Any]:
    """Write the provider's answer, in its own dialect."""
    if case.provider == "anthropic":
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [{"type": "text", "text": "hi"}],
            "stop_reason": "end_turn",
        }
        return {**message, "usage": case.usage}
    said = {"role": "assistant", "content": "hi"}
    choice = {"index": 0, "message": said, "finish_reason": "stop"}
    return {"id": "c", "choices": [choice], "usage": case.usage, **case.members}


def stream_of(case: Case) -> str:
    """Write the provider's stream, in OpenAI's dialect."""
    lead = {"id": "c", "object": "chat.completion.chunk"}
    chunks: list[dict[str, Any]] = [
        {**lead, "choices": [{"index": 0, "delta": {"content": "hi"}}]},
        {**lead, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ]
    if case.usage is not None:
        chunks.append({**lead, "choices": [], "usage": case.usage, **case.members})
    told = [*(json.dumps(chunk) for chunk in chunks), "[DONE]"]
    return "".join(f"data: {data}\n\n" for data in told)


def test_there_are_cases_enough_and_each_has_its_source() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.source for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_sum_was_added_up_rightly(case: Case) -> None:
    if case.nano is None:
        assert case.by_hand == ""
    else:
        assert abs(reckoned(case.by_hand) - case.nano) <= Fraction(1, 2)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_call_costs_what_was_worked_out_by_hand(case: Case) -> None:
    told = FixedProvider(json.dumps(answer_of(case)).encode(), stream_of(case).encode())
    asked = {"model": case.target, "messages": case.messages}
    async with (
        told.serving() as provider,
        running(config_of(CONFIG, provider.base_url), At(case.at)) as gateway,
    ):
        whole = await gateway.post(request(asked))
        assert whole.status == 200, whole.body
        lines = [await gateway.recorded()]
        if case.provider != "anthropic":
            streamed = await gateway.post(request({**asked, "stream": True}))
            assert streamed.events[-1] == "[DONE]"
            lines.append(await gateway.recorded(2))
    for line in lines:
        assert line["cost_nano"] == case.nano
        (attempt,) = line["attempts"]
        assert (attempt["cost_nano"], attempt["cost_basis"]) == (case.nano, case.basis)
    assert ("x-heliograph-cost-usd" in whole.headers) is (case.nano is not None)
