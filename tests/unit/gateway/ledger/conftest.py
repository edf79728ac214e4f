"""The databases that a ledger can be kept in: what holds of one must hold of both."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.stores.opening import open_database
from key_cases import KeptKeys
from ledger_parts import recorder_at


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a ledger may begin: a file, then a PostgreSQL database."""
    if request.param == "sqlite":
        return str(tmp_path / "ledger.db")
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    """A connection to it."""
    opened = open_database(place)
    yield opened
    opened.close()


@pytest.fixture
def keys(database: Database, tmp_path: Path) -> KeptKeys:
    """A ledger with virtual keys."""
    return KeptKeys(tmp_path, database)


@pytest.fixture
def recorder_here(place: str) -> Iterator[Callable[..., Recorder]]:
    """Make recorders there, without their threads: the test takes the turns."""
    made: list[Recorder] = []

    def make(say: Callable[[str], None], **more: object) -> Recorder:
        made.append(recorder_at(place, say, **more))
        return made[-1]

    yield make
    for recorder in made:
        if recorder.database is not None:
            recorder.database.close()
