"""The spool on disk: one SQLite file, of one camera at a time.

A caption passes through here in three steps, so that a process may be killed between
any two of them. *Decide*: the caption is written into its row. The sinks get it.
*Settle*: the row goes, and only its id stays; or *keep*: the template has spoken, the
picture waits. After a kill, what was decided and not settled is all that is in doubt,
and a sink that can look up what it has is asked.

Against `kill -9` this holds always. A power cut may take back the last commits with
what came of them (`synchronous=NORMAL`): the camera would fsync for every picture.
"""

import errno
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import msgspec

from heliograph.camera.types import Caption, CaptionJob

SETTLED_ROWS_MAX = 200_000
"""Ids that are kept of what has its caption, for a watch that is taken up again."""
LOCK_WAIT_S = 0.2
STEPS = (
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    # Checkpoints wait for the disk. `tidy` does them, off the reader's thread.
    "PRAGMA wal_autocheckpoint = 0",
    """CREATE TABLE IF NOT EXISTS alerts (
        id TEXT PRIMARY KEY, at_s REAL NOT NULL, deadline_s REAL NOT NULL,
        priority INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
        told INTEGER NOT NULL DEFAULT 0, decided BLOB, job BLOB NOT NULL,
        png BLOB NOT NULL)""",
    "CREATE TABLE IF NOT EXISTS settled (n INTEGER PRIMARY KEY, id TEXT UNIQUE)",
    "CREATE TABLE IF NOT EXISTS whole (mark TEXT PRIMARY KEY)",
)


DISK_FAILS = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}
)
DISK_REFUSES = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


