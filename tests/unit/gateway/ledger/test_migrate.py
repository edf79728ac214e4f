"""From whatever stands in the file to the tables this program knows."""

from contextlib import closing
from pathlib import Path

import pytest

from heliograph.gateway.ledger.database import WORDS, Database, DatabaseError, Trouble
from heliograph.gateway.ledger.migrate import Migration, migrate, migrations, statements
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.types import Keeping, Secret
from ledger_parts import one

FIRST = Migration(1, "first", "CREATE TABLE t (\n  a ROW_ID,\n  b TEXT\n);\n")
SECOND = Migration(
    2,
    "second",
    "-- Why; not a statement;\nALTER TABLE t ADD COLUMN c BIGINT;\n\n"
    "UPDATE t SET c = 7;\n",
)
WRONG = Migration(3, "wrong", "CREATE TABLE u (a TEXT);\nINSERT INTO v VALUES (1);")


def test_the_steps_that_come_with_the_program_have_numbers_of_their_own() -> None:
    found = migrations()
    assert found[0].name == "record"
    assert [step.version for step in found] == sorted({s.version for s in found})


def test_an_older_database_keeps_its_rows(database: Database) -> None:
    migrate(database, [FIRST])
    database.run("INSERT INTO t VALUES (1, 'kept')")
    migrate(database, [FIRST, SECOND])
    assert database.run("SELECT a, b, c FROM t") == [(1, "kept", 7)]


def test_a_step_is_done_once(database: Database) -> None:
    migrate(database, [FIRST, SECOND])
    migrate(database, [SECOND, FIRST])
    assert database.run("SELECT version, name FROM schema_version") == [
        (1, "first"),
        (2, "second"),
    ]


def test_a_step_that_fails_leaves_nothing_of_itself(database: Database) -> None:
    migrate(database, [FIRST])
    with pytest.raises(DatabaseError):
        migrate(database, [FIRST, SECOND, WRONG])
    assert database.run("SELECT max(version) FROM schema_version") == [(1,)]
    database.run("CREATE TABLE u (a TEXT)")


def test_a_newer_database_is_left_alone(database: Database) -> None:
    migrate(database, [FIRST, SECOND])
    with pytest.raises(DatabaseError, match="later version of heliograph") as told:
        migrate(database, [FIRST])
    assert told.value.trouble is Trouble.NEWER


def test_one_that_has_all_its_steps_is_opened_while_another_writes(
    database: Database, place: str
) -> None:
    migrate(database)
    store = store_at(Keeping(Secret(place)))
    assert store is not None
    with database.transaction(alone=True):
        database.run("UPDATE counters SET value = 1 WHERE name = 'prunes'")
        with closing(store.open()) as other:
            assert one(other, "SELECT COUNT(*) FROM exchanges") == (0,)


def test_a_migration_is_written_in_the_words_of_the_database(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "ledger.db")
    assert statements(FIRST.sql, database) == [
        "CREATE TABLE t (\n  a INTEGER PRIMARY KEY,\n  b TEXT\n)"
    ]
    assert set(WORDS) == set(database.words)


def test_the_tables_of_the_program_can_be_made(database: Database) -> None:
    migrate(database)
    for table in ("askers", "exchanges", "attempts", "hours", "virtual_keys"):
        assert database.run(f"SELECT * FROM {table}") == []  # noqa: S608 -- ours


def test_a_ledger_from_before_there_were_days_has_them_added_up(
    database: Database,
) -> None:
    former = [step for step in migrations() if step.name != "days"]
    migrate(database, former)
    rows = [(24, "p", "m", 1), (47, "p", "m", 1), (48, "p", "m", 1), (48, "p", "n", 1)]
    database.run_many(
        f"INSERT INTO hours VALUES ({', '.join('?' * 16)})",  # noqa: S608 -- ours
        [(*row, *range(12)) for row in rows],
    )
    migrate(database)
    sql = "SELECT day, model, exchanges, unknown_costs FROM days ORDER BY day, model"
    assert database.run(sql) == [(1, "m", 0, 22), (2, "m", 0, 11), (2, "n", 0, 11)]
