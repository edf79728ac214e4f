"""What was spent, by whatever is asked for."""

from collections.abc import Callable
from itertools import combinations

import pytest

from exchange_cases import CLAUDE, OPENAI, attempt, exchange, failed
from heliograph.gateway.ledger.costs import DIMENSIONS, Costs, costs
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.types import Owner, Provider, Usage, VirtualKey
from ledger_parts import Told

Make = Callable[..., Recorder]

HOUR = 497_000
STREET = VirtualKey("k1", "street", Owner("vision", "street", "north"))
YARD = VirtualKey("k2", "yard", Owner("vision", "yard"))
Call = tuple[Provider, int | None, bool]
USED = Usage(input_tokens=100, output_tokens=10)


@pytest.fixture
def filled(recorder_here: Make, database: Database) -> Database:
    """Four exchanges: three hours, two keys, one rescued by another provider."""
    recorder = recorder_here(Told())
    rows: list[tuple[int, VirtualKey | None, tuple[str, ...], list[Call]]] = [
        (0, STREET, ("night", "a_b"), [(CLAUDE, 5, False), (OPENAI, 7, True)]),
        (1, STREET, ("night",), [(OPENAI, 11, True)]),
        (26, YARD, ("axb",), [(OPENAI, None, True)]),
        (27, None, (), [(CLAUDE, 13, True)]),
    ]
    for number, (hour, key, tags, calls) in enumerate(rows):
        attempts = []
        for provider, cost_nano, ok in calls:
            made = attempt(None if ok else failed("reset"), provider)
            made.usage, made.cost_nano, made.cost_basis = USED, cost_nano, "usage"
            attempts.append(made)
        recorder.record(
            exchange(
                *attempts,
                request_id=f"hg-{number}",
                started_at=(HOUR + hour) * 3600.0,
                virtual_key=key,
                tags=tags,
                usage=USED,
                route="captions",
            )
        )
    recorder.turn()
    database.run(
        "INSERT INTO virtual_keys VALUES ('k1', 'street', '', '', '', '{}', 0, NULL, "
        "NULL)"
    )
    return database


ALL = (HOUR, HOUR + 100)


def by(found: Costs) -> dict[tuple[str, ...], tuple[int, int, int]]:
    """Return exchanges, cost and unknown costs of each row."""
    return {
        row.by: (row.exchanges, row.cost_nano, row.unknown_costs) for row in found.rows
    }


@pytest.mark.parametrize(
    ("names", "rows"),
    [
        ("provider", {("openai",): (3, 18, 1), ("anthropic",): (1, 18, 0)}),
        ("model", {("gpt-4o",): (3, 18, 1), ("claude-sonnet-4-6",): (1, 18, 0)}),
        ("route", {("captions",): (4, 36, 1)}),
        ("team", {("vision",): (3, 23, 1), ("",): (1, 13, 0)}),
        ("project", {("street",): (2, 23, 0), ("yard",): (1, 0, 1), ("",): (1, 13, 0)}),
        ("camera", {("north",): (2, 23, 0), ("",): (2, 13, 1)}),
        ("owner", {("vision/street/north",): (2, 23, 0), ("vision/yard",): (1, 0, 1),
                   ("",): (1, 13, 0)}),
        ("key", {("street",): (2, 23, 0), ("k2",): (1, 0, 1), ("",): (1, 13, 0)}),
        ("tag", {("night",): (2, 23, 0), ("a_b",): (1, 12, 0), ("axb",): (1, 0, 1),
                 ("",): (1, 13, 0)}),
        ("day", {("2026-09-12",): (2, 23, 0), ("2026-09-13",): (2, 13, 1)}),
        ("hour", {("2026-09-12T08:00Z",): (1, 12, 0),
                  ("2026-09-12T09:00Z",): (1, 11, 0),
                  ("2026-09-13T10:00Z",): (1, 0, 1),
                  ("2026-09-13T11:00Z",): (1, 13, 0)}),
        ("key,provider", {("street", "openai"): (2, 18, 0),
                          ("street", "anthropic"): (0, 5, 0),
                          ("k2", "openai"): (1, 0, 1), ("", "anthropic"): (1, 13, 0)}),
    ],
)  # fmt: skip
def test_costs_are_added_up_by_what_is_asked(
    filled: Database, names: str, rows: dict[tuple[str, ...], tuple[int, int, int]]
) -> None:
    found = costs(filled, names.split(","), ALL)
    assert by(found) == rows
    assert (found.total.exchanges, found.total.cost_nano) == (4, 36)
    assert (found.total.attempts, found.total.failed_attempts) == (5, 1)
    assert found.total.input_tokens == 500


