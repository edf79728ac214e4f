"""The one writer: what it holds, what it writes, what it tells of troubles."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from exchange_cases import exchange
from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.gateway.ledger.write import Pen
from heliograph.gateway.types import Exchange
from ledger_parts import AT_S, Told, answered, ids, one, recorder_at

Make = Callable[..., Recorder]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.db"


def test_a_turn_writes_what_has_ended(recorder_here: Make, database: Database) -> None:
    recorder = recorder_here(told := Told())
    for number in (1, 2, 3):
        recorder.record(answered(number, tags=("t",)))
    recorder.turn()
    assert ids(database) == ["hg-1", "hg-2", "hg-3"]
    sql = "SELECT count(*), sum(cost_nano) FROM every_attempt"
    assert one(database, sql) == (3, 6)
    assert one(database, "SELECT exchanges, cost_nano FROM hours") == (3, 6)
    assert one(database, "SELECT count(*), max(tags) FROM askers") == (1, "t")
    assert (recorder.written, recorder.waiting, recorder.lost) == (3, 0, 0)
    assert told.lines == []


def test_two_writers_share_a_database_and_its_numbers(
    recorder_here: Make, database: Database
) -> None:
    one_of_two, other = (recorder_here(Told()) for _ in range(2))
    for number, writer in enumerate([one_of_two, other, one_of_two]):
        writer.record(answered(number))
        writer.turn()
    assert ids(database) == ["hg-0", "hg-1", "hg-2"]
    assert one(database, "SELECT exchanges, cost_nano FROM hours") == (3, 3)


def test_a_thread_writes_while_it_lives_and_all_that_is_left_when_it_ends(
    recorder_here: Make,
    database: Database,
) -> None:
    recorder = recorder_here(told := Told())
    recorder.start()
    for number in range(1000):
        recorder.record(answered(number))
    recorder.close()
    assert not recorder.thread.is_alive()
    assert len(ids(database)) == 1000
    assert told.lines == []


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    recorder_at(path, Told()).turn()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_written_is_held_and_written_later(path: Path) -> None:
    recorder = recorder_at(path, told := Told())
    recorder.turn()
    recorder.pen = Pen(SqliteDatabase(path, wait_s=0.01))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    recorder.record(answered(1))
    recorder.turn()
    assert recorder.trouble is Trouble.LOCKED
    assert recorder.waiting == 1
    holder.execute("ROLLBACK")
    recorder.record(answered(2))
    recorder.turn()
    assert recorder.trouble is None
    assert ids(SqliteDatabase(path)) == ["hg-1", "hg-2"]
    assert [line.split(":")[0] for line in told.lines] == [
        "warning",
        "the ledger is written again; nothing was lost",
    ]
    assert "another program holds it" in told


def test_a_trouble_is_told_once_and_what_it_cost_at_its_end(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    recorder = recorder_at(path, told := Told(), held_max=2)
    taken = [recorder.record(answered(number)) for number in range(3)]
    assert taken == [True, True, False]
    recorder.turn()
    recorder.turn()
    assert len(told.lines) == 1
    assert "it cannot be opened" in told
    path.rmdir()
    for number in range(3, 6):
        recorder.record(answered(number))
    recorder.turn()
    assert told.lines[1:] == ["the ledger is written again; 4 exchanges were lost"]
    assert (recorder.lost, recorder.written) == (4, 2)


def test_an_end_in_trouble_tells_what_is_lost(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    recorder = recorder_at(path, told := Told())
    recorder.start()
    recorder.record(answered(1))
    recorder.close()
    assert "the last 1 exchanges were not recorded" in told
    assert recorder.lost == 1


def test_a_corrupt_file_is_put_away_and_a_new_one_begun(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all " * 1000)
    recorder = recorder_at(path, told := Told())
    recorder.record(answered(1))
    recorder.turn()
    recorder.turn()
    assert ids(SqliteDatabase(path)) == ["hg-1"]
    (aside,) = path.parent.glob("ledger.db.corrupt-*")
    assert aside.read_bytes().startswith(b"no database")
    assert "was corrupt" in told
    assert aside.name in told
    assert "cannot be written" not in told


def test_one_that_becomes_corrupt_is_put_away_by_one_of_two_writers(path: Path) -> None:
    writers = [recorder_at(path, told := Told()) for _ in range(2)]
    for number, writer in enumerate(writers):
        writer.record(answered(number))
        writer.turn()
    # What is still in the log would mend it.
    SqliteDatabase(path).run("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(b"x" * 200_000)
    for number, writer in enumerate(writers, start=2):
        writer.record(answered(number))
        for _ in range(3):
            writer.turn()
    assert [writer.trouble for writer in writers] == [None, None]
    assert ids(SqliteDatabase(path)) == ["hg-2", "hg-3"]
    assert len([*path.parent.glob("*.corrupt-*Z")]) == 1
    assert "cannot be written" not in told  # the one of the other's


def test_a_file_that_was_taken_away_is_begun_anew(path: Path) -> None:
    recorder = recorder_at(path, told := Told())
    recorder.turn()
    for file in path.parent.iterdir():
        file.unlink()
    recorder.record(answered(1))
    recorder.turn()
    assert ids(SqliteDatabase(path)) == ["hg-1"]
    assert "has gone" in told


def test_a_row_that_is_refused_takes_no_other_with_it(
    recorder_here: Make, database: Database
) -> None:
    given_up: list[Exchange] = []
    recorder = recorder_here(told := Told(), give_up=given_up.append)
    bad = exchange(request_id="hg-bad", status=1 << 70)
    for each in (answered(1), bad, answered(2)):
        recorder.record(each)
    recorder.turn()
    assert ids(database) == ["hg-1", "hg-2"]
    assert given_up == [bad]
    assert (recorder.written, recorder.lost, recorder.waiting) == (2, 1, 0)
    assert "cannot hold an exchange" in told
    assert recorder.trouble is None


def test_nothing_is_given_up_for_an_error_that_nobody_knows(
    recorder_here: Make, database: Database
) -> None:
    recorder = recorder_here(told := Told())
    recorder.turn()
    database.run("ALTER TABLE hours RENAME TO elsewhere")
    for number in (1, 2):
        recorder.record(answered(number))
        recorder.turn()
    assert (recorder.trouble, recorder.waiting) == (Trouble.UNKNOWN, 2)
    assert "failed in a way that is not known here" in told
    database.run("ALTER TABLE elsewhere RENAME TO hours")
    recorder.turn()
    assert ids(database) == ["hg-1", "hg-2"]
    assert (recorder.written, recorder.lost) == (2, 0)


def test_what_else_counts_exchanges_is_written_with_them_or_not_at_all(
    recorder_here: Make,
    database: Database,
) -> None:
    posted: list[int] = []

    def post(database: Database, exchanges: Sequence[Exchange], first: int) -> None:
        posted.append(len(exchanges))
        ((last,),) = database.run("SELECT max(exchange_id) FROM exchanges")
        assert last == first
        database.run("UPDATE counters SET value = value + 10 WHERE name = 'posted'")
        if len(posted) == 1:
            raise DatabaseError(Trouble.LOCKED, "not now")

    recorder = recorder_here(Told(), posters=[post])
    recorder.turn()
    database.run("INSERT INTO counters VALUES ('posted', 0)")
    recorder.record(answered(1))
    recorder.turn()
    assert ids(database) == []
    recorder.turn()
    assert posted == [1, 1]
    assert ids(database) == ["hg-1"]
    sql = "SELECT value FROM counters WHERE name = 'posted'"
    assert one(database, sql) == (10,)


def test_a_batch_that_came_through_unheard_is_not_written_twice(
    recorder_here: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = recorder_here(Told())
    written = Pen.write

    def lose_the_answer(pen: Pen, *arguments: object) -> None:
        written(pen, *arguments)  # type: ignore[arg-type] # handed on as they came
        raise DatabaseError(Trouble.UNREACHABLE, "the answer was lost")

    monkeypatch.setattr(Pen, "write", lose_the_answer)
    recorder.record(answered(1))
    recorder.turn()
    assert (recorder.waiting, recorder.trouble) == (1, Trouble.UNREACHABLE)
    monkeypatch.setattr(Pen, "write", written)
    recorder.record(answered(2))
    recorder.turn()
    assert ids(database) == ["hg-1", "hg-2"]
    assert (recorder.written, recorder.waiting) == (2, 0)


def test_a_chore_is_done_each_turn_after_the_writing(
    recorder_here: Make,
) -> None:
    seen: list[int] = []
    recorder = recorder_here(
        Told(), chores=[lambda database: seen.append(len(ids(database)))]
    )
    recorder.record(answered(1))
    recorder.turn()
    recorder.turn()
    assert seen == [1, 1]


def test_a_chore_has_its_turn_under_a_load_that_never_ends(
    recorder_here: Make,
) -> None:
    def load(_: Database, exchanges: Sequence[Exchange], _first: int) -> None:
        for each in exchanges:
            if recorder.written < 100:  # or this test would not end where it fails
                recorder.record(each)

    seen: list[int] = []
    recorder = recorder_here(
        Told(),
        posters=[load],
        chores=[lambda database: seen.append(len(ids(database)))],
    )
    for number in range(10):
        recorder.record(answered(number))
    recorder.turn()
    recorder.turn()
    assert seen == [10, 20]


def test_a_file_is_put_away_by_whom_it_is_corrupt_for(path: Path) -> None:
    store = SqliteFile(path)
    store.open().close()
    assert store.set_aside(None) == ""
    assert path.exists()


def test_one_that_cannot_be_put_away_is_left_and_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    path.parent.mkdir()
    path.write_bytes(b"no database at all " * 1000)
    recorder = recorder_at(path, told := Told())
    monkeypatch.setattr(os, "replace", refuse)
    recorder.record(answered(1))
    recorder.turn()
    assert (recorder.trouble, recorder.waiting) == (Trouble.CORRUPT, 1)
    assert "move it away, and a new one is begun" in told
    assert len(told.lines) == 1


def test_numbers_tell_the_time_and_count_up(path: Path) -> None:
    now_s = AT_S
    recorder = recorder_at(path, Told(), wall_s=lambda: now_s)
    for step_s in (0, 1, -5):  # a clock may be set back
        now_s = AT_S + step_s
        recorder.record(answered(1))
        recorder.record(answered(2))
        recorder.turn()
    sql = "SELECT exchange_id FROM exchanges ORDER BY 1"
    numbers = [int(row[0] or 0) for row in SqliteDatabase(path).run(sql)]
    at_ms = [number // 1000 - int(AT_S * 1000) for number in numbers]
    assert at_ms == [0, 0, 1000, 1000, 1000, 1000]


def test_askers_are_written_anew_where_they_were_taken_away(path: Path) -> None:
    recorder = recorder_at(path, Told())
    database = SqliteFile(path).open()
    for _ in range(3):
        recorder.record(answered(1, tags=("t",)))
        recorder.turn()
        assert one(database, "SELECT tags FROM askers") == ("t",)
        with database.transaction():
            database.run("DELETE FROM askers")
            database.run("UPDATE counters SET value = value + 1 WHERE name = 'prunes'")
