"""What a process that works alone tells of itself."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import CollectorRegistry

from heliograph.gateway.app.reloads import Reloads
from heliograph.gateway.engine import Engine
from heliograph.gateway.server.standing import ConfigStanding, WorkerStanding


class Alone:
    """Its own numbers, its own config, and no workers."""

    workers: tuple[WorkerStanding, ...] = ()

    def __init__(self, engine: Engine, reloads: Reloads) -> None:
        self.reloads = reloads
        self.registry = CollectorRegistry()
        for collector in (*engine.collectors, reloads.counts):
            self.registry.register(collector)

    @property
    def config(self) -> ConfigStanding:
        """The config in force."""
        return self.reloads.standing

    async def families(self) -> Iterable[Metric]:
        """Gather the numbers of this process."""
        return self.registry.collect()
