"""Counters of exchanges and attempts, shown to Prometheus when it asks.

The request path adds plain integers; the exposition is made at scrape time. Labels
come from the config alone, so a caller cannot grow their number: a model that no
provider lists is `other`.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from heliograph.gateway.types import Attempt, Exchange, Target

BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
ROW_MAX = 64
Labels = tuple[str, ...]


class Histogram:
    """Seconds, counted into `BUCKETS_S`."""

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS_S) + 1)
        self.sum_s = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(BUCKETS_S, seconds)] += 1
        self.sum_s += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """Pairs of upper bound and count so far, as Prometheus wants them."""
        pairs = []
        total = 0
        bounds = (*(f"{bound:g}" for bound in BUCKETS_S), "+Inf")
        for bound, count in zip(bounds, self.counts, strict=True):
            total += count
            pairs.append((bound, float(total)))
        return pairs


class Metrics(Collector):
    """All numbers of one gateway process."""

    def __init__(self) -> None:
        self.exchanges: defaultdict[Labels, int] = defaultdict(int)
        self.attempts: defaultdict[Labels, int] = defaultdict(int)
        self.tokens: defaultdict[Labels, int] = defaultdict(int)
        self.duration: defaultdict[Labels, Histogram] = defaultdict(Histogram)
        self.first_byte: defaultdict[Labels, Histogram] = defaultdict(Histogram)
        self.in_flight = 0
        self.row: list[Exchange] = []

    def record(self, exchange: Exchange) -> None:
        """Take in a finished exchange, which nobody changes any more.

        A row of them is counted at once, which costs half of counting each between
        other work; a scrape counts what is left.
        """
        self.row.append(exchange)
        if len(self.row) >= ROW_MAX:
            self.count_row()

    def count_row(self) -> None:
        """Count what was taken in since the last row."""
        for exchange in self.row:
            self.count(exchange)
        self.row.clear()

    def count(self, exchange: Exchange) -> None:
        """Count one exchange."""
        for attempt in exchange.attempts:
            self.attempts[labels_of_attempt(attempt)] += 1
        target = exchange.answered_by
        labels = labels_of(target) if target is not None else ("", "")
        stream = "true" if exchange.stream else "false"
        self.exchanges[(*labels, exchange.outcome, stream)] += 1
        if target is None:
            return
        self.duration[labels].observe(exchange.duration_s)
        if exchange.first_byte_s is not None:
            self.first_byte[labels].observe(exchange.first_byte_s)
        usage = exchange.usage
        if usage is not None:
            self.tokens[(*labels, "input")] += usage.input_tokens
            self.tokens[(*labels, "output")] += usage.output_tokens
            self.tokens[(*labels, "cached")] += usage.cached_tokens

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families; called by the exposition at scrape time."""
        self.count_row()
        target = ("provider", "model")
        yield counters(
            "heliograph_exchanges",
            "Exchanges finished, by the target that answered (empty when none did).",
            (*target, "outcome", "stream"),
            self.exchanges,
        )
        yield counters(
            "heliograph_attempts",
            "Calls to providers, by who was to blame (none: it answered).",
            (*target, "blame", "kind"),
            self.attempts,
        )
        yield counters(
            "heliograph_tokens",
            "Tokens of answered exchanges; input includes cached.",
            (*target, "direction"),
            self.tokens,
        )
        yield GaugeMetricFamily(
            "heliograph_exchanges_in_flight",
            "Exchanges under way.",
            value=float(self.in_flight),
        )
        yield histograms(
            "heliograph_exchange_duration_seconds",
            "From the whole request to the end of the answer.",
            self.duration,
        )
        yield histograms(
            "heliograph_first_byte_seconds",
            "From the whole request to the first byte of the answer.",
            self.first_byte,
        )


def labels_of(target: Target) -> Labels:
    """Name provider and model; a model that is not in the config is `other`."""
    listed = target.model in target.provider.models
    return (target.provider.name, target.model if listed else "other")


def labels_of_attempt(attempt: Attempt) -> Labels:
    """Labels of one attempt: where it went and who was to blame."""
    failure = attempt.failure
    told = (str(failure.blame), failure.kind) if failure is not None else ("none", "")
    return (*labels_of(attempt.target), *told)


def counters(name: str, told: str, labels: Labels, values: dict[Labels, int]) -> Metric:
    """Make a counter family of *values*."""
    family = CounterMetricFamily(name, told, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def histograms(name: str, told: str, values: dict[Labels, Histogram]) -> Metric:
    """Make a histogram family of *values*, labelled by target."""
    family = HistogramMetricFamily(name, told, labels=("provider", "model"))
    for key, histogram in values.items():
        family.add_metric(key, histogram.cumulative(), histogram.sum_s)
    return family
