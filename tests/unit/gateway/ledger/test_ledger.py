"""The ledger of a process: what it tells, and what a reload changes."""

import time
from contextlib import closing
from pathlib import Path

from heliograph.gateway.ledger.audit import audit
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.ledger import Ledger, ledger_of
from heliograph.gateway.ledger.stores.opening import open_database
from heliograph.gateway.types import Keeping, Secret
from key_cases import KeptKeys
from ledger_parts import Told, answered, ids


def numbers(ledger: Ledger) -> dict[str, float]:
    return {family.name: family.samples[0].value for family in ledger.collect()}


def test_where_there_is_no_place_there_is_no_ledger() -> None:
    assert ledger_of(Keeping(), Told()) is None


def test_it_tells_how_it_stands(tmp_path: Path) -> None:
    ledger = ledger_of(Keeping(Secret(str(tmp_path / "ledger.db"))), Told())
    assert ledger is not None
    ledger.start()
    assert ledger.standing.state == "ok"
    ledger.record(answered(1))
    ledger.close()
    found = numbers(ledger)
    assert found["heliograph_ledger_recorded"] == 1
    assert found["heliograph_ledger_unrecorded"] == 0
    assert ledger.standing.state == "stopped"
    assert found["heliograph_ledger_failing"] == 1


def test_a_reload_changes_how_long_is_kept_and_not_where(tmp_path: Path) -> None:
    place = Secret(str(tmp_path / "ledger.db"))
    ledger = ledger_of(Keeping(place, keep_days=99), told := Told())
    assert ledger is not None
    ledger.reload(Keeping(place, keep_days=1))
    assert told.lines == []
    assert ledger.pruner.keeping.keep_days == 1
    ledger.reload(Keeping(Secret("/elsewhere"), keep_days=2))
    assert "where the ledger is was changed" in told
    assert ledger.pruner.keeping == Keeping(place, keep_days=2)


def test_a_key_that_cannot_be_read_does_not_end_its_thread(tmp_path: Path) -> None:
    kept = KeptKeys(tmp_path)
    kept.add()
    kept.database.run("UPDATE virtual_keys SET terms = 'no JSON'")
    ring = KeyRing(kept.secret, say=(told := Told()))
    ledger = ledger_of(Keeping(Secret(str(tmp_path / "ledger.db"))), told, ring)
    assert ledger is not None
    ledger.start()
    ledger.record(answered(1))
    assert ledger.standing.state == "ok"
    ledger.close()
    assert "virtual keys: what " in told
    assert (len(told.lines), numbers(ledger)["heliograph_ledger_recorded"]) == (1, 1)
    kept.database.close()


def test_it_takes_away_what_is_too_old_while_it_runs(tmp_path: Path) -> None:
    place = Secret(str(tmp_path / "ledger.db"))
    ledger = ledger_of(Keeping(place, keep_days=1), Told())
    assert ledger is not None
    recorder = ledger.recorder
    recorder.wall_s = lambda: time.time() - 2 * 86_400
    recorder.record(answered(1))
    recorder.turn()
    assert recorder.database is not None
    assert recorder.database.run("SELECT COUNT(*) FROM exchanges") == [(0,)]
    assert numbers(ledger)["heliograph_ledger_pruned"] == 1
    recorder.database.close()


def test_what_a_refused_exchange_was_charged_is_spent_all_the_same(place: str) -> None:
    ledger = ledger_of(Keeping(Secret(place)), told := Told())
    assert ledger is not None
    ledger.start()
    bad = answered(7, status=1 << 70, charges=[("b|usd|x", 0, 30)])
    for each in (answered(9, charges=[("b|usd|x", 0, 9)]), bad):
        assert ledger.record(each)
    ledger.leases.say_farewell({"b|usd|x": 39})
    ledger.close()
    assert "cannot hold an exchange" in told
    with closing(open_database(place)) as database:
        assert ids(database) == ["hg-9"]
        assert database.run("SELECT SUM(amount) FROM budget_spent") == [(39,)]
        assert database.run("SELECT * FROM budget_holders") == []
        assert audit(database) == []
