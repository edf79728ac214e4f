"""Exchanges are found the newest first, a page at a time, in bounded time."""

from collections.abc import Callable
from itertools import count

import pytest

from exchange_cases import CLAUDE, attempt, exchange, failed
from heliograph.gateway.ledger import search as searching
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.search import (
    Page,
    Sought,
    answers_of,
    attempts_of,
    one,
    said_in,
    search,
    seconds_of,
)
from heliograph.gateway.ledger.write import Pen
from heliograph.gateway.types import Exchange, Owner, VirtualKey
from ledger_parts import AT_S, answered

NIGHT = VirtualKey("key-night", "night", Owner("dock", "yard", "cam-7"))
WRITTEN_MS = int(AT_S * 1000) + 1000


def write(database: Database, *exchanges: Exchange) -> None:
    migrate(database)
    pen = Pen(database)
    for place, each in enumerate(exchanges):
        pen.write([each], [], ("test", place, WRITTEN_MS + place * 1000))


def names(page: Page) -> list[str]:
    return [str(row[1]) for row in page.rows]


def test_the_newest_comes_first_and_pages_meet(database: Database) -> None:
    write(database, *[answered(number) for number in range(5)])
    first = search(database, Sought(), None, 2)
    second = search(database, Sought(), first.below, 2)
    third = search(database, Sought(), second.below, 2)
    pages = [names(page) for page in (first, second, third)]
    assert pages == [["hg-4", "hg-3"], ["hg-2", "hg-1"], ["hg-0"]]
    assert third.below is None
    # What is written meanwhile moves no page.
    Pen(database).write([answered(9)], [], ("test", 9, WRITTEN_MS + 9000))
    assert names(search(database, Sought(), first.below, 2)) == pages[1]


def test_every_way_to_narrow_it_down(database: Database) -> None:
    lost = exchange(
        attempt(failed("rate_limited"), CLAUDE), request_id="hg-lost", started_at=AT_S
    )
    lost.failure, lost.outcome = failed("rate_limited"), "failed"
    write(
        database,
        answered(1, virtual_key=NIGHT, tags=("a", "b=1"), route="captions"),
        answered(2, tags=("ab",)),
        lost,
    )
    for sought, found in (
        (Sought(virtual_key="key-night"), ["hg-1"]),
        (Sought(team="dock"), ["hg-1"]),
        (Sought(project="yard", camera="cam-7"), ["hg-1"]),
        (Sought(project="yard", camera="cam-8"), []),
        (Sought(tags=("a",)), ["hg-1"]),
        (Sought(tags=("A",)), []),
        (Sought(tags=("b=1",)), ["hg-1"]),
        (Sought(tags=("%",)), []),
        (Sought(tags=("b=1", "a")), ["hg-1"]),
        (Sought(tags=("a", "ab")), []),
        (Sought(named="b"), ["hg-1"]),
        (Sought(named="a"), []),
        (Sought(route="captions"), ["hg-1"]),
        (Sought(provider="openai"), ["hg-2", "hg-1"]),
        (Sought(model="claude-sonnet-4-6"), ["hg-lost"]),
        (Sought(outcome="failed"), ["hg-lost"]),
        (Sought(error="any"), ["hg-lost"]),
        (Sought(error="truncated"), []),
        (Sought(request_id="hg-2"), ["hg-2"]),
        (Sought(since_ms=WRITTEN_MS + 1000), ["hg-lost", "hg-2"]),
        (Sought(until_ms=WRITTEN_MS + 1000), ["hg-1"]),
        (Sought(provider="openai", team="dock", outcome="answered"), ["hg-1"]),
    ):
        page = search(database, sought, None, 10)
        assert (names(page), page.below) == (found, None), sought


def test_a_page_gives_up_in_time_and_says_where_to_go_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "STRETCH", 2)
    write(database, *[answered(number) for number in range(9)])
    hurried: Callable[[], float] = count(step=1.0).__next__
    found: list[str] = []
    below: int | None = None
    pages = 0
    while True:
        page = search(
            database, Sought(request_id=None, outcome="failed"), below, 5, now_s=hurried
        )
        found += names(page)
        pages += 1
        if page.below is None:
            break
        assert below is None or page.below < below
        below = page.below
    assert found == []
    assert pages > 2
    patient = search(database, Sought(outcome="answered"), None, 9)
    assert len(patient.rows) == 9


def test_one_exchange_with_its_attempts(database: Database) -> None:
    lost = attempt(failed("server_error", status=503), CLAUDE)
    lost.cost_nano, lost.cost_basis = 0, "free"
    write(database, answered(7), exchange(lost, attempt(None), started_at=AT_S))
    (plain,) = search(database, Sought(request_id="hg-7"), None, 1).rows
    number = int(plain[0] or 0)
    assert one(database, number) == plain
    assert seconds_of(number) == pytest.approx(WRITTEN_MS / 1000, abs=1)
    assert [row[1] for row in attempts_of(database, number)] == ["openai"]
    (other,) = search(database, Sought(request_id="hg-1"), None, 1).rows
    calls = attempts_of(database, int(other[0] or 0))
    assert [(row[1], row[7]) for row in calls] == [
        ("anthropic", "server_error"),
        ("openai", ""),
    ]
    assert one(database, 7) is None
    assert said_in(database, number) is None
    database.run("INSERT INTO bodies VALUES (?, ?, ?)", (number, "asked", "told"))
    assert said_in(database, number) == ("asked", "told")
    assert answers_of(database, [number, 7]) == {number: "told"}
    assert answers_of(database, []) == {}
