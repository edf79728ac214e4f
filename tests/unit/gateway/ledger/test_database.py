"""What every database of a ledger does alike."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.stores.opening import open_database
from ledger_parts import ENDLESS

ADD = "INSERT INTO t VALUES (?, ?)"


@pytest.fixture
def table(database: Database) -> Database:
    database.run("CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT)")
    return database


@pytest.fixture
def other(place: str) -> Iterator[Database]:
    opened = open_database(place)
    yield opened
    opened.close()


def test_a_row_is_there_for_another_connection(
    table: Database, other: Database
) -> None:
    table.run(ADD, (1, "one"))
    assert other.run("SELECT a, b FROM t") == [(1, "one")]


def test_a_transaction_is_whole_or_nothing(table: Database) -> None:
    with table.transaction():
        table.run_many(ADD, [(1, "one"), (2, "two")])
    rows = [(3, "three"), (1, "again")]
    with pytest.raises(DatabaseError) as told, table.transaction():
        table.run_many(ADD, rows)
    assert told.value.trouble is Trouble.REFUSED
    assert table.run("SELECT a FROM t ORDER BY a") == [(1,), (2,)]


def test_what_is_in_a_transaction_is_seen_when_it_ends(
    table: Database, other: Database
) -> None:
    with table.transaction():
        table.run(ADD, (1, "one"))
        assert other.run("SELECT a FROM t") == []
    assert other.run("SELECT a FROM t") == [(1,)]


def test_a_fault_of_ours_undoes_a_transaction(table: Database) -> None:
    with pytest.raises(ZeroDivisionError), table.transaction():
        table.run(ADD, (1 // 0, "one"))
    table.run(ADD, (1, "one"))
    assert table.run("SELECT a FROM t") == [(1,)]


def test_no_transaction_begins_within_another(table: Database) -> None:
    with pytest.raises(DatabaseError), table.transaction(), table.transaction():
        table.run(ADD, (1, "one"))
    assert table.run("SELECT a FROM t") == []


def test_many_rows_are_none_without_any(table: Database) -> None:
    table.run_many(ADD, [])
    assert table.run("SELECT a FROM t") == []


def test_many_rows_are_added_to_what_is_there(table: Database) -> None:
    add = (
        "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT (a) "
        "DO UPDATE SET b = t.b || excluded.b"
    )
    count = 40_000  # more values than PostgreSQL takes at once
    with table.transaction():
        table.run_many(add, [(number, "a") for number in range(count)])
        table.run_many(add, [(0, "b"), (count, None)])
    assert table.run("SELECT COUNT(*), COUNT(b) FROM t") == [(count + 1, count)]
    assert table.run("SELECT b FROM t WHERE a < 2 ORDER BY a") == [("ab",), ("a",)]


def test_many_rows_can_be_changed_too(table: Database) -> None:
    table.run_many(ADD, [(1, "one"), (2, "two")])
    table.run_many("UPDATE t SET b = ? WHERE a = ?", [("x", 1), ("y", 2)])
    assert table.run("SELECT b FROM t ORDER BY a") == [("x",), ("y",)]


@pytest.mark.parametrize("number", [1 << 63, -(1 << 63) - 1])
def test_a_number_too_large_for_it_is_refused(table: Database, number: int) -> None:
    with pytest.raises(DatabaseError) as told:
        table.run(ADD, (number, ""))
    assert told.value.trouble is Trouble.REFUSED


def test_what_is_not_known_is_no_fault_of_a_row(table: Database) -> None:
    for sql in ("SELECT a FROM nowhere", "SELECT c FROM t", "no SQL"):
        with pytest.raises(DatabaseError) as told:
            table.run(sql)
        assert told.value.trouble is Trouble.UNKNOWN
    table.run("CREATE TABLE u (a BIGINT NOT NULL)")
    with pytest.raises(DatabaseError) as told:
        table.run("INSERT INTO u VALUES (?)", (None,))
    assert told.value.trouble is Trouble.REFUSED


def test_a_text_with_half_a_character_is_refused(table: Database) -> None:
    with pytest.raises(DatabaseError) as told:
        table.run(ADD, (1, "\ud800"))
    assert told.value.trouble is Trouble.REFUSED


def test_values_come_back_as_they_were(table: Database) -> None:
    rows = [
        (0, None),
        (1, "'; DROP TABLE t; -- ? $1 %s"),
        (-(1 << 63), "\N{SNOWMAN}"),
        ((1 << 63) - 1, ""),
    ]
    table.run_many(ADD, rows)
    assert sorted(table.run("SELECT a, b FROM t")) == sorted(rows)
    assert table.run("SELECT '?', b FROM t WHERE a = ?", (0,)) == [("?", None)]


def test_sums_are_whole_numbers(table: Database) -> None:
    table.run_many("INSERT INTO t (a) VALUES (?)", [(10**17,), (3,), (True,)])
    ((total, rows),) = table.run("SELECT SUM(a), COUNT(*) FROM t")
    assert (total, rows) == (10**17 + 4, 3)
    assert type(total) is type(rows) is int


def test_what_is_there_is_added_to(table: Database) -> None:
    add = (
        "INSERT INTO t VALUES (?, ?) ON CONFLICT (a) DO UPDATE "
        "SET b = excluded.b WHERE t.b < excluded.b RETURNING b"
    )
    assert table.run(add, (1, "b")) == [("b",)]
    assert table.run(add, (1, "c")) == [("c",)]
    assert table.run(add, (1, "a")) == []


def test_what_runs_is_ended_by_another_thread(table: Database) -> None:
    over = threading.Event()

    def interrupt() -> None:
        while not over.wait(0.05):  # until it runs nobody hears it
            table.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(DatabaseError) as told:
        table.run(ENDLESS)
    over.set()
    thread.join()
    assert told.value.trouble is Trouble.LOCKED
    table.run(ADD, (1, "as if nothing had been"))


def test_where_nothing_runs_there_is_nothing_to_end(table: Database) -> None:
    table.interrupt()
    table.run(ADD, (1, "a"))
    assert table.run("SELECT a, b FROM t") == [(1, "a")]


def test_of_two_that_would_be_alone_one_waits(place: str, table: Database) -> None:
    table.run(ADD, (0, "0"))

    def work() -> None:
        with closing(open_database(place)) as database:
            for _ in range(20):
                with database.transaction(alone=True):
                    ((last,),) = database.run("SELECT MAX(a) FROM t")
                    database.run(ADD, (int(last or 0) + 1, ""))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert table.run("SELECT COUNT(*), MAX(a) FROM t") == [(61, 60)]
