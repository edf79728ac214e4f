"""A million exchanges in the ledger, and how long the questions of people take.

    make million, or PYTHONPATH=tests .venv/bin/python bench/million.py

Thirty days of forty keys are written, as by a gateway after an outage, to SQLite and
then to the PostgreSQL of the tests. Then all is asked that `heliograph costs` asks, and
pages of exchanges as the admin API finds them, each question several times, and its
median judged. `--mixed`: every key asks for every model by every route, so that there
are as many sums of hours as there can be.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, gettempdir

from ledger_fill import DAY_S, exchanges, fill

from heliograph.gateway.ledger.costs import costs
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.periods import hours_between
from heliograph.gateway.ledger.search import Sought, search
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import Keeping, Secret
from postgres_server import postgres_server

TARGET_MS = 200.0
TIMES_ASKED = 9
DAYS = 30
NOW_S = 1_795_000_000.0
"""In the middle of an hour and of a day, as most moments are."""
BY: Sequence[tuple[str, ...]] = (
    (),
    ("model",),
    ("owner",),
    ("key",),
    ("tag",),
    ("day",),
    ("model", "owner", "tag"),
)
SOUGHT: Mapping[str, Sought] = {
    "all": Sought(),
    "of one team": Sought(team="team-3"),
    "of one key": Sought(virtual_key="key-7"),
    "of one tag": Sought(tag="site=2"),
    "that failed": Sought(outcome="failed"),
    "of a kind of error there is none of": Sought(error="none-such"),
    "of a tag there is none of": Sought(tag="none-such"),
    "by its request id": Sought(request_id="none-such"),
}
Question = Callable[[Database], object]


def main() -> int:
    """Fill and ask; a question that takes too long is a failure."""
    options = read_options()
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    slow = 0
    for store in options.store:
        with place_of(store) as place, closing(opened(place)) as database:
            print(f"\n{store}: {written(database, options)}")
            for what, times_ms in asked(database):
                met = median(times_ms) <= TARGET_MS
                slow += not met
                print(
                    f"  {what:44} {median(times_ms):7.1f} ms, at most "
                    f"{max(times_ms):7.1f} ms{'' if met else '   MISSED'}"
                )
    print(f"\n{slow} questions took more than {TARGET_MS:.0f} ms")
    return min(slow, 1)


@contextmanager
def place_of(store: str) -> Iterator[str]:
    """Name an empty place for a ledger, gone at the end."""
    if store == "postgres":
        disk = Path(gettempdir())
        usual = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB"}
        with postgres_server(disk, **usual) as server:
            yield server.fresh_url()
    else:
        with TemporaryDirectory(prefix="heliograph-million-") as folder:
            yield str(Path(folder) / "ledger.db")


def opened(place: str) -> Database:
    """Open the ledger there."""
    store = store_at(Keeping(Secret(place)))
    assert store is not None  # noqa: S101 - a place was given
    return store.open()


def written(database: Database, options: argparse.Namespace) -> str:
    """Fill the ledger; say how long it took, and what is in it."""
    began_s, cpu_s = time.monotonic(), time.process_time()
    made = exchanges(options.exchanges, DAYS, NOW_S, mixed=options.mixed)
    count = fill(database, made)
    took_s, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
    database.run("ANALYZE")  # as a server does by itself
    ((hours, days),) = database.run(
        "SELECT (SELECT COUNT(*) FROM hours), (SELECT COUNT(*) FROM days)"
    )
    return (
        f"{count:,} exchanges written in {took_s:.0f} s ({cpu_s / count * 1e6:.0f} us "
        f"of CPU each, and that of making them); {int(hours or 0):,} sums of hours, "
        f"{int(days or 0):,} of days"
    )


def asked(database: Database) -> Iterator[tuple[str, list[float]]]:
    """Ask everything; yield how long each took."""
    for what, ask in questions().items():
        times_ms = []
        for _ in range(TIMES_ASKED):
            began_s = time.perf_counter()
            ask(database)
            times_ms.append((time.perf_counter() - began_s) * 1e3)
        yield what, times_ms


def questions() -> Mapping[str, Question]:
    """Name what is asked."""
    found: dict[str, Question] = {}
    for days, by in product((1, 7, DAYS), BY):
        hours = hours_between(NOW_S - days * DAY_S, NOW_S)
        what = f"{days} days by {', '.join(by) or 'nothing'}"
        found[what] = partial(costs, by=by, hours=hours)
    for name, value in {"team": "team-3", "key": "key-7", "tag": "site=2"}.items():
        hours = hours_between(NOW_S - DAYS * DAY_S, NOW_S)
        what = f"{DAYS} days by model, of one {name}"
        found[what] = partial(costs, by=("model",), hours=hours, where={name: value})
    for what, sought in SOUGHT.items():
        found[f"a page of exchanges, {what}"] = partial(
            search, sought=sought, below=None, count=50
        )
    return found


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="ask a ledger of a million exchanges")
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--mixed", action="store_true", help="all ask for everything")
    stores = ["sqlite", "postgres"]
    parser.add_argument("--store", nargs="+", choices=stores, default=stores)
    options = parser.parse_args()
    if options.exchanges < 1:
        parser.error("--exchanges must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