def test_every_dimension_can_be_asked_at_once(filled: Database) -> None:
    found = costs(filled, DIMENSIONS, ALL)
    assert all(len(row.by) == len(DIMENSIONS) for row in found.rows)
    assert len(found.rows) == 7  # the two calls of the first have two tags each


def test_the_dearest_come_first_and_times_in_their_order(filled: Database) -> None:
    tags = [row.by for row in costs(filled, ["tag"], ALL).rows]
    assert tags == [("night",), ("",), ("a_b",), ("axb",)]
    days = [row.by for row in costs(filled, ["key", "day"], ALL).rows]
    assert days == [("street", "2026-09-12"), ("", "2026-09-13"), ("k2", "2026-09-13")]


@pytest.mark.parametrize(
    ("where", "cost_nano"),
    [
        ({"team": "vision"}, 23),
        ({"key": "street"}, 23),
        ({"key": "k1"}, 23),
        ({"key": "nobody"}, 0),
        ({"tag": "a_b"}, 12),
        ({"tag": "a%"}, 0),
        ({"tag": "Night"}, 0),
        ({"tag": "night", "provider": "openai"}, 18),
        ({"model": "claude-sonnet-4-6", "camera": ""}, 13),
    ],
)
def test_only_what_is_so_is_added_up(
    filled: Database, where: dict[str, str], cost_nano: int
) -> None:
    assert costs(filled, [], ALL, where).total.cost_nano == cost_nano


def test_days_and_hours_say_the_same(filled: Database) -> None:
    for since, until in combinations(range(HOUR - 35, HOUR + 60, 11), 2):
        by_hour = costs(filled, ["hour", "provider"], (since, until))
        by_day = costs(filled, ["provider"], (since, until))
        assert by_day.total == by_hour.total
        assert sum(row.cost_nano for row in by_day.rows) == by_hour.total.cost_nano


def test_an_hour_is_meant_from_its_beginning_to_its_end(filled: Database) -> None:
    assert costs(filled, [], (HOUR, HOUR + 1)).total.cost_nano == 12
    assert costs(filled, [], (HOUR + 1, HOUR + 2)).total.cost_nano == 11
    nothing = costs(filled, ["team"], (HOUR + 2, HOUR + 3))
    assert nothing.rows == ()
    assert nothing.total.exchanges == 0


def test_owners_whose_names_hold_slashes_are_told_apart(
    recorder_here: Make, database: Database
) -> None:
    owners = [
        *(Owner("a/b"), Owner("a", "b"), Owner("a/b", "", "c"), Owner("a", "b", "c")),
        *(Owner("a/"), Owner("a"), Owner("", "a")),
    ]
    recorder = recorder_here(Told())
    for number, owner in enumerate(owners):
        made = attempt(None)
        made.cost_nano, made.cost_basis = 1 << number, "usage"
        key = VirtualKey(f"k{number}", f"key {number}", owner)
        recorder.record(exchange(made, started_at=HOUR * 3600.0, virtual_key=key))
    recorder.turn()
    found = by(costs(database, ["owner"], ALL))
    assert {name: cost for (name,), (_, cost, _) in found.items()} == {
        "a%2Fb": 1,
        "a/b": 2,
        "a%2Fb//c": 4,
        "a/b/c": 8,
        "a%2F": 16,
        "a": 32,
        "/a": 64,
    }
    teams = by(costs(database, ["team"], ALL))
    assert teams["a/",] == (1, 16, 0)
    assert teams["a/b",] == (2, 5, 0)
