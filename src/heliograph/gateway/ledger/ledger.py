"""The memory of one process: made after any fork, closed after the last answer."""

import time
from collections.abc import Callable, Iterator
from secrets import token_hex

from msgspec import Struct
from msgspec.structs import replace
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from heliograph.gateway.ledger import bodies
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.leases import Leases
from heliograph.gateway.ledger.prune import Pruner
from heliograph.gateway.ledger.recorder import Recorder
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.types import Keeping

STAYS = (
    "warning: where the ledger is was changed, which a reload cannot do: restart; the "
    "rest of the file is taken"
)


class LedgerStanding(Struct, frozen=True):
    """What `/health` tells: `ok`, or the word for what keeps it from being written."""

    state: str
    waiting: int
    unrecorded: int


class Ledger(Collector):
    """One per process: what it is told of is recorded, and can be asked for."""

    def __init__(
        self,
        store: Store,
        say: Callable[[str], None],
        keys: KeyRing | None = None,
        keeping: Keeping = Keeping(),  # noqa: B008 - it is frozen
    ) -> None:
        self.store = store
        self.say = say
        self.pruner = Pruner(store, keeping, say=say)
        self.keys = keys or KeyRing(say=say)
        self.leases = Leases(token_hex(8), time.monotonic)
        self.recorder = Recorder(
            store,
            say,
            posters=(self.leases.post, bodies.post),
            chores=(
                self.keys.do_chore,
                self.leases.do_chore,
                self.leases.passed.do_chore,
                self.pruner.do_chore,
            ),
            give_up=self.leases.give_up,
        )
        self.record = self.recorder.record
        self.start = self.recorder.start
        self.close = self.recorder.close

    def reload(self, keeping: Keeping) -> None:
        """Keep what *keeping* says from now on; where it is cannot change."""
        if keeping.place != self.pruner.keeping.place:
            self.say(STAYS)
        self.pruner.keeping = replace(keeping, place=self.pruner.keeping.place)

    @property
    def standing(self) -> LedgerStanding:
        """How it stands now."""
        recorder = self.recorder
        state = "ok" if recorder.trouble is None else recorder.trouble.value
        if not recorder.thread.is_alive():
            state = "stopped"
        return LedgerStanding(state, recorder.waiting, recorder.lost)

    def collect(self) -> Iterator[Metric]:
        """Yield its numbers; called at scrape time."""
        recorder = self.recorder
        yield CounterMetricFamily(
            "heliograph_ledger_recorded",
            "Exchanges written to the ledger.",
            value=float(recorder.written),
        )
        yield CounterMetricFamily(
            "heliograph_ledger_unrecorded",
            "Exchanges that were lost to the ledger: it could not be written for long.",
            value=float(recorder.lost),
        )
        yield CounterMetricFamily(
            "heliograph_ledger_bodies_dropped",
            "Exchanges whose bodies were not kept: too much waited, or the ledger was"
            " in trouble.",
            value=float(recorder.bodies.lost),
        )
        yield CounterMetricFamily(
            "heliograph_ledger_pruned",
            "Exchanges taken out of the ledger, being too old or too many.",
            value=float(self.pruner.taken),
        )
        yield GaugeMetricFamily(
            "heliograph_ledger_waiting",
            "Exchanges that are yet to be written to the ledger.",
            value=float(recorder.waiting),
        )
        yield GaugeMetricFamily(
            "heliograph_ledger_failing",
            "Processes whose ledger cannot be written now.",
            value=float(self.standing.state != "ok"),
        )


def ledger_of(
    keeping: Keeping, say: Callable[[str], None], keys: KeyRing | None = None
) -> Ledger | None:
    """Make the ledger that the config asks for, if it does; *keys* follow it."""
    store = store_at(keeping)
    return None if store is None else Ledger(store, say, keys, keeping)
