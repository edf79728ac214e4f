"""What is taken over from a corrupt file: keys, and what was spent."""

from pathlib import Path

import pytest

from heliograph.gateway.ledger.database import Database, DatabaseError, Row, Trouble
from heliograph.gateway.ledger.stores import salvage as module
from heliograph.gateway.ledger.stores.salvage import salvage
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from ledger_parts import Told, answered, ids, one, recorder_at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


def harmed(path: Path, table: str) -> None:
    """Write over the pages of one table, as a bad block of a disk would."""
    database = SqliteFile(path).open()
    sql = "SELECT rootpage FROM sqlite_master WHERE name = ?"
    ((page,),) = database.run(sql, (table,))
    ((size,),) = database.run("PRAGMA page_size")
    database.run("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    with path.open("r+b") as file:
        file.seek((int(page or 0) - 1) * int(size or 0))
        file.write(b"\xa5" * int(size or 0))


def with_keys_and_budgets(path: Path) -> None:
    database = SqliteFile(path).open()
    key = ("k1", "street", "", "", "", "{}", 0, None, None)
    sql = "INSERT INTO virtual_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    database.run(sql, key)
    database.run("INSERT INTO key_hashing VALUES ('f')")
    database.run("INSERT INTO budget_spent VALUES ('b|usd|x', 0, 5)")
    database.run("UPDATE counters SET value = 3 WHERE name = 'virtual_keys'")
    database.close()


def test_of_a_corrupt_file_keys_and_budgets_are_taken_over(path: Path) -> None:
    with_keys_and_budgets(path)
    harmed(path, "exchanges")
    recorder = recorder_at(path, told := Told())
    recorder.record(answered(1))
    for _ in range(3):
        recorder.turn()
    database = SqliteDatabase(path)
    assert ids(database) == ["hg-1"]
    assert one(database, "SELECT id, name FROM virtual_keys") == ("k1", "street")
    assert one(database, "SELECT amount FROM budget_spent") == (5,)
    sql = "SELECT value > 3 FROM counters WHERE name = 'virtual_keys'"
    assert one(database, sql) == (1,)
    assert "its virtual keys and budgets were taken over" in told
    assert recorder.trouble is None


def test_what_cannot_be_taken_over_is_told(path: Path) -> None:
    with_keys_and_budgets(path)
    harmed(path, "exchanges")
    harmed(path, "virtual_keys")
    recorder = recorder_at(path, told := Told())
    recorder.record(answered(1))
    for _ in range(3):
        recorder.turn()
    database = SqliteDatabase(path)
    assert one(database, "SELECT COUNT(*) FROM key_hashing") == (0,)
    assert one(database, "SELECT amount FROM budget_spent") == (5,)
    assert "its virtual keys cannot be read: restore them from a copy" in told


def test_it_is_done_whole_and_again_until_it_succeeds(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = module.insert

    def fill_the_disk(database: Database, table: str, rows: list[Row]) -> None:
        if table == "budget_spent":
            raise DatabaseError(Trouble.FULL, "no room")
        insert(database, table, rows)

    with_keys_and_budgets(path)
    harmed(path, "exchanges")
    recorder = recorder_at(path, told := Told())
    monkeypatch.setattr(module, "insert", fill_the_disk)
    recorder.record(answered(1))
    for _ in range(3):
        recorder.turn()
    database = SqliteDatabase(path)
    assert recorder.trouble is Trouble.FULL
    assert ids(database) == []
    assert one(database, "SELECT COUNT(*) FROM virtual_keys") == (0,)
    monkeypatch.setattr(module, "insert", insert)
    recorder.turn()
    assert one(database, "SELECT id FROM virtual_keys") == ("k1",)
    assert one(database, "SELECT amount FROM budget_spent") == (5,)
    assert ids(database) == ["hg-1"]
    assert "its virtual keys and budgets were taken over" in told


def test_what_was_spent_in_the_new_file_is_added_to_once(path: Path) -> None:
    with_keys_and_budgets(path)
    database = SqliteFile(path.parent / "new.db").open()
    database.run("INSERT INTO budget_spent VALUES ('b|usd|x', 0, 7)")
    for _ in range(2):  # as after a commit that came through unheard
        salvage(path, database)
        assert database.run("SELECT * FROM budget_spent") == [("b|usd|x", 0, 12)]


def test_one_that_somebody_holds_is_not_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(_: Path) -> None:
        raise DatabaseError(Trouble.LOCKED, "database is locked")

    database = SqliteFile(path).open()
    monkeypatch.setattr(module, "SqliteDatabase", held)
    with pytest.raises(DatabaseError, match="is locked"):
        salvage(path, database)


def test_what_is_no_row_any_more_does_not_hold_the_ledger_up(path: Path) -> None:
    with_keys_and_budgets(path)
    old = SqliteDatabase(path)
    old.run("DROP TABLE budget_charges")
    old.run("CREATE TABLE budget_charges (a, b, c, d)")
    old.run("INSERT INTO budget_charges VALUES (NULL, NULL, NULL, NULL)")
    old.close()
    database = SqliteFile(path.parent / "new.db").open()
    said = salvage(path, database)
    assert said.startswith("its virtual keys and budgets cannot be read: restore them")
    assert one(database, "SELECT COUNT(*) FROM virtual_keys") == (0,)
    database.close()
