"""Every exchange in a file."""

import csv
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest
from arro3.io import read_parquet

from heliograph.gateway.ledger import export
from heliograph.gateway.ledger.database import Database, DatabaseError, Row, Trouble
from heliograph.gateway.ledger.recorder import Recorder
from ledger_parts import AT_S, Told, answered

Make = Callable[..., Recorder]
TO = AT_S + 86_400


@pytest.fixture
def filled(recorder_here: Make, database: Database) -> Database:
    recorder = recorder_here(Told(), wall_s=lambda: AT_S + 1)
    for number in range(25):
        recorder.record(answered(number, asked_model="=cmd()", tags=("a", "b")))
    recorder.turn()
    return database


def test_a_spreadsheet_gets_every_exchange(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE_ROWS", 10)
    path = tmp_path / "all.csv"
    assert export.write_csv(path, export.pages(filled, AT_S, TO)) == 25
    rows = [*csv.DictReader(path.read_text("utf-8").splitlines())]
    assert [row["request_id"] for row in rows] == [f"hg-{n}" for n in range(25)]
    assert rows[7]["cost_usd"] == "0.000000007"
    assert rows[7]["started_at"] == "2026-09-21T14:13:20.250+00:00"
    assert rows[7]["asked_model"] == "'=cmd()"
    assert rows[7]["tags"] == "a,b"
    assert rows[7]["input_tokens"] == ""


def test_a_parquet_file_has_types(
    filled: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE_ROWS", 10)
    path = tmp_path / "all.parquet"
    assert export.write_parquet(path, export.pages(filled, AT_S, TO)) == 25
    table = read_parquet(str(path)).read_all()
    assert table.num_rows == 25
    assert table.column_names == list(export.COLUMNS)
    assert table["cost_nano"].to_pylist() == [*range(25)]
    assert table["input_tokens"].to_pylist() == [None] * 25
    assert table["started_ms"].to_pylist() == [int(AT_S * 1000)] * 25


def test_a_stretch_of_time_is_what_was_recorded_in_it(
    filled: Database, tmp_path: Path
) -> None:
    path = tmp_path / "some.csv"
    before = export.pages(filled, AT_S - 10, AT_S + 0.5)
    assert export.write_csv(path, before) == 0
    assert export.write_csv(path, export.pages(filled, AT_S + 0.5, AT_S + 2)) == 25


WRITERS = [export.write_csv, export.write_parquet]
Write = Callable[[Path, Iterator[list[Row]]], int]


@pytest.mark.parametrize("write", WRITERS)
def test_what_fails_leaves_nothing_of_itself_and_what_was_there(
    filled: Database, tmp_path: Path, write: Write
) -> None:
    def breaking() -> Iterator[list[Row]]:
        yield from export.pages(filled, AT_S, TO)
        raise DatabaseError(Trouble.LOCKED, "database is locked")

    path = tmp_path / "all"
    path.write_text("of yesterday")
    with pytest.raises(DatabaseError, match="is locked"):
        write(path, breaking())
    (left,) = tmp_path.glob("*all*")
    assert left.read_text() == "of yesterday"


@pytest.mark.parametrize("write", WRITERS)
def test_a_disk_that_is_full_is_told_as_such(
    filled: Database,
    tmp_path: Path,
    write: Write,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    @contextmanager
    def full(_: Path) -> Iterator[BinaryIO]:
        with Path("/dev/full").open("wb", buffering=0) as file:
            yield file

    monkeypatch.setattr(export, "written_beside", full)
    with pytest.raises(OSError, match="No space left on device"):
        write(tmp_path / "all", export.pages(filled, AT_S, TO))


def test_a_file_too_large_to_be_written_leaves_the_one_before(
    filled: Database, tmp_path: Path
) -> None:
    found = [*export.pages(filled, AT_S, TO)]
    path = tmp_path / "all.csv"
    path.write_text("of yesterday")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            export.write_csv(path, iter(found))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (left,) = tmp_path.glob("*all*")
    assert left.read_text() == "of yesterday"


def test_a_link_leads_to_the_new_file_too(filled: Database, tmp_path: Path) -> None:
    path = tmp_path / "link.csv"
    path.symlink_to(tmp_path / "all.csv")
    assert export.write_csv(path, export.pages(filled, AT_S, TO)) == 25
    assert path.is_symlink()
    assert (tmp_path / "all.csv").stat().st_size > 1000
