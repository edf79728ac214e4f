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
from quoting import add_keeping, finish
from report import Found
from verdicts import Judged, at_most, shown

from heliograph.gateway.ledger.costs import costs
from heliograph.gateway.ledger.database import Database
from heliograph.gateway.ledger.periods import hours_between
from heliograph.gateway.ledger.search import Sought, search
from heliograph.gateway.ledger.stores.place import store_at
from heliograph.gateway.types import Keeping, Secret
from postgres_server import postgres_server

NAME, MIXED = "million", "mixed"
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
    "of one tag": Sought(tags=("site=2",)),
    "that failed": Sought(outcome="failed"),
    "of a kind of error there is none of": Sought(error="none-such"),
    "of a tag there is none of": Sought(tags=("none-such",)),
    "by its request id": Sought(request_id="none-such"),
}
Question = Callable[[Database], object]


def main() -> int:
    """Fill and ask; a question that takes too long is a failure."""
    options = read_options()
    load = os.getloadavg()[0]
    judged: list[Judged] = []
    for store in options.store:
        with place_of(store) as place, closing(opened(place)) as database:
            cpu_us = written(database, options)
            slowest: dict[str, float] = {}
            for group, what, times_ms in asked(database):
                print(
                    f"  {what:44} {median(times_ms):7.1f} ms, at most "
                    f"{max(times_ms):7.1f} ms",
                    flush=True,
                )
                slowest[group] = max(slowest.get(group, 0.0), median(times_ms))
        judged += [
            at_most(f"{store}: {group}, slowest median", TARGET_MS, ms, "{:,.0f} ms")
            for group, ms in slowest.items()
        ]
        what = f"{store}: CPU to write an exchange, and to make it up"
        judged.append(shown(what, cpu_us, "{:.0f} µs"))
    command = " ".join(("bench/million.py", *sys.argv[1:]))
    finish(MIXED if options.mixed else NAME, Found(command, load, judged), options)
    return 0 if all(one.met for one in judged) else 1


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


def written(database: Database, options: argparse.Namespace) -> float:
    """Fill the ledger; say how long it took; return the CPU of an exchange, in µs."""
    began_s, cpu_s = time.monotonic(), time.process_time()
    made = exchanges(options.exchanges, DAYS, NOW_S, mixed=options.mixed)
    count = fill(database, made)
    took_s, cpu_s = time.monotonic() - began_s, time.process_time() - cpu_s
    database.run("ANALYZE")  # as a server does by itself
    ((hours, days),) = database.run(
        "SELECT (SELECT COUNT(*) FROM hours), (SELECT COUNT(*) FROM days)"
    )
    print(
        f"{count:,} exchanges written in {took_s:.0f} s; {int(hours or 0):,} sums of "
        f"hours, {int(days or 0):,} of days",
        flush=True,
    )
    return cpu_s / count * 1e6


def asked(database: Database) -> Iterator[tuple[str, str, list[float]]]:
    """Ask everything; yield of which kind it was, what, and how long each time took."""
    for group, what, ask in questions():
        times_ms = []
        for _ in range(TIMES_ASKED):
            began_s = time.perf_counter()
            ask(database)
            times_ms.append((time.perf_counter() - began_s) * 1e3)
        yield group, what, times_ms


def questions() -> Iterator[tuple[str, str, Question]]:
    """Yield what is asked, and of which kind it is."""
    for days, by in product((1, 7, DAYS), BY):
        hours = hours_between(NOW_S - days * DAY_S, NOW_S)
        what = f"{days} days by {', '.join(by) or 'nothing'}"
        yield f"costs of {days} days", what, partial(costs, by=by, hours=hours)
    hours = hours_between(NOW_S - DAYS * DAY_S, NOW_S)
    for what, value in {"team": "team-3", "key": "key-7", "tag": "site=2"}.items():
        ask = partial(costs, by=("model",), hours=hours, where={what: value})
        yield f"costs of {DAYS} days", f"{DAYS} days by model, of one {what}", ask
    for what, sought in SOUGHT.items():
        page = partial(search, sought=sought, below=None, count=50)
        yield "pages of exchanges", f"a page of exchanges, {what}", page


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="ask a ledger of a million exchanges")
    parser.add_argument("--exchanges", type=int, default=1_000_000)
    parser.add_argument("--mixed", action="store_true", help="all ask for everything")
    stores = ["sqlite", "postgres"]
    parser.add_argument("--store", nargs="+", choices=stores, default=stores)
    add_keeping(parser)
    options = parser.parse_args()
    if options.exchanges < 1:
        parser.error("--exchanges must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
