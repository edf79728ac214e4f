"""The numbers of a process as values that another process can add up.

They are taken from the exposition's own families, so that a metric that is new adds up
without a line here. Counters, histograms and gauges alike are summed, but for what all
processes say of one thing.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from prometheus_client.metrics_core import Metric

SHARED = frozenset({"heliograph_budget_limit", "heliograph_budget_spent"})
"""What the store says, to one process sooner than to another: the largest is right."""

Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, float]


class Family(Struct, frozen=True, array_like=True):
    """One metric with its samples, in the order of the exposition."""

    name: str
    kind: str
    told: str
    samples: tuple[Sample, ...]


Snapshot = tuple[Family, ...]


def snapshot(families: Iterable[Metric]) -> Snapshot:
    """Take the numbers of *families*."""
    return tuple(
        Family(
            family.name,
            family.type,
            family.documentation,
            tuple((s.name, tuple(s.labels.items()), s.value) for s in family.samples),
        )
        for family in families
    )


def total(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Add *snapshots* up, sample by sample; the order is that of the first seen."""
    heads: dict[str, Family] = {}
    sums: dict[str, dict[tuple[str, Labels], float]] = {}
    for each in snapshots:
        for family in each:
            heads.setdefault(family.name, family)
            added = sums.setdefault(family.name, {})
            shared = family.name in SHARED
            for name, labels, value in family.samples:
                before = added.get((name, labels), 0.0)
                added[name, labels] = max(before, value) if shared else before + value
    return tuple(
        Family(
            name,
            head.kind,
            head.told,
            tuple((*key, value) for key, value in sums[name].items()),
        )
        for name, head in heads.items()
    )


def lasting(numbers: Snapshot) -> Snapshot:
    """Leave out what ends with its process: the gauges."""
    return tuple(family for family in numbers if family.kind != "gauge")


def exposed(numbers: Snapshot) -> Iterator[Metric]:
    """Make families of metrics of *numbers* again."""
    for family in numbers:
        metric = Metric(family.name, family.told, family.kind)
        for name, labels, value in family.samples:
            metric.add_sample(name, dict(labels), value)
        yield metric
