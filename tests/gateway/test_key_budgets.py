"""The limits that a virtual key carries, and budgets for those who hold keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.kept import bounded
from gateway.raw_client import Answer
from gateway.running import Gateway, request, until
from heliograph.gateway.types import KeyLimits, Owner, UsdLimit
from heliograph.simulation.providers import SimulatedProviders
from key_cases import KeptKeys

WIDE = "  - {name: wide, usd: 1000, per: day}\n"
STREET = """
  - name: street
    for: {project: street}
    requests_per_minute: 2
"""


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[KeptKeys]:
    kept = KeptKeys(tmp_path)
    yield kept
    kept.database.close()


async def ask(gateway: Gateway, secret: str, **members: object) -> Answer:
    extra = f"authorization: Bearer {secret}\r\n"
    return await gateway.post(request(members), extra=extra)


async def test_a_key_is_held_to_its_own_limits_and_no_other_key_is(
    sim: SimulatedProviders, tmp_path: Path, keys: KeptKeys
) -> None:
    poor, secret = keys.add("poor", limits=KeyLimits((UsdLimit(0, "day"),)))
    _, other = keys.add("rich", limits=KeyLimits((UsdLimit(10**12, "day"),)))
    async with bounded(sim, tmp_path, WIDE, keys=keys.ring) as kept:
        got = await ask(kept.gateway, secret)
        assert (got.status, got.error["code"]) == (402, "budget_exceeded")
        assert f"Budget `key {poor.id}` ($0 per day)" in got.error["message"]
        assert secret not in got.error["message"]
        assert (await ask(kept.gateway, other)).status == 200
        text = (await kept.gateway.get("/metrics")).body.decode()
        assert poor.id not in text


async def test_all_rates_of_a_key_are_counted(
    sim: SimulatedProviders, tmp_path: Path, keys: KeptKeys
) -> None:
    limits = KeyLimits(requests_per_minute=2, tokens_per_minute=10**6, concurrent_max=1)
    key, secret = keys.add(limits=limits)
    async with bounded(sim, tmp_path, WIDE, keys=keys.ring) as kept:
        statuses = [(await ask(kept.gateway, secret)).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        await until(lambda: len(kept.rows("SELECT 1 FROM exchanges")) == 3)
        found = kept.rows(
            "SELECT cap, SUM(amount) FROM budget_spent WHERE cap LIKE 'key %'"
            " GROUP BY cap ORDER BY cap"
        )
        assert [cap for cap, _ in found] == [
            f"key {key.id}|requests|exchanges|minute|rolling",
            f"key {key.id}|tokens|exchanges|minute|rolling",
        ]
        assert found[0][1] == 2


async def test_what_a_key_has_spent_is_known_when_its_caps_were_forgotten(
    sim: SimulatedProviders,
    tmp_path: Path,
    keys: KeptKeys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = "heliograph.gateway.ledger.budgets."
    for name, number in (("TRIM_TURNS", 1), ("IDLE_TURNS", 0), ("IDLE_S", 0.05)):
        monkeypatch.setattr(module + name, number)
    _, secret = keys.add(limits=KeyLimits(requests_per_minute=2))
    async with bounded(sim, tmp_path, WIDE, keys=keys.ring) as kept:
        assert kept.gateway.engine.budgets is not None
        caps = kept.gateway.engine.budgets.caps
        for status in (200, 200, 429):
            assert (await ask(kept.gateway, secret)).status == status
            await until(lambda: len(caps) == 1)
    assert kept.rows("SELECT * FROM budget_leases") == []


async def test_those_of_one_project_share_its_budget(
    sim: SimulatedProviders, tmp_path: Path, keys: KeptKeys
) -> None:
    secrets = [keys.add(name, owner=Owner(project="street"))[1] for name in "ab"]
    _, stranger = keys.add("c", owner=Owner(project="harbour"))
    async with bounded(sim, tmp_path, STREET, keys=keys.ring) as kept:
        assert [(await ask(kept.gateway, each)).status for each in secrets] == [200] * 2
        for secret in secrets:
            assert (await ask(kept.gateway, secret)).status == 429
        assert (await ask(kept.gateway, stranger)).status == 200


async def test_a_tag_is_enough_to_be_counted_by(
    sim: SimulatedProviders, tmp_path: Path, keys: KeptKeys
) -> None:
    _, secret = keys.add()
    budgets = "  - {name: night, concurrent_max: 0, for: {tag: night}}\n"
    async with bounded(sim, tmp_path, budgets, keys=keys.ring) as kept:
        extra = f"authorization: Bearer {secret}\r\nx-heliograph-tags: night\r\n"
        assert (await kept.gateway.post(request({}), extra=extra)).status == 429
        assert (await ask(kept.gateway, secret)).status == 200
