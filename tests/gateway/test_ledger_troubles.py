"""A ledger in trouble stops no answer: disks, locks and broken files, in earnest.

Small and read-only file systems are mounted in a namespace of the gateway's own, which
any user may have where the system lets them, and root always.
"""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gateway.process import PATIENCE_S, Served, config_file, heliograph
from gateway.running import CLAUDE_FIRST
from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.simulation.providers import SimulatedProviders
from small_disks import mounted

SMALL = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'
READ_ONLY = 'mount -t tmpfs tmpfs "$0" && mount -o remount,ro "$0" && exec "$@"'
KEPT = "it is kept as "


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


@pytest.fixture
def config(sim: SimulatedProviders, tmp_path: Path, disk: Path) -> str:
    text = CLAUDE_FIRST.replace("{sim}", sim.base_url)
    return config_file(tmp_path, f"{text}\nledger: {disk / 'ledger.db'}\n")


async def asked(served: Served, count: int) -> None:
    """Ask, and be answered as if nothing were the matter."""
    answers = await asyncio.gather(*(served.ask() for _ in range(count)))
    assert [got.status for got in answers] == [200] * count


async def standing(served: Served) -> dict[str, Any]:
    """Return what `/health` says: it lives, and how its ledger stands."""
    got = await served.get("/health")
    assert got.status == 200
    told: dict[str, Any] = got.json
    state = told["ledger"]["state"]
    assert told["status"] == ("ok" if state == "ok" else "degraded")
    return dict(told["ledger"])


def judged(path: Path) -> int:
    """Return how many exchanges are in a ledger whose sums agree."""
    store = SqliteFile(path)
    with closing(store.open()) as database:
        assert store.faults_of(database) == []
        assert audit(database) == []
        ((count,),) = database.run("SELECT COUNT(*) FROM exchanges")
    return int(count or 0)


def put_away(disk: Path) -> Path:
    """Find the one file that was put away."""
    (aside,) = disk.glob("ledger.db.corrupt-*Z")
    return aside


async def ended(served: Served) -> int:
    """End it in an orderly way; return how many exchanges it has logged."""
    served.process.terminate()
    code, log = await served.ends()
    assert code == 0, served.said
    assert "Traceback" not in served.said
    return len([json.loads(line) for line in log.splitlines()])


def seen(served: Served, path: Path) -> Path:
    """Say where *path* of the gateway's own namespace is for us."""
    return Path(f"/proc/{served.process.pid}/root{path}")


async def test_a_full_disk(config: str, disk: Path, tmp_path: Path) -> None:
    before = mounted(SMALL, disk)
    async with heliograph("serve", "-c", config, "--port", "0", before=before) as it:
        await it.listens()
        await asked(it, 5)
        ballast = seen(it, disk / "ballast")
        fill(ballast)
        sent = 5
        async with asyncio.timeout(PATIENCE_S):
            while (await standing(it))["state"] == "ok":
                await asked(it, 20)
                sent += 20
        await it.says("the disk is full")
        assert (await standing(it))["state"] == "full"
        await asked(it, 30)
        assert (await standing(it))["waiting"] >= 30
        assert it.said.count("the disk is full") == 1
        ballast.unlink()
        await it.says("the ledger is written again; nothing was lost")
        waiting = {"state": "ok", "waiting": 0, "unrecorded": 0}
        assert await standing(it) == waiting
        copy = tmp_path / "copy.db"
        for end in ("", "-wal"):
            shutil.copyfile(seen(it, disk / f"ledger.db{end}"), f"{copy}{end}")
        assert await ended(it) == sent + 30
    assert judged(copy) == sent + 30


def fill(ballast: Path) -> None:
    """Leave no page of the disk free."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            return


async def test_a_folder_that_may_not_be_written(
    config: str, disk: Path, tmp_path: Path
) -> None:
    before = mounted(READ_ONLY, disk)
    async with heliograph("serve", "-c", config, "--port", "0", before=before) as it:
        await it.listens()
        assert "it may not be written (Read-only file system)" in it.said
        assert "let this user write the file and its folder" in it.said
        await asked(it, 7)
        found = await standing(it)
        assert (found["state"], found["waiting"]) == ("read_only", 7)
        again = (
            "nsenter",
            "-t",
            str(it.process.pid),
            "-U",
            "-m",
            "--preserve-credentials",
        )
        remount = ("mount", "-o", "remount,rw", str(disk))
        done = await asyncio.create_subprocess_exec(*again, *remount)
        assert await done.wait() == 0
        await it.says("the ledger is written again; nothing was lost")
        copy = tmp_path / "copy.db"
        for end in ("", "-wal"):
            shutil.copyfile(seen(it, disk / f"ledger.db{end}"), f"{copy}{end}")
        assert await ended(it) == 7
    assert judged(copy) == 7


async def test_a_ledger_that_another_program_holds(config: str, disk: Path) -> None:
    path = disk / "ledger.db"
    async with heliograph("serve", "-c", config, "--port", "0") as it:
        await it.listens()
        await asked(it, 3)
        with closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            await asked(it, 9)
            await it.says("another program holds it (database is locked)")
            assert (await standing(it))["state"] == "locked"
            await asked(it, 9)
        await it.says("the ledger is written again; nothing was lost")
        assert await ended(it) == 21
    assert judged(path) == 21


async def test_one_that_was_held_from_the_start(config: str, disk: Path) -> None:
    path = disk / "ledger.db"
    SqliteFile(path).open().close()
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        async with heliograph("serve", "-c", config, "--port", "0") as it:
            await it.listens()
            assert "another program holds it" in it.said
            await asked(it, 5)
            assert (await standing(it))["waiting"] == 5
            holder.close()
            await it.says("the ledger is written again; nothing was lost")
            assert await ended(it) == 5
    assert judged(path) == 5


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_a_file_that_was_written_over(
    config: str, disk: Path, workers: str
) -> None:
    path = disk / "ledger.db"
    arguments = ("serve", "-c", config, "--port", "0", "--workers", workers)
    async with heliograph(*arguments) as it:
        await it.listens()
        await asked(it, 10)
        async with asyncio.timeout(PATIENCE_S):
            while judged(path) != 10:  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.02)
        # What is still in its log would mend it.
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with path.open("r+b") as file:
            file.write(b"\xa5" * path.stat().st_size)
        await asked(it, 20)
        await it.says(KEPT)
        await asked(it, 10)
        assert await ended(it) == 40
    assert judged(path) == 30
    aside = put_away(disk)
    assert aside.read_bytes().startswith(b"\xa5\xa5")
    assert str(aside) in it.said
    assert "cannot be written" not in it.said


async def test_a_file_that_was_no_database_from_the_start(
    config: str, disk: Path
) -> None:
    path = disk / "ledger.db"
    path.write_bytes(b"no database at all " * 1000)
    async with heliograph("serve", "-c", config, "--port", "0") as it:
        await it.listens()
        await asked(it, 5)
        await it.says(KEPT)
        await it.says("the ledger is written again; nothing was lost")
        assert await ended(it) == 5
    assert judged(path) == 5


async def test_a_ledger_in_trouble_at_the_end_holds_nobody_up(
    config: str, disk: Path
) -> None:
    (disk / "ledger.db").mkdir()
    async with heliograph("serve", "-c", config, "--port", "0") as it:
        await it.listens()
        assert "it cannot be opened" in it.said
        await asked(it, 4)
        assert await ended(it) == 4
        assert "the last 4 exchanges were not recorded" in it.said
