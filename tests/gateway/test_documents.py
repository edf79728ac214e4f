"""A cap holds before a document whose size nobody knows, however it is named."""

from pathlib import Path

import pytest

from gateway.kept import bounded
from gateway.raw_client import RawClient
from gateway.running import request
from heliograph.simulation.providers import SimulatedProviders

THIRD = "  - {name: purse, usd: 0.33, per: day, output_tokens_max: 1}\n"
"""Above the 0.32 dollars of a whole context of gpt-4o, and a little text."""
LESS = THIRD.replace("0.33", "0.31")
FILE: dict[str, object] = {"type": "file", "file": {"file_id": "file-1"}}
DOCUMENT: dict[str, object] = {"type": "document_url", "document_url": "https://x/y"}


@pytest.mark.parametrize("part", [FILE, DOCUMENT])
@pytest.mark.parametrize("escaped", [False, True])
async def test_a_document_is_reserved_as_a_whole_context(
    sim: SimulatedProviders, tmp_path: Path, part: dict[str, object], *, escaped: bool
) -> None:
    content = [{"type": "text", "text": "What is it?"}, part]
    asked = {
        "model": "openai/gpt-4o",
        "messages": [{"role": "user", "content": content}],
    }
    body = request(asked)
    if escaped:
        body = body.replace(b'"file', b'"f\\u0069le').replace(b'"doc', b'"\\u0064oc')
    # The simulated provider refuses such parts: what counts is whether it was asked.
    for budget, status in ((THIRD, 400), (LESS, 402)):
        place = tmp_path / str(status)
        place.mkdir()
        async with bounded(sim, place, budget) as kept:
            assert (await kept.gateway.ask(model="openai/gpt-4o")).status == 200
            async with RawClient.to(kept.gateway.port) as client:
                client.send(body)
                assert (await client.answer()).status == status
