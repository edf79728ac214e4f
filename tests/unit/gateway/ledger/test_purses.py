"""When purses are filled, how long they are good, and who has them emptied."""

import asyncio
from collections.abc import Iterator

import pytest

from budget_parts import Kept, amount
from heliograph.gateway.ledger.accounts import Account
from heliograph.gateway.ledger.budgets import GOOD_S
from heliograph.gateway.ledger.caps import Hold
from heliograph.gateway.ledger.purse import SHARES, Share
from heliograph.gateway.types import Budget, CapRule, Exchange, Scope

SHARE = Share(100, 0)
PLENTY = CapRule("usd", 10**9, "day", "calendar")


@pytest.fixture
def made() -> Iterator[list[Kept]]:
    kept: list[Kept] = []
    yield kept
    for each in kept:
        each.budgets.close()
        each.database.close()


async def account_with_plenty(kept: Kept, share: Share = SHARE) -> Account:
    """Have so much leased that purses are worth their while."""
    hold = await kept.hold(10**6)
    kept.budgets.settle(hold, amount(0), Exchange("r"))
    account = kept.budgets.account(None, ())
    assert account is not None
    account.share = share
    return account


async def test_where_there_is_plenty_a_purse_is_filled(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (PLENTY,))))
    account = await account_with_plenty(kept)
    purse = kept.budgets.purse_of(account)
    assert purse is not None
    assert account.purse is purse
    assert kept.cap.reserved == 100 * SHARES
    assert kept.clock.monotonic_s() < purse.until_s <= kept.budgets.good_until_s
    purse.left = 0
    assert kept.budgets.purse_of(account) is not purse
    kept.budgets.turn()
    assert account.purse.left == 0
    assert kept.cap.reserved == 100 * SHARES  # by those who have taken their shares


async def test_a_purse_is_good_for_no_longer_than_its_slices_and_its_price(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (PLENTY,))))
    account = await account_with_plenty(kept)
    kept.down = True
    kept.clock.step(GOOD_S)
    assert kept.budgets.purse_of(account) is None
    kept.down = False
    await kept.hold(1)
    until_s = kept.clock.wall_s() + 0.25
    account.share = Share(100, 0, until_s=until_s)
    purse = kept.budgets.purse_of(account)
    assert purse is not None
    assert purse.until_s == pytest.approx(kept.clock.monotonic_s() + 0.25)


async def test_who_lacks_some_gets_what_is_in_purses(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (PLENTY,))))
    account = await account_with_plenty(kept)
    purse = kept.budgets.purse_of(account)
    assert purse is not None
    purse.left -= 1
    free = kept.cap.free
    found = kept.budgets.reserve([kept.cap], amount(free + 1), kept.clock.wall_s())
    assert isinstance(found, Hold)
    assert (purse.left, kept.cap.reserved) == (0, free + 1 + 100)


async def test_while_somebody_waits_no_purse_is_filled(made: list[Kept]) -> None:
    made.append(kept := Kept(Budget("a", (PLENTY,))))
    account = await account_with_plenty(kept)
    waiting = asyncio.ensure_future(kept.reserve(10**9, 5.0))
    await asyncio.sleep(0)
    assert kept.budgets.purse_of(account) is None
    assert isinstance(await waiting, Hold)


async def test_where_there_is_little_no_purse_is_tried_before_the_next_turn(
    made: list[Kept],
) -> None:
    made.append(kept := Kept(Budget("a", (PLENTY,))))
    account = await account_with_plenty(kept, Share(10**9, 0))
    assert kept.budgets.purse_of(account) is None
    assert account.share is None  # the next call says what is enough
    account.share = Share(100, 0)
    assert kept.budgets.purse_of(account) is None
    kept.budgets.turn()
    assert kept.budgets.purse_of(account) is not None


async def test_a_budget_of_some_targets_has_no_purse(made: list[Kept]) -> None:
    some = Budget("b", (PLENTY,), Scope(provider="openai"))
    made.append(kept := Kept(Budget("a", (PLENTY,)), some))
    account = await account_with_plenty(kept)
    assert kept.budgets.purse_of(account) is None
