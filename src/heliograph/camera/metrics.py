"""The camera's numbers for Prometheus, read from its counters when it is asked.

Nothing is counted for it: what the summary tells at the end can be asked for here while
the watch goes on.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from heliograph.camera.captioning.drawing import DrawingCounters
from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.captioning.spool import SpoolCounters
from heliograph.camera.detection.choosing import DetectorFacts
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.sinks.outlets import OutletCounters
from heliograph.camera.summary import Tally

PREFIX = "heliograph_camera_"


@dataclass(frozen=True, slots=True)
class Counts:
    """All that a watch counts, as it is now, and what finds things.

    None is a spool that there is not, or a network that makes pictures.
    """

    tally: Tally
    queue: QueueCounters
    detector: DetectorFacts
    spool: SpoolCounters | None = None
    outlets: OutletCounters = field(default_factory=OutletCounters)
    drawing: DrawingCounters | None = None


class CameraCollector(Collector):
    """Turns what *counts* returns into metrics."""

    def __init__(self, counts: Callable[[], Counts]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        now = self._counts()
        yield _found_by(now.detector)
        yield from _watched(now.tally, now.queue)
        if now.drawing is not None:
            missed = {str(why): count for why, count in now.drawing.missed.items()}
            told = {"drawn": now.drawing.drawn} | missed
            yield _counter("reconstructions", "Pictures made of events", told)
        if now.spool is not None:
            yield from _spooled(now.spool)
        yield from _delivered(now.outlets)


@contextmanager
def serve_metrics(
    address: tuple[str, int], counts: Callable[[], Counts]
) -> Iterator[int]:
    """Answer at *address* for as long as the block takes; yield the port.

    Raises `SinkError` where the address cannot be had.
    """
    registry = CollectorRegistry()
    registry.register(CameraCollector(counts))
    host, port = address
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SinkError(f"cannot serve metrics at {host}:{port}: {why}") from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _found_by(detector: DetectorFacts) -> Metric:
    """Return what finds things, as a metric that is always 1."""
    told = InfoMetricFamily(PREFIX + "detector", "What finds things")
    labels = {
        "kind": detector.kind,
        "weights": detector.weights,
        "provider": detector.provider,
    }
    told.add_metric([], labels)
    return told


def _watched(tally: Tally, queue: QueueCounters) -> Iterator[Metric]:
    """Yield what was seen, and what was said of it."""
    for name, told, count in (
        ("windows", "Windows of the stream", tally.windows),
        ("late_windows", "Windows taken up too late", tally.late_windows),
        ("events", "Events that the filters let through", tally.events),
        ("tracks", "Tracks that were confirmed", tally.tracks),
        ("alerts", "Tracks that were chosen for a caption", tally.asked),
        ("overtaken", "Alerts that nobody was asked about in time", queue.overtaken),
        ("lines_dropped", "Lines that nobody read in time", tally.lines_dropped),
    ):
        yield CounterMetricFamily(PREFIX + name, told, value=count)
    said = CounterMetricFamily(
        PREFIX + "captions", "Captions in time, by rung", labels=["rung"]
    )
    said.add_metric(["cloud"], tally.captions)
    said.add_metric(["template"], tally.errors)
    yield said
    yield _gauge("captions_waiting", "Alerts that wait for a worker", queue.waiting)
    yield _gauge("captions_in_flight", "Alerts that are asked about", queue.in_flight)


def _spooled(spool: SpoolCounters) -> Iterator[Metric]:
    """Yield what waits in the spool, and what became of the rest."""
    yield _gauge("spool_open", "Whether the spool has its file", spool.is_open)
    yield _gauge("spool_rows", "Pictures in the spool", spool.rows)
    yield _gauge("spool_bytes", "What they take up", spool.bytes)
    yield CounterMetricFamily(
        PREFIX + "caught_up",
        "Captions of a model that came later than live",
        value=spool.caught_up,
    )
    lost = {str(why): count for why, count in spool.lost.items()}
    told = lost | {"unkept": spool.unkept}
    yield _counter("spool_lost", "Pictures that were thrown away, by why", told)


def _delivered(outlets: OutletCounters) -> Iterator[Metric]:
    """Yield what became of captions at the sinks that there are."""
    if (mqtt := outlets.mqtt) is not None:
        yield _gauge("mqtt_connected", "Whether the broker is there", mqtt.connected)
        told = {"published": mqtt.published, "dropped": mqtt.dropped}
        yield _counter("mqtt_messages", "Messages, by what came of them", told)
    if (hook := outlets.webhook) is not None:
        told = {"sent": hook.sent, "lost": hook.lost}
        yield _counter("webhook_posts", "Posts, by what came of them", told)
        yield _gauge("webhook_waiting", "Posts that wait", hook.waiting)
    if (kept := outlets.snapshots) is not None:
        told = {
            "written": kept.written,
            "removed": kept.removed,
            "failed": kept.failed,
        }
        yield _counter("snapshots", "Snapshots, by what came of them", told)
    if (clips := outlets.clips) is not None:
        told = {
            "written": clips.written,
            "short": clips.short,
            "removed": clips.removed,
            "failed": clips.failed,
            "missed": clips.missed,
        }
        yield _counter("clips", "Clips, by what came of them", told)


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, told, value=value)


def _counter(name: str, told: str, counts: Mapping[str, int]) -> Metric:
    metric = CounterMetricFamily(PREFIX + name, told, labels=["outcome"])
    for outcome, count in counts.items():
        metric.add_metric([outcome], count)
    return metric
