"""The commands that ask a ledger: what they say, and how they end."""

import builtins
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import repeat
from pathlib import Path
from time import time

import pytest

from heliograph.cli import main
from ledger_parts import Told, answered, recorder_at


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ledger that was written just now, and that the environment names."""
    found = tmp_path / "ledger.db"
    monkeypatch.setenv("HELIOGRAPH_LEDGER", str(found))
    recorder = recorder_at(str(found), Told())
    for number in (1, 2, 3):
        made = answered(number)
        made.started_at = recorder.wall_s()
        recorder.record(made)
    recorder.turn()
    assert recorder.database is not None
    recorder.database.close()
    return found


Out = pytest.CaptureFixture[str]


def test_the_path_is_told(path: Path, capsys: Out) -> None:
    assert main(["ledger", "path"]) == 0
    assert capsys.readouterr().out == f"{path}\n"


def test_a_config_names_another_ledger(path: Path, tmp_path: Path, capsys: Out) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text("ledger: other.db\nproviders:\n  openai:\n    keys: [env.X]\n")
    assert main(["ledger", "path", "-c", str(config)]) == 0
    assert capsys.readouterr().out == f"{path.parent / 'other.db'}\n"
    assert main(["costs", "-c", str(config)]) == 1
    assert "there is no ledger at" in capsys.readouterr().err
    assert not (path.parent / "other.db").exists()


def test_sums_that_agree_are_told_and_0(path: Path, capsys: Out) -> None:
    assert main(["ledger", "audit"]) == 0
    said = capsys.readouterr().out
    assert f"{path}: 3 exchanges" in said
    assert said.endswith("all sums agree\n")


def test_sums_that_do_not_agree_are_told_and_1(path: Path, capsys: Out) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE hours SET cost_nano = 7")
    connection.close()
    assert main(["ledger", "audit"]) == 1
    said = capsys.readouterr().out
    assert "exchanges and their sum differ by 0 exchanges, -1 nano-dollars" in said
    assert "do not agree" in said


def test_costs_are_a_table_a_spreadsheet_or_json(path: Path, capsys: Out) -> None:
    assert path.exists()
    assert main(["costs"]) == 0
    table = capsys.readouterr().out
    assert "openai    gpt-4o          3" in table
    assert "0.000000006" in table
    assert main(["costs", "--by", "team,day", "--csv"]) == 0
    assert capsys.readouterr().out.startswith("team,day,exchanges")
    assert main(["costs", "--by", "model", "--since", "1h", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["cost_nano"] for row in said["rows"]] == [6]
    assert main(["costs", "--by", "", "--where", "provider=anthropic", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["exchanges"] == 0


def test_exchanges_are_exported_and_no_file_replaced_unasked(
    path: Path, capsys: Out
) -> None:
    for name in ("all.csv", "all.parquet"):
        out = path.parent / name
        assert main(["ledger", "export", str(out)]) == 0
        assert capsys.readouterr().out == f"3 exchanges in {out}\n"
        assert out.stat().st_size > 0
        assert main(["ledger", "export", str(out)]) == 1
        assert "add --force to replace it" in capsys.readouterr().err
        assert main(["ledger", "export", str(out), "--force"]) == 0
        capsys.readouterr()


def test_an_export_is_of_all_that_is_kept_unless_it_is_told_since_when(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out
) -> None:
    monkeypatch.setenv("HELIOGRAPH_LEDGER", str(tmp_path / "ledger.db"))
    now_s = time()
    for number, ago_s in ((1, 80 * 86_400), (2, 0)):
        at_s = now_s - ago_s
        recorder = recorder_at(
            tmp_path / "ledger.db", Told(), wall_s=repeat(at_s).__next__
        )
        recorder.record(answered(number))
        recorder.turn()
        assert recorder.database is not None
        recorder.database.close()
    out = tmp_path / "some.csv"
    for since, count in (((), 2), (("--since", "7d"), 1), (("--until", "7d"), 1)):
        assert main(["ledger", "export", str(out), "--force", *since]) == 0
        assert capsys.readouterr().out == f"{count} exchanges in {out}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (
            ["costs", "--by", "color"],
            2,
            "--by color: not known; give some of day, hour",
        ),
        (["costs", "--since", "soon"], 2, "--since soon is no time: give 7d"),
        (["costs", "--until", "then"], 2, "--until then is no time"),
        (["costs", "--until", "2020-01-01"], 2, "--since is not before --until"),
        (["costs", "--where", "team"], 2, "--where team: give NAME=VALUE, NAME being"),
        (["costs", "--where", "day=1"], 2, "--where day=1: give NAME=VALUE"),
        (["ledger", "export", "all.txt"], 2, "end the name with .csv or .parquet"),
        (["ledger", "export", "/nowhere/all.csv"], 1, "No such file or directory"),
        (["costs", "-c", "/nowhere.yaml"], 1, "there is no such file"),
    ],
)
def test_mistakes_are_told_in_a_line(
    path: Path, capsys: Out, arguments: list[str], status: int, said: str
) -> None:
    assert path.exists()
    assert main(arguments) == status
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert told.err.count("\n") <= 2


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("off", "error: the ledger is off"),
        ("mysql://hunter2@db", "HELIOGRAPH_LEDGER: no ledger can be kept"),
        ("postgresql://u:hunter2@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_a_ledger_that_cannot_be_asked_is_told(
    place: str, said: str, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIOGRAPH_LEDGER", place)
    assert main(["costs"]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "hunter2" not in told


def test_a_ledger_that_is_no_database_is_told(path: Path, capsys: Out) -> None:
    for end in ("-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
    path.write_bytes(b"no database at all " * 1000)
    assert main(["costs"]) == 1
    assert "cannot be opened: file is not a database" in capsys.readouterr().err


@pytest.fixture
def closed(path: Path) -> Iterator[Path]:
    """The same ledger, in a folder that we may not look into."""
    assert main(["ledger", "path"]) == 0  # what it needs is loaded
    folder = path.parent / "closed"
    folder.mkdir()
    path.rename(folder / path.name)
    folder.chmod(0)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    try:
        yield folder / path.name
    finally:
        os.seteuid(was)
        folder.chmod(0o700)


def test_what_we_may_not_look_at_is_told(
    closed: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    capsys.readouterr()
    assert main(["ledger", "export", str(closed.with_name("all.csv"))]) == 1
    told = capsys.readouterr().err
    assert told == f"error: {closed.with_name('all.csv')}: Permission denied\n"
    monkeypatch.setenv("HELIOGRAPH_LEDGER", str(closed))
    assert main(["costs"]) == 1
    told = capsys.readouterr().err
    assert told == f"error: {closed} cannot be opened: Permission denied\n"


def test_a_library_that_is_missing_is_named(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("arro3"):
            raise ImportError(name)
        return usual(name, *rest)  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr(builtins, "__import__", without)
    out = path.parent / "all.parquet"
    assert main(["ledger", "export", str(out)]) == 1
    assert "pip install 'heliograph[parquet]'" in capsys.readouterr().err


def test_one_exchange_is_shown(path: Path, capsys: Out) -> None:
    assert path.exists()
    assert main(["ledger", "show", "hg-2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["request_id"], told["cost_nano"]) == ("hg-2", 2)
    assert len(told["attempts"]) == 1
    assert main(["ledger", "show", "hg-9"]) == 1
    assert "holds no exchange hg-9" in capsys.readouterr().err


def test_what_is_too_old_is_taken_away_and_its_sums_stay(
    path: Path, capsys: Out
) -> None:
    assert path.exists()
    assert main(["ledger", "prune"]) == 0
    assert capsys.readouterr().out.startswith("0 exchanges were taken away")
    assert main(["ledger", "prune", "--keep-days", "0"]) == 0
    assert capsys.readouterr().out.startswith("3 exchanges were taken away")
    assert main(["ledger", "audit"]) == 0
    assert "0 exchanges, " in capsys.readouterr().out
    assert main(["costs", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["exchanges"] == 3


def test_what_was_spent_of_caps_of_long_ago_goes_too(path: Path, capsys: Out) -> None:
    day_s, now_s = 86_400, int(time())
    with closing(sqlite3.connect(path)) as database, database:
        for days in (1, 99):
            spent = ("key gone|usd|day", now_s - days * day_s, 7)
            database.execute("INSERT INTO budget_spent VALUES (?, ?, ?)", spent)
            database.execute("INSERT INTO budget_charges VALUES (1, ?, ?, ?)", spent)
    assert main(["ledger", "prune"]) == 0
    with closing(sqlite3.connect(path)) as database:
        for table in ("budget_spent", "budget_charges"):
            found = database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()  # noqa: S608 - names of ours
            assert found == (1,)
    assert capsys.readouterr().err == ""


def test_what_is_no_number_of_days_is_told(capsys: Out) -> None:
    with pytest.raises(SystemExit):
        main(["ledger", "prune", "--keep-days", "-1"])
    assert "is no number of days: give 0 or more" in capsys.readouterr().err
