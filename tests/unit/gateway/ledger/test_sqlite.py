"""A ledger's file: its troubles told apart."""

import sqlite3
from pathlib import Path

import pytest

from heliograph.gateway.ledger.database import DatabaseError, Trouble
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def made(path: Path) -> SqliteDatabase:
    database = SqliteDatabase(path, wait_s=0.01)
    database.run("CREATE TABLE IF NOT EXISTS t (a BIGINT PRIMARY KEY, b TEXT)")
    return database


def test_one_that_somebody_else_holds_is_locked(path: Path) -> None:
    database = made(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError) as told, database.transaction():
        database.run("INSERT INTO t VALUES (1, 'one')")
    assert told.value.trouble is Trouble.LOCKED
    holder.close()
    database.run("INSERT INTO t VALUES (1, 'one')")


def test_one_with_no_room_left_is_full(path: Path) -> None:
    database = made(path)
    database.run("PRAGMA max_page_count = 3")
    with pytest.raises(DatabaseError) as told, database.transaction():
        database.run("INSERT INTO t VALUES (1, ?)", ("x" * 100_000,))
    assert told.value.trouble is Trouble.FULL
    database.run("INSERT INTO t VALUES (1, 'less')")
    assert database.run("SELECT b FROM t") == [("less",)]


def test_what_is_no_database_is_corrupt(path: Path) -> None:
    path.write_bytes(b"no database at all " * 1000)
    with pytest.raises(DatabaseError) as told:
        SqliteDatabase(path)
    assert told.value.trouble is Trouble.CORRUPT


def test_one_where_no_file_can_be_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError) as told:
        SqliteDatabase(tmp_path / "nowhere" / "ledger.db")
    assert told.value.trouble is Trouble.UNREACHABLE


def test_a_closed_one_closes_again(path: Path) -> None:
    database = made(path)
    database.close()
    database.close()
    with pytest.raises(DatabaseError):
        database.run("SELECT 1")
