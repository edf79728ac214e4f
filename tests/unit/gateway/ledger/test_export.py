"""Every exchange in a file."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from arro3.io import read_parquet

from heliograph.gateway.ledger import export
from heliograph.gateway.ledger.database import Database
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
