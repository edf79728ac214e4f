"""What Prometheus is told of the budgets that the config names.

The caps that virtual keys carry have no labels: keys are many, and come and go.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from heliograph.gateway.ledger.accounts import Accounts
from heliograph.gateway.ledger.caps import CONCURRENT, USD, Cap
from heliograph.gateway.types import NANO

LABELS = ("budget", "cap")


class BudgetNumbers(Collector):
    """How the configured budgets stand, as this process knows it."""

    def __init__(
        self, accounts: Accounts, notices: Callable[[], Mapping[str, int]]
    ) -> None:
        self.accounts = accounts
        self.notices = notices

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families; called at scrape time."""
        limit = GaugeMetricFamily(
            "heliograph_budget_limit",
            "What a budget's cap allows: dollars, tokens, requests or calls at once.",
            labels=LABELS,
        )
        spent = GaugeMetricFamily(
            "heliograph_budget_spent",
            "What is spent of it in its window, by all processes.",
            labels=LABELS,
        )
        reserved = GaugeMetricFamily(
            "heliograph_budget_reserved",
            "What calls under way have reserved of it.",
            labels=LABELS,
        )
        refused = CounterMetricFamily(
            "heliograph_budget_refusals",
            "Exchanges and calls for which it left no room.",
            labels=LABELS,
        )
        soft = CounterMetricFamily(
            "heliograph_budget_soft_limits",
            "Windows in which its soft limit was reached.",
            labels=LABELS,
        )
        for cap in self.caps():
            labels = (cap.budget.name, cap.label)
            limit.add_metric(labels, in_units(cap, cap.rule.limit))
            spent.add_metric(labels, in_units(cap, spent_of(cap)))
            reserved.add_metric(labels, in_units(cap, cap.reserved))
            refused.add_metric(labels, float(cap.refused))
            soft.add_metric(labels, float(cap.soft_told))
        told = CounterMetricFamily(
            "heliograph_budget_notices",
            "News of soft limits, by whether the webhook took it.",
            labels=("end",),
        )
        for end, count in self.notices().items():
            told.add_metric((end,), float(count))
        yield from (limit, spent, reserved, refused, soft, told)

    def caps(self) -> Iterator[Cap]:
        """Yield the caps of the configured budgets."""
        self.accounts.purses.empty()
        for budget in self.accounts.budgets:
            yield from self.accounts.caps_of(budget)


def spent_of(cap: Cap) -> int:
    """Say how much of *cap* is gone, as far as it is known here."""
    if cap.measure == CONCURRENT:
        return cap.outstanding + cap.others
    return cap.spent + cap.unposted


def in_units(cap: Cap, number: int) -> float:
    """Write *number* for people: money in dollars."""
    return number / NANO if cap.measure == USD else float(number)
