"""What cameras were told, asked of the admin API through a real socket."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from admin_parts import Administered, administered
from heliograph.simulation.providers import SimulatedProviders

GPT = "openai/gpt-4o"
DOCK = "camera=dock-3,class=person,zone=loading-bay,zone=road,direction=left"
GATE = "camera=gate,class=car,direction=none"


@pytest.fixture(params=["sqlite", "postgres"])
async def house(
    request: pytest.FixtureRequest, sim: SimulatedProviders, tmp_path: Path
) -> AsyncIterator[Administered]:
    wanted = request.param == "postgres"
    url = request.getfixturevalue("postgres_url") if wanted else None
    async with administered(sim, tmp_path, url=url, bodies=True) as made:
        yield made


async def test_captions_are_told_with_place_text_and_cost(house: Administered) -> None:
    for tags in (DOCK, GATE, "site=camera", ""):
        assert (await house.chat(GPT, tags=tags)).status == 200
    await house.written(4)
    found = await house.get("captions")
    gate, dock = found["data"]
    assert found["next"] is None
    assert (dock["camera"], dock["class"], dock["direction"]) == (
        "dock-3",
        "person",
        "left",
    )
    assert dock["zones"] == ["loading-bay", "road"]
    assert (gate["camera"], gate["zones"]) == ("gate", [])
    assert dock["text"]
    assert dock["text"] in (await house.get(f"exchanges/{dock['id']}"))["answer"]
    assert float(dock["cost_usd"]) > 0
    assert (dock["provider"], dock["model"]) == ("openai", "gpt-4o")


async def test_captions_are_narrowed_down_and_paged(house: Administered) -> None:
    for tags in (DOCK, GATE, DOCK):
        await house.chat(GPT, tags=tags)
    await house.written(3)
    for narrowing, cameras in (
        ("camera=dock-3", ["dock-3", "dock-3"]),
        ("camera=dock-3&zone=road&class=person", ["dock-3", "dock-3"]),
        ("camera=gate&zone=road", []),
        ("direction=none", ["gate"]),
        ("since=1d&until=2100-01-01", ["dock-3", "gate", "dock-3"]),
        ("zone=roa", []),
    ):
        found = await house.get(f"captions?{narrowing}")
        assert [row["camera"] for row in found["data"]] == cameras, narrowing
    first = await house.get("captions?limit=2")
    rest = await house.get(f"captions?limit=2&before={first['next']}")
    ids = [row["id"] for row in (*first["data"], *rest["data"])]
    assert len(set(ids)) == 3


async def test_where_bodies_are_not_kept_there_is_no_text(
    sim: SimulatedProviders, tmp_path: Path
) -> None:
    async with administered(sim, tmp_path) as house:
        await house.chat(GPT, tags=DOCK)
        await house.chat("openai/none-such", tags=GATE)
        await house.written(2)
        failed, answered = (await house.get("captions"))["data"]
        assert answered["text"] is None
        assert (failed["outcome"], failed["text"]) == ("refused", None)
        refused = await house.ask("GET", "/admin/api/v1/captions?tag=x")
        assert refused.status == 400
