"""Numbers for Prometheus, from the record alone."""

from collections.abc import Mapping

import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import CollectorRegistry

from exchange_cases import CLAUDE, OPENAI, attempt, exchange, failed
from heliograph.gateway.telemetry.metrics import BUCKETS_S, Histogram, Metrics
from heliograph.gateway.types import Attempt, Blame, CostBasis, Exchange

LABELS = (
    "provider",
    "model",
    "outcome",
    "stream",
    "blame",
    "kind",
    "direction",
    "basis",
    "le",
)
Samples = dict[tuple[str, tuple[str, ...]], float]


def exposed(*records: Exchange) -> Samples:
    """Record all, and read the exposition: name and label values to value."""
    metrics = Metrics()
    for record in records:
        metrics.record(record)
    return scraped(metrics)


def in_order(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Take the values in our order; the exposition sorts by name."""
    return tuple(labels[name] for name in LABELS if name in labels)


def scraped(metrics: Metrics) -> Samples:
    registry = CollectorRegistry()
    registry.register(metrics)
    text = generate_latest(registry).decode()
    return {
        (sample.name, in_order(sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_an_exchange_counts_once_and_each_attempt_once() -> None:
    record = exchange(attempt(failed("overloaded"), CLAUDE), attempt(None))
    said = exposed(record, record)
    gpt, claude = ("openai", "gpt-4o"), ("anthropic", "claude-sonnet-4-6")
    assert said["heliograph_exchanges_total", (*gpt, "answered", "false")] == 2
    assert said["heliograph_attempts_total", (*gpt, "none", "")] == 2
    assert said["heliograph_attempts_total", (*claude, "provider", "overloaded")] == 2
    assert said["heliograph_tokens_total", (*gpt, "input")] == 22
    assert said["heliograph_tokens_total", (*gpt, "output")] == 10
    assert said["heliograph_tokens_total", (*gpt, "cached")] == 6
    assert said["heliograph_exchange_duration_seconds_count", gpt] == 2
    assert said["heliograph_first_byte_seconds_sum", gpt] == pytest.approx(1.2)


@pytest.mark.parametrize("outcome", ["failed", "refused", "client_gone"])
def test_an_exchange_that_nobody_answered_counts_under_no_target(outcome: str) -> None:
    failure = failed("reset", Blame.PROVIDER)
    said = exposed(exchange(attempt(failure), outcome=outcome, stream=True))
    assert said["heliograph_exchanges_total", ("", "", outcome, "true")] == 1
    assert not [name for name, _ in said if name.startswith("heliograph_tokens")]
    assert not [name for name, _ in said if name.endswith("_bucket")]


def test_models_that_no_provider_lists_share_one_series() -> None:
    one, many = (
        exposed(*(exchange(attempt(None, OPENAI, f"m-{n}")) for n in range(count)))
        for count in (1, 500)
    )
    assert one.keys() == many.keys()
    assert many["heliograph_tokens_total", ("openai", "other", "input")] == 5500


def test_the_gauge_is_what_is_under_way() -> None:
    metrics = Metrics()
    assert scraped(metrics)["heliograph_exchanges_in_flight", ()] == 0
    metrics.in_flight = 3
    assert scraped(metrics)["heliograph_exchanges_in_flight", ()] == 3


@pytest.mark.parametrize("index", range(len(BUCKETS_S)))
def test_a_bucket_holds_its_own_bound(index: int) -> None:
    bound = BUCKETS_S[index]
    histogram = Histogram()
    for seconds in (bound, bound * 1.0001):
        histogram.observe(seconds)
    pairs = dict(histogram.cumulative())
    assert pairs[f"{bound:g}"] == 1
    assert pairs["+Inf"] == 2
    assert histogram.sum_s == pytest.approx(bound * 2.0001)


def test_buckets_only_ever_grow() -> None:
    histogram = Histogram()
    for seconds in (0.01, 0.2, 3, 3, 700):
        histogram.observe(seconds)
    counts = [count for _, count in histogram.cumulative()]
    assert counts == sorted(counts)
    assert counts[-1] == 5


def paid(nano: int | None, basis: CostBasis, kind: str = "") -> Attempt:
    """Make an attempt that cost so much; it failed if *kind* says how."""
    made = attempt(failed(kind) if kind else None)
    made.cost_nano, made.cost_basis = nano, basis
    return made


def test_what_calls_cost_is_summed_in_integers_also_of_those_that_failed() -> None:
    tenth = exchange(paid(100_000_000, "usage"))
    broken = exchange(paid(1, "estimate", "reset"), paid(2, "usage"))
    said = exposed(*[tenth] * 3, broken)
    gpt = ("openai", "gpt-4o")
    assert said["heliograph_cost_usd_total", gpt] == 0.300000003
    assert not [name for name, _ in said if "unknown_cost" in name]


def test_an_exchange_of_unknown_cost_counts_once_by_the_first_that_is_unknown() -> None:
    unknown = (paid(None, "unknown_price", "reset"), paid(None, "unknown_usage"))
    said = exposed(exchange(paid(7, "usage", "reset"), *unknown))
    gpt = ("openai", "gpt-4o")
    name = "heliograph_exchanges_of_unknown_cost_total"
    assert {labels for found, labels in said if found == name} == {
        (*gpt, "unknown_price")
    }
    assert said[name, (*gpt, "unknown_price")] == 1
    assert said["heliograph_cost_usd_total", gpt] == 7e-9


def test_an_exchange_costs_what_its_attempts_do_or_nobody_knows() -> None:
    assert exchange().cost_nano == 0
    assert exchange(paid(5, "usage")).cost_nano == 5
    assert exchange(paid(0, "free", "reset"), paid(5, "usage")).cost_nano == 5
    unknown = paid(None, "unknown_usage", "reset")
    assert exchange(unknown, paid(5, "usage")).cost_nano is None
