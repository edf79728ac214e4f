"""How often the config was read again, shown to Prometheus when it asks."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class ReloadCounts(Collector):
    """Counts of configs taken, and of those that were refused."""

    def __init__(self) -> None:
        self.ok = 0
        self.failed = 0

    def collect(self) -> Iterator[Metric]:
        """Yield the counts; both are there from the start, so that rates work."""
        family = CounterMetricFamily(
            "heliograph_config_reloads",
            "Times the config was read again; a failed one left the last good one.",
            labels=("result",),
        )
        family.add_metric(("ok",), float(self.ok))
        family.add_metric(("failed",), float(self.failed))
        yield family
