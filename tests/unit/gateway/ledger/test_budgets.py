"""How a process reserves, waits, and does without its store. The thread is the loop."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest

from budget_parts import Kept, amount
from heliograph.gateway.ledger.budgets import (
    GOOD_S,
    HUNGRY_S,
    IDLE_TURNS,
    spare_of,
)
from heliograph.gateway.ledger.caps import Cap, Hold
from heliograph.gateway.ledger.database import DatabaseError, Row, Trouble, Value
from heliograph.gateway.types import (
    Budget,
    CapRule,
    Exchange,
    KeyLimits,
    StoreDown,
    UsdLimit,
    VirtualKey,
)

DAY = CapRule("usd", 1000, "day", "calendar")


def fail(sql: str, values: Sequence[Value] = ()) -> list[Row]:
    """Stand in the place of a database's `run`."""
    raise DatabaseError(Trouble.FULL, f"{sql} {values}")


@pytest.fixture
def made() -> Iterator[list[Kept]]:
    kept: list[Kept] = []
    yield kept
    for each in kept:
        each.budgets.close()
        each.database.close()


async def test_the_first_who_asks_waits_for_the_store_once(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    first = await kept.hold(100)
    again = kept.budgets.reserve(first.caps, amount(100), kept.clock.wall_s())
    assert isinstance(again, Hold)
    assert kept.cap.reserved == 200


async def test_who_needs_several_caps_gets_slices_of_them_all(
    made: list[Kept],
) -> None:
    rules = (CapRule("requests", 9000), CapRule("concurrent", 900))
    made.append(kept := Kept(Budget("a", rules)))
    account = kept.budgets.account(None, ())
    assert account is not None
    for _ in range(4):
        found = await kept.budgets.wait_for(account.entry, amount(1), 0.2)
        assert isinstance(found, Hold)
        for _ in range(5):  # nothing is given back while it may be used soon
            kept.budgets.turn()
            kept.turn()
            await asyncio.sleep(0)
        at_once = kept.budgets.reserve(found.caps, amount(1), kept.clock.wall_s())
        assert isinstance(at_once, Hold)


async def test_who_waits_gets_what_another_gives_back(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    hold = await kept.hold(900)
    waiting = asyncio.ensure_future(kept.reserve(900, 5.0))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    kept.budgets.settle(hold, amount(50), Exchange("r"))
    assert isinstance(await waiting, Hold)


async def test_who_does_not_fit_at_all_is_told_at_once(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    found = await kept.reserve(1001, 60.0)
    assert isinstance(found, Cap)
    assert found.is_used_up(1001, kept.clock.wall_s())
    assert loop.time() - began_s < 10


async def test_who_waits_alone_does_not_have_the_store_asked_without_a_break(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    hold = await kept.hold(900)
    asked = kept.leases.turns
    waiting = asyncio.ensure_future(kept.reserve(900, 5.0))
    await asyncio.sleep(4 * HUNGRY_S)
    assert 1 <= kept.leases.turns - asked <= 6
    kept.budgets.settle(hold, amount(0), Exchange("r"))
    assert isinstance(await waiting, Hold)


async def test_a_wait_that_is_called_off_leaves_nothing_behind(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    await kept.hold(900)
    waiting = asyncio.ensure_future(kept.reserve(900, 5.0))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert kept.cap.waiting == 0
    assert not kept.budgets.waiting
    assert kept.cap.reserved == 900


@pytest.mark.parametrize("policy", ["refuse", "allow"])
async def test_without_its_store_it_spends_its_slice_and_then_does_as_told(
    made: list[Kept], policy: StoreDown
) -> None:
    made.append(kept := Kept(Budget("a", (DAY,), store_down=policy)))
    first = await kept.hold(100)
    kept.down = True
    kept.clock.step(GOOD_S - 0.1)
    second = kept.budgets.reserve(first.caps, amount(100), kept.clock.wall_s())
    assert isinstance(second, Hold)
    kept.clock.step(0.2)
    third = await kept.reserve(100, 0.05)
    assert isinstance(third, Hold) == (policy == "allow")
    assert kept.budgets.is_blind
    kept.down = False
    kept.turn()  # as the thread does each second
    await kept.hold(100)
    assert not kept.budgets.is_blind


@pytest.mark.parametrize("policies", [("allow", "refuse"), ("refuse", "allow")])
async def test_without_its_store_the_strictest_budget_decides(
    made: list[Kept], policies: tuple[StoreDown, StoreDown]
) -> None:
    named = [Budget(policy, (DAY,), store_down=policy) for policy in policies]
    made.append(kept := Kept(*named))
    hold = await kept.hold(100)
    kept.down = True
    kept.clock.step(GOOD_S)
    found = await kept.reserve(100, 0.05)
    assert isinstance(found, Cap)
    assert found.budget.name == "refuse"
    assert sum(cap.reserved for cap in hold.caps) == 200


async def test_nobody_waits_for_a_store_that_is_known_to_be_away(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    await kept.hold(100)
    kept.down = True
    kept.budgets.turn()
    kept.clock.step(GOOD_S)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    assert isinstance(await kept.reserve(100, 60.0), Cap)
    assert loop.time() - began_s < 10
    kept.down = False
    kept.turn()
    await asyncio.sleep(0)  # the loop is told
    await kept.hold(100)


async def test_who_comes_first_after_a_pause_waits_for_the_store(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    await kept.hold(100)
    kept.clock.step(10 * GOOD_S)  # nobody has asked it meanwhile: it may be well
    assert kept.budgets.is_blind
    assert not kept.budgets.is_away
    await kept.hold(100)


async def test_a_store_that_fails_is_asked_again(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    run = kept.database.run
    kept.database.run = fail  # type: ignore[method-assign] # it breaks
    waiting = asyncio.ensure_future(kept.reserve(100, 5.0))
    await asyncio.sleep(0.05)
    kept.database.run = run  # type: ignore[method-assign] # it is well again
    assert isinstance(await waiting, Hold)


async def test_a_slice_that_nobody_uses_goes_back(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    hold = await kept.hold(100)
    kept.budgets.settle(hold, amount(0), Exchange("r"))
    assert kept.cap.free > 0
    for _ in range(IDLE_TURNS + 3):
        kept.budgets.turn()
        kept.turn()
        await asyncio.sleep(0)
    assert kept.cap.free == 0
    assert kept.database.run("SELECT * FROM budget_leases") == []


async def test_a_cap_that_was_forgotten_begins_anew_where_the_store_stands(
    made: list[Kept], monkeypatch: pytest.MonkeyPatch
) -> None:
    made.append(kept := Kept(Budget("a", (CapRule("usd", 10**9, "day"),))))
    limits = KeyLimits((UsdLimit(1000, "day"),))
    monkeypatch.setattr("heliograph.gateway.ledger.budgets.TRIM_TURNS", 1)
    for number in (1, 2):
        account = kept.budgets.account(VirtualKey("k1", "one", limits=limits), ())
        assert account is not None
        caps = account.spending.caps[1:]
        hold = await kept.budgets.wait_for(caps, amount(400), 0.2)
        assert isinstance(hold, Hold)
        exchange = Exchange("r")
        kept.budgets.settle(hold, amount(300), exchange)
        kept.leases.post(kept.database, [exchange], number)
        (cap,) = caps
        assert (cap.charged, cap.spent) == (300, 300 * (number - 1))
        del account, caps, hold, cap
        for _ in range(IDLE_TURNS + 4):
            kept.budgets.turn()
            kept.turn()
            await asyncio.sleep(0)
        assert len(kept.budgets.accounts.caps) == 1
    assert kept.database.run("SELECT SUM(amount) FROM budget_spent") == [(600,)]
    assert kept.database.run("SELECT * FROM budget_leases") == []


@pytest.mark.parametrize("past_s", [0.05, 0.25, 1.0])
async def test_a_slice_lasts_for_turns_that_come_late(
    made: list[Kept], past_s: float
) -> None:
    made.append(kept := Kept(Budget("a", (CapRule("tokens", 10**9),))))
    kept.cap.charged = kept.cap.slice = int(1000 * past_s)
    kept.cap.last = 1
    assert spare_of(kept.cap, past_s, (0,)) == 1000
    assert spare_of(kept.cap, past_s, (0,)) == 1000  # it has not been used since


async def test_what_was_turned_away_is_passed_on_until_the_store_has_taken_it(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    exchange = Exchange("r")
    kept.budgets.settle(await kept.hold(100), amount(30), exchange)
    kept.budgets.forgo(exchange)
    run = kept.database.run
    for works in (False, True, True):
        kept.database.run = run if works else fail  # type: ignore[method-assign] # it breaks
        kept.budgets.turn()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert kept.cap.unposted == (0 if works else 30)
    assert run("SELECT SUM(amount) FROM budget_spent") == [(30,)]


async def test_what_is_turned_away_at_the_end_is_passed_on_with_the_farewell(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    exchange = Exchange("r")
    kept.budgets.settle(await kept.hold(100), amount(30), exchange)
    kept.budgets.forgo(exchange)
    kept.budgets.close()
    kept.turn()
    assert kept.database.run("SELECT SUM(amount) FROM budget_spent") == [(30,)]
    assert kept.database.run("SELECT * FROM budget_leases") == []


async def test_what_costs_more_than_was_reserved_is_charged_all_the_same(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    exchange = Exchange("r")
    kept.budgets.settle(await kept.hold(100), amount(300), exchange)
    assert [charge[2] for charge in exchange.charges or ()] == [300]
    assert kept.cap.reserved == 0
    assert isinstance(await kept.reserve(701), Cap)


async def test_a_reload_raises_the_limit_for_those_who_wait(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (DAY,))))
    assert isinstance(await kept.reserve(1500), Cap)
    larger = Budget("a", (CapRule("usd", 2000, "day", "calendar"),))
    kept.budgets.follow((larger,))
    await kept.hold(1500)
