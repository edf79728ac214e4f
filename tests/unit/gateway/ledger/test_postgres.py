"""A ledger in PostgreSQL: its troubles told apart, and its server lost and found."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.migrate import Migration, migrate
from heliograph.gateway.ledger.stores.opening import DRIVER_MISSING, open_database
from heliograph.gateway.ledger.stores.postgres import PostgresDatabase
from heliograph.gateway.ledger.write import NUMBER, SIGN, Pen, was_written
from ledger_parts import answered, ids
from postgres_server import PostgresServer

ADD = "INSERT INTO t VALUES (?, ?)"
PASSWORD = "pa ss/word"


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase(postgres_url)) as opened:
        opened.run("CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT)")
        yield opened


def trouble_of(database: Database, sql: str, *values: int | str) -> Trouble:
    with pytest.raises(DatabaseError) as told:
        database.run(sql, values)
    return told.value.trouble


def trouble_within(database: Database, work: Callable[[], object]) -> Trouble:
    """Do *work* in a transaction that must fail."""
    with pytest.raises(DatabaseError) as told, database.transaction():
        work()
    return told.value.trouble


def backend(database: Database) -> int:
    ((pid,),) = database.run("SELECT pg_backend_pid()")
    assert isinstance(pid, int)
    return pid


def test_a_connection_that_was_ended_is_made_anew(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    former = backend(database)
    postgres.execute(f"SELECT pg_terminate_backend({former}, 5000)")
    assert backend(database) != former


def test_a_transaction_whose_connection_is_lost_is_not_done(
    database: PostgresDatabase, postgres: PostgresServer
) -> None:
    def work() -> None:
        database.run(ADD, (1, "one"))
        postgres.execute(f"SELECT pg_terminate_backend({backend(database)}, 5000)")
        database.run(ADD, (2, "two"))

    assert trouble_within(database, work) is Trouble.UNREACHABLE
    with database.transaction():
        assert database.run("SELECT a FROM t") == []


def test_a_server_that_crashed_is_found_again(
    database: PostgresDatabase, frail_postgres: PostgresServer
) -> None:
    def work() -> None:
        database.run(ADD, (2, "two"))
        frail_postgres.kill()
        while True:
            # Its children end when they notice; until then they still serve us.
            database.run("SELECT 1")

    database.run(ADD, (1, "one"))
    assert trouble_within(database, work) is Trouble.UNREACHABLE
    assert trouble_of(database, "SELECT 1") is Trouble.UNREACHABLE
    frail_postgres.start()
    assert database.run("SELECT a FROM t") == [(1,)]


def test_a_server_that_hangs_is_given_up(postgres_url: str) -> None:
    with closing(PostgresDatabase(postgres_url, answer_s=0.3)) as database:
        former = backend(database)
        os.kill(former, signal.SIGSTOP)
        try:
            assert trouble_of(database, "SELECT 1") is Trouble.UNREACHABLE
        finally:
            os.kill(former, signal.SIGCONT)
        assert backend(database) != former


def test_what_takes_too_long_is_ended_by_the_server(postgres_url: str) -> None:
    with closing(PostgresDatabase(postgres_url, answer_s=1)) as database:
        former = backend(database)
        assert trouble_of(database, "SELECT pg_sleep(60)") is Trouble.LOCKED
        assert backend(database) == former


def test_a_row_that_somebody_else_holds_is_locked(postgres_url: str) -> None:
    with ExitStack() as both:
        one, two = (
            both.enter_context(closing(PostgresDatabase(postgres_url, lock_s=0.05)))
            for _ in range(2)
        )
        one.run("CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT)")
        with one.transaction():
            one.run(ADD, (1, "one"))
            assert trouble_of(two, ADD, 1, "two") is Trouble.LOCKED
        assert one.run("SELECT b FROM t") == [("one",)]


def test_who_would_be_alone_and_may_not_can_try_again(postgres_url: str) -> None:
    with ExitStack() as both:
        one, two = (
            both.enter_context(closing(PostgresDatabase(postgres_url, lock_s=0.05)))
            for _ in range(2)
        )

        def try_it() -> None:
            with two.transaction(alone=True):
                two.run("SELECT 1")

        with one.transaction(alone=True), pytest.raises(DatabaseError) as told:
            try_it()
        assert told.value.trouble is Trouble.LOCKED
        try_it()
        assert two.run("SELECT 1") == [(1,)]


def test_a_transaction_that_stands_still_is_ended_for_the_others(
    postgres_url: str,
) -> None:
    with ExitStack() as both:
        one, two = (
            both.enter_context(closing(PostgresDatabase(postgres_url, answer_s=a)))
            for a in (0.3, 30)
        )
        one.run("CREATE TABLE t (a BIGINT PRIMARY KEY, b TEXT)")

        def work() -> None:
            one.run(ADD, (1, "one"))
            # This one waits for the row until the server has sent the first one off.
            two.run(ADD, (1, "two"))

        assert trouble_within(one, work) is Trouble.UNREACHABLE
        assert one.run("SELECT b FROM t") == [("two",)]


def test_a_failure_that_was_not_minded_is_no_commit(database: PostgresDatabase) -> None:
    def work() -> None:
        database.run(ADD, (1, "one"))
        assert trouble_of(database, ADD, 1, "again") is Trouble.REFUSED

    assert trouble_within(database, work) is Trouble.UNKNOWN
    assert database.run("SELECT a FROM t") == []


def test_a_server_that_may_not_be_written_is_read_only(postgres_url: str) -> None:
    url = postgres_url + "%20-cdefault_transaction_read_only%3Don"
    with closing(PostgresDatabase(url)) as database:
        assert trouble_of(database, "CREATE TABLE t (a INT)") is Trouble.READ_ONLY


def test_who_has_no_permission_is_told(
    database: PostgresDatabase, postgres: PostgresServer, postgres_url: str
) -> None:
    postgres.execute("CREATE ROLE visitor LOGIN")
    url = postgres_url.replace("postgres@", "visitor@")
    with closing(PostgresDatabase(url)) as visiting:
        assert trouble_of(visiting, "CREATE TABLE v (a INT)") is Trouble.READ_ONLY
    assert database.run("SELECT a FROM t") == []


def test_one_who_comes_second_to_migrate_waits_and_does_it_not_again(
    postgres_url: str,
) -> None:
    steps = [Migration(1, "t", "SELECT pg_sleep(0.1);\nCREATE TABLE t (a BIGINT);")]
    troubles: list[DatabaseError] = []

    def begin() -> None:
        with closing(PostgresDatabase(postgres_url, lock_s=0.01)) as database:
            try:
                migrate(database, steps)
            except DatabaseError as error:
                troubles.append(error)

    gateways = [threading.Thread(target=begin) for _ in range(4)]
    for gateway in gateways:
        gateway.start()
    for gateway in gateways:
        gateway.join()
    assert troubles == []
    with closing(PostgresDatabase(postgres_url)) as database:
        assert database.run("SELECT version FROM schema_version") == [(1,)]


def test_a_batch_whose_commit_may_yet_come_through_is_waited_for(
    postgres_url: str, postgres: PostgresServer
) -> None:
    with ExitStack() as both:
        lost, anew = (
            both.enter_context(closing(PostgresDatabase(postgres_url)))
            for _ in range(2)
        )
        migrate(lost)
        found: list[bool] = []
        asking = threading.Thread(
            target=lambda: found.append(was_written(anew, "writer", 7))
        )
        with lost.transaction():
            lost.run(NUMBER, (0, 0, 1))
            lost.run(SIGN, ("writer", 7, 0))
            asking.start()
            until_it_waits(postgres)
        asking.join()
        assert found == [True]
        assert not was_written(anew, "writer", 8)


def test_who_was_taken_away_while_a_writer_waited_is_written_again(
    postgres_url: str, postgres: PostgresServer
) -> None:
    with ExitStack() as both:
        writing, pruning = (
            both.enter_context(closing(PostgresDatabase(postgres_url)))
            for _ in range(2)
        )
        migrate(writing)
        pen = Pen(writing)
        pen.write([answered(1)], (), ("writer", 1, 1))
        more = threading.Thread(
            target=pen.write, args=([answered(2)], (), ("writer", 2, 2))
        )
        with pruning.transaction():
            pruning.run(NUMBER, (0, 0, 0))
            more.start()
            until_it_waits(postgres)
            pruning.run("DELETE FROM askers")
            pruning.run("UPDATE counters SET value = value + 1 WHERE name = 'prunes'")
        more.join()
        assert ids(writing) == ["hg-1", "hg-2"]
        assert writing.run("SELECT COUNT(*) FROM askers") == [(1,)]


def until_it_waits(postgres: PostgresServer) -> None:
    """Wait until some session waits for another."""
    waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with closing(PostgresDatabase(postgres.url())) as watching:
        deadline = time.monotonic() + 30
        while watching.run(waits) == [(0,)]:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_the_password_is_never_shown(postgres: PostgresServer) -> None:
    postgres.execute(f"CREATE ROLE keeper LOGIN PASSWORD '{PASSWORD}'")
    written = PASSWORD.replace(" ", "%20").replace("/", "%2F")
    url = postgres.url("keeper", written)
    with closing(PostgresDatabase(url)) as database:
        assert database.run("SELECT 1") == [(1,)]
        shown = database.name + repr(database) + str(database)
    assert "keeper" in shown
    for wrong in (url + "&password=pa%20ss%2Fword&port=1", url + "&sslmode=" + written):
        with pytest.raises(DatabaseError) as told:
            PostgresDatabase(wrong)
        shown += f"{told.value} {told.value!r} {told.value.__cause__}"
        assert told.value.__suppress_context__
    assert PASSWORD not in shown
    assert written not in shown


def test_a_value_that_is_refused_is_not_quoted(database: PostgresDatabase) -> None:
    with pytest.raises(DatabaseError) as told:
        database.run("SELECT CAST(? AS BIGINT)", ("what was asked",))
    assert told.value.trouble is Trouble.REFUSED
    assert str(told.value) == "InvalidTextRepresentation (SQLSTATE 22P02)"


def test_nobody_at_the_address_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for url in (
        f"postgresql://127.0.0.1:{port}/ledger",
        f"postgresql:///ledger?host={tmp_path}",
        f"postgresql://127.0.0.1:{port}/ledger?sslmod=require",
    ):
        with pytest.raises(DatabaseError) as told:
            open_database(url)
        assert told.value.trouble is Trouble.UNREACHABLE


def test_without_its_driver_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "heliograph.gateway.ledger.stores.postgres", None)
    with pytest.raises(DatabaseError) as told:
        open_database("postgresql://db.example/ledger")
    assert str(told.value) == DRIVER_MISSING
