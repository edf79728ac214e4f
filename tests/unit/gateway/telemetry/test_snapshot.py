"""Numbers of several processes add up to what one process would have counted."""

from collections.abc import Iterable

from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric

from exchange_cases import CLAUDE, attempt, exchange, failed
from heliograph.gateway.ledger.accounts import Accounts
from heliograph.gateway.ledger.budget_numbers import BudgetNumbers
from heliograph.gateway.server.api import Gathered
from heliograph.gateway.telemetry.metrics import Metrics
from heliograph.gateway.telemetry.snapshot import exposed, lasting, snapshot, total
from heliograph.gateway.types import Budget, CapRule, Exchange


def counted(*records: Exchange) -> Metrics:
    metrics = Metrics()
    for record in records:
        metrics.record(record)
    return metrics


def lines(families: Iterable[Metric]) -> set[str]:
    return set(generate_latest(Gathered(families)).decode().splitlines())


def test_what_two_counted_is_what_one_would_have_counted() -> None:
    good = exchange(attempt(None))
    fallen_back = exchange(attempt(failed("cut")), attempt(None, CLAUDE))
    records = [good, fallen_back, good, exchange(attempt(failed("truncated")))]
    one = total(snapshot(counted(r).collect()) for r in records)
    assert lines(exposed(one)) == lines(counted(*records).collect())
    kinds = [line for line in lines(exposed(one)) if "attempts_total{" in line]
    assert len(kinds) == 4


def test_gauges_are_added_and_do_not_last() -> None:
    one, two = counted(), counted()
    one.in_flight, two.in_flight = 2, 3
    added = total([snapshot(one.collect()), snapshot(two.collect())])
    gauges = {f.name: f.samples for f in added if f.kind == "gauge"}
    assert gauges["heliograph_exchanges_in_flight"][0][2] == 5.0
    assert all(family.kind != "gauge" for family in lasting(added))
    assert len(lasting(added)) == len(added) - len(gauges)


def test_what_all_say_of_one_budget_is_not_added() -> None:
    budget = Budget("a", (CapRule("usd", 2_500_000_000, "day", "calendar"),))
    told = []
    for spent, reserved in ((10**9, 10**8), (2 * 10**9, 3 * 10**8)):
        accounts = Accounts([budget])
        (cap,) = accounts.caps_of(budget)
        cap.spent, cap.slice = spent, reserved
        told.append(snapshot(BudgetNumbers(accounts, dict).collect()))
    found = lines(exposed(total(told)))
    labels = '{budget="a",cap="usd/day"}'
    assert f"heliograph_budget_limit{labels} 2.5" in found
    assert f"heliograph_budget_spent{labels} 2.0" in found
    assert f"heliograph_budget_reserved{labels} 0.4" in found
