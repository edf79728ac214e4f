"""The ledger is asked beside the event loop, by few, and its troubles are told."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from heliograph.gateway.admin import desk as asking
from heliograph.gateway.admin.desk import AT_ONCE, WAITING_MAX, Desk
from heliograph.gateway.admin.errors import AdminError
from heliograph.gateway.ledger.database import Database, DatabaseError, Trouble
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile


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
