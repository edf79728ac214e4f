"""The ledger is asked beside the event loop, by few, and its troubles are told."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.gateway.admin import desk as asking
from heliograph.gateway.admin.desk import AT_ONCE, WAITING_MAX, Desk
from heliograph.gateway.admin.errors import AdminError
from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.stores.place import ServerStore
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.gateway.ledger.virtual_keys import UnreadableKeyError
from ledger_parts import ENDLESS


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(SqliteFile(tmp_path / "ledger.db"))
    yield made
    made.close()


def one(database: Database) -> object:
    return database.run("SELECT 1")[0][0]


async def test_a_question_is_put_in_another_thread(desk: Desk) -> None:
    def question(database: Database) -> tuple[object, int]:
        return one(database), threading.get_ident()

    answer, thread = await desk.ask(question)
    assert answer == 1
    assert thread != threading.get_ident()
    assert len(desk.spare) == 1
    await desk.ask(question)
    assert len(desk.spare) == 1
    assert desk.asked == 0


async def test_few_questions_are_put_at_once_and_few_wait(desk: Desk) -> None:
    held = threading.Event()

    def question(_database: Database) -> bool:
        return held.wait(10)

    asked = [asyncio.create_task(desk.ask(question)) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(AdminError) as refused:
        await desk.ask(one)
    assert (refused.value.status, refused.value.code) == (503, "busy")
    held.set()
    assert await asyncio.gather(*asked) == [True] * WAITING_MAX
    assert len(desk.spare) <= AT_ONCE
    assert await desk.ask(one) == 1


async def test_who_waits_for_long_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWER_S", 0.01)
    held = threading.Event()
    with pytest.raises(AdminError) as refused:
        await desk.ask(lambda _database: held.wait(10))
    held.set()
    assert (refused.value.status, refused.value.code) == (503, "slow")


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (Trouble.LOCKED, 503, "ledger_locked"),
        (Trouble.FULL, 503, "ledger_full"),
        (Trouble.REFUSED, 500, "ledger_refused"),
    ],
)
async def test_a_trouble_is_told_with_its_fix(
    desk: Desk, trouble: Trouble, status: int, code: str
) -> None:
    def question(_database: Database) -> None:
        raise DatabaseError(trouble, "as it was said")

    with pytest.raises(AdminError) as refused:
        await desk.ask(question)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert refused.value.fix
    assert desk.spare == []  # it is opened anew
    assert await desk.ask(one) == 1


async def test_a_question_that_has_no_answer_keeps_its_connection(desk: Desk) -> None:
    def question(_database: Database) -> None:
        raise AdminError(404, "not_found", "There is none.", "Ask for another.")

    with pytest.raises(AdminError):
        await desk.ask(question)
    assert len(desk.spare) == 1
    assert await desk.ask(one) == 1


async def test_a_ledger_that_was_moved_is_opened_anew(
    desk: Desk, tmp_path: Path
) -> None:
    assert await desk.ask(one) == 1
    (tmp_path / "ledger.db").rename(tmp_path / "elsewhere.db")
    assert await desk.ask(one) == 1
    assert (tmp_path / "ledger.db").exists()


async def test_no_ledger_is_said_to_be_off() -> None:
    with pytest.raises(AdminError) as refused:
        await Desk(None).ask(one)
    assert (refused.value.status, refused.value.code) == (503, "ledger_off")


def endless(database: Database) -> object:
    return database.run(ENDLESS)


async def until_idle(desk: Desk) -> None:
    async with asyncio.timeout(10):
        while desk.busy:  # noqa: ASYNC110 - threads of the desk, which tell nobody
            await asyncio.sleep(0.01)


async def until_busy(desk: Desk) -> None:
    async with asyncio.timeout(10):
        while not desk.busy:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)


async def test_what_is_asked_by_one_who_leaves_is_broken_off(desk: Desk) -> None:
    asked = asyncio.create_task(desk.ask(endless))
    await until_busy(desk)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await until_idle(desk)
    assert desk.spare == []  # it may yet be told to end, and is not used again
    assert await desk.ask(one) == 1


async def test_a_server_is_told_when_nobody_waits_for_its_answer_any_more(
    postgres_url: str,
) -> None:
    desk = Desk(ServerStore(postgres_url))
    asked = asyncio.create_task(desk.ask(endless))
    await until_busy(desk)
    asked.cancel()
    await until_idle(desk)
    running = (
        "SELECT COUNT(*) FROM pg_stat_activity WHERE query = ? AND state = 'active'"
    )
    assert await desk.ask(lambda it: it.run(running, (ENDLESS,))) == [(0,)]
    desk.close()


async def test_what_is_between_two_statements_is_broken_off_at_the_next(
    desk: Desk,
) -> None:
    left = threading.Event()

    def question(database: Database) -> object:
        left.wait(10)
        time.sleep(0.1)  # whoever interrupts it now is not heard
        return endless(database)

    asked = asyncio.create_task(desk.ask(question))
    await until_busy(desk)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    left.set()
    await until_idle(desk)
    assert desk.spare == []


async def test_what_nobody_waits_for_any_more_is_not_put(
    desk: Desk, tmp_path: Path
) -> None:
    put: list[object] = []
    with pytest.raises(DatabaseError):
        desk.put(0, SqliteFile(tmp_path / "ledger.db"), put.append)
    assert put == []
    assert desk.busy == {}


async def test_a_desk_that_closes_breaks_off_what_runs_and_what_waits(
    desk: Desk,
) -> None:
    asked = [asyncio.create_task(desk.ask(endless)) for _ in range(AT_ONCE + 2)]
    async with asyncio.timeout(10):
        while len(desk.busy) < AT_ONCE:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
    await asyncio.to_thread(desk.close)
    ends = await asyncio.gather(*asked, return_exceptions=True)
    codes = [end.code if isinstance(end, AdminError) else "" for end in ends]
    assert codes.count("stopping") == AT_ONCE
    assert all(isinstance(end, BaseException) for end in ends)
    assert desk.busy == {}


async def test_a_key_that_cannot_be_read_is_told_without_its_name(desk: Desk) -> None:
    def question(database: Database) -> None:
        raise UnreadableKeyError(database, "virtual_keys", "key-1", "JSON is malformed")

    with pytest.raises(AdminError) as told:
        await desk.ask(question)
    assert (told.value.status, told.value.code) == (500, "key_unreadable")
    assert "key-1" not in str(told.value.body)
    assert len(desk.spare) == 1
