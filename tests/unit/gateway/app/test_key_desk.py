"""`heliograph keys`: what each command writes, and what each mistake is told."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from heliograph import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run `heliograph keys`; return its status, what it wrote and what it said."""
    monkeypatch.setenv("HELIOGRAPH_LEDGER", str(tmp_path / "ledger.db"))
    monkeypatch.delenv("HELIOGRAPH_LEDGER_SECRET", raising=False)

    def run_keys(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(["keys", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run_keys


def secret_of(run: Run, *options: str) -> str:
    code, wrote, _ = run("create", *options)
    assert code == 0
    return wrote.strip()


def listed(run: Run, *options: str) -> Any:  # noqa: ANN401 - any JSON document
    return json.loads(run("list", "--json", *options)[1])


def test_a_key_is_written_alone_and_once(run: Run) -> None:
    code, wrote, said = run("create", "--name", "night")
    assert code == 0
    assert wrote.startswith("hg-")
    assert wrote.count("\n") == 1
    assert "night (key-" in said
    assert "this is the only time it is shown" in said
    assert "it is the first: from now on every caller of this gateway needs one" in said
    _, _, said = run("create", "--name", "day")
    assert "it is the first" not in said
    for what in (["list"], ["list", "--json"], ["show", "night"]):
        told = "".join(run(*what)[1:])
        assert wrote.strip() not in told
        assert wrote.strip()[-4:] in told


def test_a_key_for_programs_is_json(run: Run) -> None:
    told = json.loads(run("create", "--name", "night", "--json")[1])
    assert told["secret"].startswith("hg-")
    del told["secret"]
    assert listed(run) == [told]


def test_every_option_is_kept(run: Run) -> None:
    options = {
        "name": "night", "team": "vision", "project": "harbour", "camera": "cam-4",
        "expires": "30d", "rpm": "60", "tpm": "100000", "concurrent": "4",
    }  # fmt: skip
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    given += ["--tag", "edge", "--tag", "run=7", "--model", "openai/*"]
    given += ["--route", "captions", "--ip", "10.0.0.0/8", "--usd", "5/day"]
    given += ["--usd", "0.50/hour"]
    secret_of(run, *given)
    (told,) = listed(run)
    assert told["tags"] == ["edge", "run=7"]
    assert (told["models"], told["routes"]) == (["openai/*"], ["captions"])
    assert told["ip_ranges"] == ["10.0.0.0/8"]
    assert told["limits"] == {
        "usd": ["5/day", "0.5/hour"],
        "requests_per_minute": 60,
        "tokens_per_minute": 100_000,
        "concurrent_max": 4,
    }
    assert (told["team"], told["camera"], told["state"]) == (
        "vision",
        "cam-4",
        "active",
    )
    _, wrote, _ = run("show", "night")
    for word in ("harbour", "run=7", "captions", "10.0.0.0/8", "usd: 5/day", "100000"):
        assert word in wrote
    _, wrote, _ = run("list")
    assert "vision/harbour/cam-4" in wrote
    assert "openai/*, captions" in wrote


def test_a_revoked_key_is_listed_on_demand(run: Run) -> None:
    secret_of(run, "--name", "night")
    secret_of(run, "--name", "day")
    code, wrote, said = run("revoke", "night", "day")
    assert (code, wrote) == (0, "")
    assert said.count("is revoked") == 2
    assert listed(run) == []
    assert "there is no virtual key; make one" in run("list")[2]
    assert [key["state"] for key in listed(run, "--all")] == ["revoked"] * 2
    assert "was revoked before" in run("revoke", "night")[2]
    code, _, said = run("rotate", "night")
    assert code == 1
    assert "is revoked: create another" in said


def test_a_rotation_says_what_becomes_of_the_secret_before(run: Run) -> None:
    first = secret_of(run, "--name", "night")
    code, second, said = run("rotate", "night", "--grace", "24h")
    assert code == 0
    assert "the one before is good for 24h" in said
    assert "good until" in run("show", "night")[1]
    told = json.loads(run("rotate", "night", "--json")[1])
    assert len({first, second.strip(), told["secret"]}) == 3
    assert [each["ends_in"] for each in told["secrets"]][-1] == told["secret"][-4:]
    assert "the one before ends" in run("rotate", "night")[2]


def test_the_admin_key_is_made_once_and_rotated(run: Run) -> None:
    code, _, said = run("admin", "rotate")
    assert (code, said) == (
        1, "error: there is no admin key: heliograph keys admin create\n",
    )  # fmt: skip
    code, first, said = run("admin", "create")
    assert code == 0
    assert first.startswith("hgadmin-")
    assert "only time it is shown" in said
    code, wrote, said = run("admin", "create")
    assert (code, wrote) == (1, "")
    assert "there is an admin key already: heliograph keys admin rotate" in said
    told = json.loads(run("admin", "rotate", "--grace", "1h", "--json")[1])
    assert told["secret"].startswith("hgadmin-")
    assert listed(run, "--all") == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["create", "--name", "a b"], 2, 'error: --name: "a b" cannot be a name'),
        (["create", "--name", "x", "--expires", "soon"], 2, "error: --expires: "),
        (["create", "--name", "x", "--ip", "y"], 2, "error: --ip: "),
        (["create", "--name", "x", "--usd", "5"], 2, "error: --usd: "),
        (["create", "--name", "night"], 1, "there is a key called night already"),
        (["show", "nobody"], 1, "error: there is no key called 'nobody'"),
        (["revoke", "night", "nobody"], 1, "error: there is no key called 'nobody'"),
        (["rotate", "nobody"], 1, "`heliograph keys list` names all"),
        (
            ["rotate", "night", "--grace", "long"],
            2,
            'error: --grace: "long" is no time',
        ),
        (["show", "hg-pasted"], 1, "give the key's name or id, not the key itself"),
    ],
)
def test_a_mistake_is_told_in_one_line_and_changes_nothing(
    run: Run, arguments: list[str], code: int, said: str
) -> None:
    secret_of(run, "--name", "night")
    before = listed(run, "--all")
    found, wrote, told = run(*arguments)
    assert (found, wrote) == (code, "")
    assert said in told
    assert told.count("\n") == 1
    assert "pasted" not in told
    assert listed(run, "--all") == before