class SpoolError(Exception):
    """The spool cannot be used; the message says where and why.

    `is_disk` where it is the disk that is full, read-only or broken: what was asked for
    is right, and may work later.
    """

    def __init__(self, message: str, *, is_disk: bool = False) -> None:
        super().__init__(message)
        self.is_disk = is_disk


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of one picture in the file; times are wall-clock seconds."""

    id: str
    at_s: float
    deadline_s: float
    priority: int
    bytes: int
    tries: int
    told: bool


class SpoolFile:
    """The spool at *path*. Any thread may call; one at a time is served.

    Raises `SpoolError` where the file cannot be opened, is no spool, or is in use.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(
                path,
                timeout=LOCK_WAIT_S,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise self._error("open", error) from error
        try:
            with self._step("open") as database:
                for step in STEPS:
                    database.execute(step)
        except SpoolError:
            self._database.close()
            raise

    def rows(self) -> list[Row]:
        """Return what waits, in the order of its coming."""
        with self._step("read") as database:
            found = database.execute(
                "SELECT id, at_s, deadline_s, priority, length(png), tries, told "
                "FROM alerts ORDER BY rowid"
            ).fetchall()
        return [
            Row(id_, at_s, deadline_s, priority, size, tries, told=bool(told))
            for id_, at_s, deadline_s, priority, size, tries, told in found
        ]

    def insert(self, row: Row, job: CaptionJob) -> None:
        """Write a picture down; from now on no kill loses it."""
        with self._step("write to") as database:
            database.execute(
                "INSERT INTO alerts (id, at_s, deadline_s, priority, job, png) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (row.id, row.at_s, row.deadline_s, row.priority, _plain(job), job.png),
            )

    def redraw(self, job: CaptionJob) -> None:
        """Write another picture and prompt down for one that is here."""
        with self._step("write to") as database:
            database.execute(
                "UPDATE alerts SET job = ?, png = ? WHERE id = ?",
                (_plain(job), job.png, job.id),
            )

    def knows(self, id_: str) -> bool:
        """Say whether *id_* waits here or has its caption already."""
        with self._step("read") as database:
            found = database.execute(
                "SELECT 1 FROM alerts WHERE id = ? "
                "UNION ALL SELECT 1 FROM settled WHERE id = ?",
                (id_, id_),
            ).fetchone()
        return found is not None

    def job(self, id_: str) -> CaptionJob | None:
        """Return the job of a picture, None where it cannot be read."""
        with self._step("read") as database:
            found = database.execute(
                "SELECT job, png FROM alerts WHERE id = ?", (id_,)
            ).fetchone()
        if found is None:
            return None
        try:
            return replace(msgspec.json.decode(found[0], type=CaptionJob), png=found[1])
        except msgspec.DecodeError:
            return None  # written by another version

    def decide(self, id_: str, caption: Caption) -> None:
        """Write *caption* down before any sink has it."""
        with self._step("write to") as database:
            database.execute(
                "UPDATE alerts SET decided = ? WHERE id = ?",
                (msgspec.json.encode(caption), id_),
            )

    def decided(self) -> Iterator[Caption]:
        """Yield what some sinks may have got and others not, when the camera died."""
        with self._step("read") as database:
            found = database.execute(
                "SELECT decided FROM alerts WHERE decided IS NOT NULL ORDER BY rowid"
            ).fetchall()
        for (text,) in found:
            try:
                yield msgspec.json.decode(text, type=Caption)
            except msgspec.DecodeError:
                continue  # written by another version; the picture is asked about anew

    def settle(self, id_: str) -> None:
        """Note that every sink has the last caption of *id_*."""
        with self._step("write to") as database:
            database.execute("INSERT OR IGNORE INTO settled (id) VALUES (?)", (id_,))
            database.execute("DELETE FROM alerts WHERE id = ?", (id_,))

    def keep(self, id_: str) -> None:
        """Note that the sinks have the template's caption, and the picture waits."""
        with self._step("write to") as database:
            database.execute(
                "UPDATE alerts SET told = 1, decided = NULL WHERE id = ?", (id_,)
            )

    def drop(self, ids: Iterable[str]) -> None:
        """Throw pictures away."""
        with self._step("write to") as database:
            database.executemany(
                "DELETE FROM alerts WHERE id = ?", [(id_,) for id_ in ids]
            )

    def tried(self, id_: str, tries: int) -> None:
        """Note how often the gateway failed on a picture."""
        with self._step("write to") as database:
            database.execute("UPDATE alerts SET tries = ? WHERE id = ?", (tries, id_))

    def note_whole(self, mark: str) -> None:
        """Note that a recording was read to its end, and all of it captioned."""
        with self._step("write to") as database:
            database.execute("INSERT OR IGNORE INTO whole VALUES (?)", (mark,))

    def is_whole(self, mark: str) -> bool:
        """Say whether that was noted of a recording."""
        with self._step("read") as database:
            found = database.execute("SELECT 1 FROM whole WHERE mark = ?", (mark,))
            return found.fetchone() is not None

    def tidy(self) -> None:
        """Move the log into the file, give pages back, forget the oldest ids."""
        with self._step("tidy") as database:
            database.execute(
                "DELETE FROM settled WHERE n <= (SELECT max(n) FROM settled) - ?",
                (SETTLED_ROWS_MAX,),
            )
        with self._lock:
            try:
                # `execute` would take one step of it, which is one page.
                self._database.executescript("PRAGMA incremental_vacuum")
                self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except sqlite3.Error as error:
                raise self._error("tidy", error) from error

    def close(self) -> None:
        """Close the file. Twice does no harm."""
        with self._lock:
            try:
                self._database.close()
            except sqlite3.Error as error:
                raise self._error("close", error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @contextmanager
    def _step(self, doing: str) -> Iterator[sqlite3.Connection]:
        """Do what is in the block as one transaction, or none of it."""
        with self._lock:
            try:
                # Pragmas of the file's form do nothing inside a transaction.
                if doing != "open":
                    self._database.execute("BEGIN IMMEDIATE")
                yield self._database
                if doing != "open":
                    self._database.execute("COMMIT")
            except sqlite3.Error as error:
                with suppress(sqlite3.Error):
                    self._database.rollback()
                raise self._error(doing, error) from error

    def _error(self, doing: str, error: sqlite3.Error) -> SpoolError:
        why = str(error)
        if "locked" in why:
            why = "another camera has it open: give each camera a spool of its own"
        elif "not a database" in why:
            why = "it is no spool: name another file, or move this one away"
        disk = _what_the_disk_says(self._path, error)
        return SpoolError(
            f"cannot {doing} the spool {self._path}: {disk or why}",
            is_disk=disk is not None,
        )


def _plain(job: CaptionJob) -> bytes:
    """Return *job* without its picture, which has a column of its own."""
    # Infinity is no JSON, and a monotonic time means nothing after a restart.
    return msgspec.json.encode(replace(job, png=b"", deadline_s=0.0))


def _what_the_disk_says(path: Path, error: sqlite3.Error) -> str | None:
    """Return what is wrong with the disk of *path*; None where it is something else."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code not in DISK_FAILS and code != sqlite3.SQLITE_CANTOPEN:
        return None
    try:
        # SQLite tells a full disk from a broken one as little as from a missing folder.
        with path.open("ab"):
            room = os.statvfs(path.parent)
    except OSError as refused:
        is_disk = refused.errno in DISK_REFUSES
        return os.strerror(refused.errno).lower() if is_disk and refused.errno else None
    if code not in DISK_FAILS:
        return None
    return str(error) if room.f_bavail else "no space left on device"
