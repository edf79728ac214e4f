"""Sessions of the admin page in the store: found, noted, bounded, ended."""

from pathlib import Path

from heliograph.gateway.ledger import admin_sessions as sessions
from heliograph.gateway.ledger.admin_sessions import (
    IDLE_S,
    LASTING_S,
    NOTE_S,
    SESSIONS_MAX,
    new_session,
)
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.migrate import migrate
from heliograph.gateway.ledger.stores.sqlite import SqliteDatabase

NOW_S = 1_790_000_000


def test_a_session_is_found_by_its_number_alone(database: Database) -> None:
    migrate(database)
    session = new_session()
    sessions.begin(database, session, "seal", NOW_S)
    assert sessions.find(database, session, NOW_S) == "seal"
    assert sessions.find(database, new_session(), NOW_S) is None
    assert sessions.find(database, "", NOW_S) is None
    assert sessions.find(database, session * 9, NOW_S) is None
    kept = database.run("SELECT hash, admin FROM admin_sessions")
    assert session not in str(kept)
    sessions.end(database, session)
    assert sessions.find(database, session, NOW_S) is None


def test_use_is_noted_and_idleness_ends_it(database: Database) -> None:
    migrate(database)
    session = new_session()
    sessions.begin(database, session, "seal", NOW_S)
    now_s = NOW_S
    while now_s < NOW_S + LASTING_S:
        assert sessions.find(database, session, now_s) == "seal"
        now_s += IDLE_S - 1
    assert sessions.find(database, session, now_s) is None
    idle = new_session()
    sessions.begin(database, idle, "seal", NOW_S)
    assert sessions.find(database, idle, NOW_S + IDLE_S) is None


def test_a_ledger_that_cannot_be_written_still_knows_them(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "ledger.db", wait_s=0.0)
    migrate(database)
    session = new_session()
    sessions.begin(database, session, "seal", NOW_S)
    other = SqliteDatabase(tmp_path / "ledger.db")
    with other.transaction():
        assert sessions.find(database, session, NOW_S + NOTE_S) == "seal"
    for each in (other, database):
        each.close()


def test_there_are_never_too_many(database: Database) -> None:
    migrate(database)
    made = [new_session() for _ in range(SESSIONS_MAX + 3)]
    for age, session in enumerate(made):
        sessions.begin(database, session, "seal", NOW_S + age)
    now_s = NOW_S + len(made)
    there = [sessions.find(database, one, now_s) is not None for one in made]
    assert there == [False] * 3 + [True] * SESSIONS_MAX


def test_those_that_are_over_are_forgotten(database: Database) -> None:
    migrate(database)
    sessions.begin(database, new_session(), "seal", NOW_S)
    sessions.begin(database, new_session(), "seal", NOW_S + IDLE_S)
    assert database.run("SELECT COUNT(*) FROM admin_sessions") == [(1,)]
