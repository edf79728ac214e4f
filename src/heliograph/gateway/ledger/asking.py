"""Commands that ask a ledger: they open it, say what they found, and return a status.

A ledger that a gateway writes meanwhile can be asked: no reader waits for a writer.
"""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from heliograph.gateway.config import (
    fault_of_variable,
    keeping_of,
    process_environment,
    render_problems,
)
from heliograph.gateway.config.place import usual_keeping
from heliograph.gateway.ledger.audit import audit, totals
from heliograph.gateway.ledger.costs import DIMENSIONS, FILTERS, costs
from heliograph.gateway.ledger.costs_page import as_csv, as_json, as_table
from heliograph.gateway.ledger.database import Database, DatabaseError
from heliograph.gateway.ledger.export import pages, write_csv, write_parquet
from heliograph.gateway.ledger.periods import hours_between, read_time
from heliograph.gateway.ledger.prune import Pruner
from heliograph.gateway.ledger.show import shown
from heliograph.gateway.ledger.stores.place import fault_of_keeping, store_at
from heliograph.gateway.ledger.stores.store import Store
from heliograph.gateway.types import Keeping

FAILED = 1
BAD = 2
OFF = "the ledger is off: nothing is recorded (ledger, or HELIOGRAPH_LEDGER)"
EMPTY = "there is no ledger at {name} yet: `heliograph serve` begins one"


class Refusal(Exception):  # noqa: N818 - what a command says instead of its answer
    """Why a command cannot do it, for whoever typed it."""

    def __init__(self, said: str, status: int = FAILED) -> None:
        super().__init__(said)
        self.status = status


def keeping_at(config_at: Path | None) -> Keeping:
    """Read what a config file, or else the environment, says of the ledger."""
    environ = process_environment()
    if config_at is None:
        fault = fault_of_variable(environ)
        if fault is not None:
            raise Refusal(f"error: {fault}")
        return usual_keeping(environ)
    found = keeping_of(config_at, environ)
    if isinstance(found, list):
        raise Refusal(render_problems(found))
    return found


def store_of(config_at: Path | None) -> Store:
    """Find the ledger that a config file, or else the environment, names."""
    keeping = keeping_at(config_at)
    fault = fault_of_keeping(keeping)
    if fault is not None:
        raise Refusal(f"error: {fault}")
    store = store_at(keeping)
    if store is None:
        raise Refusal(f"error: {OFF}")
    return store


@contextmanager
def opened(config_at: Path | None) -> Iterator[tuple[Store, Database]]:
    """Open a ledger that there is, and close it."""
    store = store_of(config_at)
    try:
        if not store.exists():
            raise Refusal(f"error: {EMPTY.format(name=store.name)}")
        database = store.open()
    except DatabaseError as error:
        raise Refusal(f"error: {store.name} cannot be opened: {error}") from error
    try:
        yield store, database
    except DatabaseError as error:
        raise Refusal(f"error: {store.name} cannot be read: {error}") from error
    finally:
        database.close()


def answered(command: Callable[[], int]) -> int:
    """Run a command; say on stderr why it could not be done."""
    try:
        return command()
    except Refusal as refusal:
        sys.stderr.write(f"{refusal}\n")
        return refusal.status


def show_path(config_at: Path | None) -> int:
    """Say where the ledger is."""
    tell(store_of(config_at).name)
    return 0


def show_audit(config_at: Path | None) -> int:
    """Say whether all sums agree."""
    with opened(config_at) as (store, database):
        wrong = [*store.faults_of(database), *audit(database)]
        for line in wrong:
            tell(line)
        tell(f"{store.name}: {totals(database)}")
    tell(f"{len(wrong)} sums do not agree" if wrong else "all sums agree")
    return FAILED if wrong else 0


def show_exchange(config_at: Path | None, request_id: str) -> int:
    """Write all that there is of one exchange."""
    with opened(config_at) as (store, database):
        found = shown(database, request_id)
        if found is None:
            raise Refusal(f"error: {store.name} holds no exchange {request_id}")
    tell(found)
    return 0


def prune_all(config_at: Path | None, keep_days: float | None) -> int:
    """Take away now what the ledger's gateway would in its own time."""
    keeping = keeping_at(config_at)
    if keep_days is not None:
        keeping = replace(keeping, keep_days=keep_days)
    taken = 0
    with opened(config_at) as (store, database):
        pruner = Pruner(store, keeping, say=warn)
        while (done := pruner.step(database)).more:
            taken += done.exchanges
    tell(f"{taken} exchanges were taken away; their sums are kept")
    return 0


def show_costs(
    config_at: Path | None,
    *,
    by: str,
    since: str,
    until: str | None,
    where: Sequence[str],
    form: str,
) -> int:
    """Add up what was spent."""
    names = chosen(by)
    bounds = filters(where)
    start_s, end_s = period(since, until)
    hours = hours_between(start_s, end_s)
    with opened(config_at) as (_, database):
        found = costs(database, names, hours, bounds)
    if form == "json":
        tell(as_json(found, hours))
    elif form == "csv":
        sys.stdout.write(as_csv(found))
    else:
        tell(as_table(found, hours))
    return 0


def export(
    config_at: Path | None, path: Path, *, since: str, until: str | None, force: bool
) -> int:
    """Write exchanges to a file, in the form its name ends with."""
    writers = {".csv": write_csv, ".parquet": write_parquet}
    write = writers.get(path.suffix)
    if write is None:
        raise Refusal(f"error: {path}: end the name with .csv or .parquet", BAD)
    start_s, end_s = period(since, until)
    try:
        if path.exists() and not force:
            raise Refusal(f"error: {path} is there already: add --force to replace it")
        with opened(config_at) as (_, database):
            count = write(path, pages(database, start_s, end_s))
    except ImportError:
        raise Refusal(
            "error: Parquet needs a library that is not installed: pip install "
            "'heliograph[parquet]'; .csv needs none"
        ) from None
    except OSError as error:
        raise Refusal(f"error: {path}: {error.strerror or error}") from error
    tell(f"{count} exchanges in {path}")
    return 0


def chosen(by: str) -> list[str]:
    """Read what costs are asked by."""
    names = [name.strip() for name in by.split(",") if name.strip()]
    for name in names:
        if name not in DIMENSIONS:
            raise Refusal(
                f"error: --by {name}: not known; give some of {', '.join(DIMENSIONS)}",
                BAD,
            )
    return list(dict.fromkeys(names))


def filters(where: Sequence[str]) -> Mapping[str, str]:
    """Read `NAME=VALUE`s."""
    found = {}
    for text in where:
        name, equals, value = text.partition("=")
        if not equals or name not in FILTERS:
            raise Refusal(
                f"error: --where {text}: give NAME=VALUE, NAME being one of "
                f"{', '.join(FILTERS)}",
                BAD,
            )
        found[name] = value
    return found


def period(since: str, until: str | None) -> tuple[float, float]:
    """Read from when to when."""
    now_s = time.time()
    start_s = at("--since", since, now_s)
    end_s = now_s if until is None else at("--until", until, now_s)
    if start_s >= end_s:
        raise Refusal("error: --since is not before --until", BAD)
    return start_s, end_s


def at(option: str, text: str, now_s: float) -> float:
    """Read a time that an option gives."""
    try:
        return read_time(text, now_s)
    except ValueError as error:
        raise Refusal(f"error: {option} {text} {error}", BAD) from None


def warn(text: str) -> None:
    """Write what is not the answer."""
    sys.stderr.write(f"{text}\n")


def tell(text: str) -> None:
    """Write a line of the answer."""
    sys.stdout.write(f"{text}\n")
