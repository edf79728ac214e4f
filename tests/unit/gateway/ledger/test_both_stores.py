"""The recorder on every store there is."""

from exchange_cases import CLAUDE, attempt, exchange, failed
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import Keeping, Secret
from ledger_parts import AT_S, Told, answered, ids, one


def test_exchanges_are_recorded_with_all_that_counts_them(
    place: str, database: Database
) -> None:
    store = store_at(Keeping(Secret(place)))
    assert store is not None
    recorder = Recorder(store, told := Told())
    recorder.start()
    for number in range(1, 301):
        recorder.record(answered(number, tags=("a", f"n={number % 7}")))
    lost = attempt(failed("reset"), CLAUDE)
    lost.cost_nano, lost.cost_basis = None, "unknown_price"
    recorder.record(exchange(lost, request_id="hg-lost", started_at=AT_S))
    recorder.record(answered(400, tags=("a", "n=1")))
    recorder.close()
    assert told.lines == []
    assert len(ids(database)) == 302
    total = 300 * 301 // 2 + 400
    sql = "SELECT count(*), sum(cost_nano), sum(unknown_costs) FROM exchanges"
    assert one(database, sql) == (302, total, 1)
    sql = "SELECT count(*), sum(cost_nano) FROM every_attempt"
    assert one(database, sql) == (302, total)
    for table in ("hours", "days"):
        sql = f"SELECT sum(exchanges), sum(cost_nano), sum(unknown_costs) FROM {table}"  # noqa: S608 - ours
        assert one(database, sql) == (302, total, 1)
    assert one(database, "SELECT count(*) FROM askers") == (8,)
    sql = "SELECT count(*) FROM exchanges JOIN askers USING (asker_id)"
    assert one(database, sql) == (302,)
