"""Counters of exchanges and attempts, shown to Prometheus when it asks.

The request path adds plain integers; the exposition is made at scrape time. Labels
come from the config alone, so a caller cannot grow their number: a model that no
provider lists is `other`.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from heliograph.gateway.types import (
    NANO,
    Attempt,
    Exchange,
    ProviderStanding,
    Target,
)

BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0)
ROW_MAX = 64
CIRCUIT_STATES = ("closed", "open", "half_open", "ramp")
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


class Numbers:
    """What is counted of one target's answers."""

    __slots__ = ("answers", "cached", "duration", "first_byte", "input", "output")

    def __init__(self) -> None:
        self.answers = [0, 0]  # whole ones, streams
        self.input = 0
        self.output = 0
        self.cached = 0
        self.duration = Histogram()
        self.first_byte = Histogram()

    def add(self, exchange: Exchange) -> None:
        """Count an answered exchange."""
        self.answers[exchange.stream] += 1
        self.duration.observe(exchange.duration_s)
        if exchange.first_byte_s is not None:
            self.first_byte.observe(exchange.first_byte_s)
        usage = exchange.usage
        if usage is not None:
            self.input += usage.input_tokens
            self.output += usage.output_tokens
            self.cached += usage.cached_tokens


class Metrics(Collector):
    """All numbers of one gateway process."""

    def __init__(self) -> None:
        self.answered: defaultdict[Labels, Numbers] = defaultdict(Numbers)
        self.unanswered: defaultdict[Labels, int] = defaultdict(int)
        self.failed_attempts: defaultdict[Labels, int] = defaultdict(int)
        self.in_flight = 0
        self.row: list[Exchange] = []
        self.standings: Callable[[], Iterable[ProviderStanding]] = tuple
        self.rescued: defaultdict[Labels, int] = defaultdict(int)
        self.hedged = 0
        self.cost_nano: defaultdict[Labels, int] = defaultdict(int)
        self.cost_unknown: defaultdict[Labels, int] = defaultdict(int)

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
        # By identity: a row has few targets, and keeps them for as long as it is one.
        known: dict[int, tuple[Labels, Numbers]] = {}
        for exchange in self.row:
            target = exchange.answered_by
            if exchange.outcome == "answered" and target is not None:
                found = known.get(id(target))
                if found is None:
                    labels = labels_of(target)
                    found = known[id(target)] = (labels, self.answered[labels])
                labels, numbers = found
                numbers.add(exchange)
                if exchange.hedged:
                    self.hedged += 1
                if exchange.rescue is not None:
                    self.rescued[(*labels, exchange.rescue)] += 1
                nano = exchange.cost_nano
                if nano and len(exchange.attempts) == 1:
                    self.cost_nano[labels] += nano
                    continue
            else:
                stream = "true" if exchange.stream else "false"
                self.unanswered[("", "", exchange.outcome, stream)] += 1
            if exchange.attempts:
                self.count_attempts(exchange.attempts)
        self.row.clear()

    def count_attempts(self, attempts: list[Attempt]) -> None:
        """Count failures and costs; the first whose cost is not known is counted."""
        unknown: Attempt | None = None
        for attempt in attempts:
            failure, nano = attempt.failure, attempt.cost_nano
            if failure is not None:
                blamed = (*labels_of(attempt.target), failure.blame, failure.kind)
                self.failed_attempts[blamed] += 1
            if nano is None:
                unknown = unknown or attempt
            elif nano:
                self.cost_nano[labels_of(attempt.target)] += nano
        if unknown is not None:
            why = unknown.cost_basis or "unknown_usage"
            self.cost_unknown[(*labels_of(unknown.target), why)] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families; called by the exposition at scrape time."""
        self.count_row()
        target = ("provider", "model")
        yield counters(
            "heliograph_exchanges",
            "Exchanges finished, by the target that answered (empty when none did).",
            (*target, "outcome", "stream"),
            {**self.exchanges(), **self.unanswered},
        )
        yield counters(
            "heliograph_attempts",
            "Calls to providers, by who was to blame (none: it answered).",
            (*target, "blame", "kind"),
            {**self.good_attempts(), **self.failed_attempts},
        )
        yield counters(
            "heliograph_tokens",
            "Tokens of answered exchanges; input includes cached.",
            (*target, "direction"),
            self.tokens(),
        )
        yield GaugeMetricFamily(
            "heliograph_exchanges_in_flight",
            "Exchanges under way.",
            value=float(self.in_flight),
        )
        yield counters(
            "heliograph_rescues",
            "Streams that broke and were finished by the target named, by the way.",
            (*target, "way"),
            self.rescued,
        )
        yield CounterMetricFamily(
            "heliograph_hedged_exchanges",
            "Answered exchanges in which a second call was made beside a slow one.",
            value=float(self.hedged),
        )
        yield from self.of_money()
        yield from self.of_providers()
        yield histograms(
            "heliograph_exchange_duration_seconds",
            "From the whole request to the end of the answer.",
            {labels: numbers.duration for labels, numbers in self.answered.items()},
        )
        yield histograms(
            "heliograph_first_byte_seconds",
            "From the whole request to the first byte of the answer.",
            {labels: numbers.first_byte for labels, numbers in self.answered.items()},
        )

    def of_money(self) -> Iterator[Metric]:
        """Yield what was paid, summed in integers, and how often that is not known."""
        cost = CounterMetricFamily(
            "heliograph_cost_usd",
            "Dollars that calls cost, also those that failed; unknown costs left out.",
            labels=("provider", "model"),
        )
        for labels, nano in self.cost_nano.items():
            cost.add_metric(labels, nano / NANO)
        yield cost
        yield counters(
            "heliograph_exchanges_of_unknown_cost",
            "Exchanges whose cost is not known, by the first call it is not known of.",
            ("provider", "model", "basis"),
            self.cost_unknown,
        )

    def of_providers(self) -> Iterator[Metric]:
        """Yield how the providers stand now."""
        circuit = GaugeMetricFamily(
            "heliograph_provider_circuit",
            "1 for the state that a provider's circuit is in.",
            labels=("provider", "state"),
        )
        calls = GaugeMetricFamily(
            "heliograph_provider_calls_in_flight",
            "Calls to a provider under way.",
            labels=("provider",),
        )
        resting = GaugeMetricFamily(
            "heliograph_provider_resting_targets",
            "Targets that rest: after a limit, a used-up quota or a refused key.",
            labels=("provider",),
        )
        for standing in self.standings():
            for state in CIRCUIT_STATES:
                value = float(standing.circuit == state)
                circuit.add_metric((standing.provider, state), value)
            calls.add_metric((standing.provider,), float(standing.in_flight))
            resting.add_metric((standing.provider,), float(standing.resting))
        yield from (circuit, calls, resting)

    def exchanges(self) -> dict[Labels, int]:
        """Count answered exchanges by target and kind of answer."""
        return {
            (*labels, "answered", stream): count
            for labels, numbers in self.answered.items()
            for stream, count in zip(("false", "true"), numbers.answers, strict=True)
            if count
        }

    def good_attempts(self) -> dict[Labels, int]:
        """Count attempts that answered: the last of each answered exchange."""
        return {
            (*labels, "none", ""): sum(numbers.answers)
            for labels, numbers in self.answered.items()
        }

    def tokens(self) -> dict[Labels, int]:
        """Count tokens by target and direction."""
        return {
            (*labels, direction): getattr(numbers, direction)
            for labels, numbers in self.answered.items()
            for direction in ("input", "output", "cached")
        }


def labels_of(target: Target) -> Labels:
    """Name provider and model; a model that is not in the config is `other`."""
    listed = target.model in target.provider.models
    return (target.provider.name, target.model if listed else "other")


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
