"""What is told of the process itself, beside its exchanges: `/health`, `/metrics`."""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct
from prometheus_client.metrics_core import Metric


class ConfigStanding(Struct, frozen=True):
    """The config in force, and what is wrong with the one that was read since."""

    source: str
    since: str  # when it was taken, ISO 8601
    problems: tuple[str, ...] = ()


class WorkerStanding(Struct, frozen=True):
    """One worker process as its supervisor sees it."""

    worker: int
    pid: int | None
    state: str  # starting, ready, draining, waiting (to be started again)


class Standing(Protocol):
    """Whoever knows: the process itself, or its supervisor through it."""

    @property
    def config(self) -> ConfigStanding:
        """The config in force."""

    @property
    def workers(self) -> tuple[WorkerStanding, ...]:
        """The workers; empty when the process works alone."""

    async def families(self) -> Iterable[Metric]:
        """Gather the numbers of all workers; raise OSError when they cannot be had."""