def test_a_name_that_is_left_out_is_asked_for(run: Run) -> None:
    with pytest.raises(SystemExit) as left:
        run("create")
    assert left.value.code == 2


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("off", "the ledger, which keeps virtual keys, is off here: give it a place"),
        ("ftp://x", "HELIOGRAPH_LEDGER: no ledger can be kept behind this kind"),
        ("/proc/none/ledger.db", "error: the ledger /proc/none/ledger.db: "),
    ],
)
def test_a_ledger_that_cannot_be_had_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("HELIOGRAPH_LEDGER", value)
    code, wrote, told = run("create", "--name", "night")
    assert (code, wrote) == (1, "")
    assert said in told


def test_another_secret_than_the_keys_were_hashed_with_is_told(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret_of(run, "--name", "night")
    monkeypatch.setenv("HELIOGRAPH_LEDGER_SECRET", "other" * 8)
    code, _, told = run("create", "--name", "day")
    assert code == 1
    assert "hashed with another secret than that in HELIOGRAPH_LEDGER_SECRET" in told
    monkeypatch.setenv("HELIOGRAPH_LEDGER_SECRET", "short")
    code, _, told = run("rotate", "night")
    assert code == 1
    assert "HELIOGRAPH_LEDGER_SECRET holds no secret: at least 32 characters" in told


def test_the_ledger_of_a_config_is_found_without_the_keys_of_its_providers(
    run: Run, tmp_path: Path
) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text(
        "providers: {openai: {keys: [env.NOT_SET_HERE]}}\nledger: other.db\n"
    )
    secret_of(run, "--name", "night", "-c", str(config))
    assert (tmp_path / "other.db").exists()
    assert (tmp_path / "other.secret").exists()
    assert listed(run) == []
    assert len(listed(run, "-c", str(config))) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ledger: ftp://x", "gateway.yaml:1: ledger: no ledger can be kept behind"),
        ("ledger: env.NOT_SET_HERE", "variable NOT_SET_HERE is not set"),
        ("ledger: [", "gateway.yaml:1"),
        (None, "there is no such file"),
    ],
)
def test_a_config_that_names_no_ledger_is_told(
    run: Run, tmp_path: Path, text: str | None, said: str
) -> None:
    config = tmp_path / "gateway.yaml"
    if text is not None:
        config.write_text(text)
    code, wrote, told = run("list", "-c", str(config))
    assert (code, wrote) == (1, "")
    assert said in told


def test_a_variable_that_names_no_ledger_is_told_as_any_mistake(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIOGRAPH_LEDGER", "ftp://x")
    code, wrote, told = run("list")
    assert (code, wrote) == (1, "")
    assert told.startswith("error: HELIOGRAPH_LEDGER: no ledger can be kept behind")


def test_a_key_that_cannot_be_read_is_named(run: Run, tmp_path: Path) -> None:
    secret_of(run, "--name", "night")
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as at:
        at.execute("UPDATE virtual_keys SET terms = 'no JSON'")
    code, wrote, said = run("list")
    assert (code, wrote) == (1, "")
    assert "in virtual_keys cannot be read (JSON is malformed" in said
    assert said.count("\n") == 1
