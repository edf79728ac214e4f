"""What a supervisor counts of its workers, shown to Prometheus when it asks."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class FleetCounts(Collector):
    """Workers that serve, and those that died."""

    def __init__(self) -> None:
        self.ready = 0
        self.died = 0

    def collect(self) -> Iterator[Metric]:
        """Yield the counts."""
        yield GaugeMetricFamily(
            "heliograph_workers",
            "Worker processes that serve (with --workers above 1).",
            value=float(self.ready),
        )
        yield CounterMetricFamily(
            "heliograph_worker_deaths",
            "Worker processes that ended without being told to.",
            value=float(self.died),
        )
