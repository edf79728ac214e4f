"""What was spent, by whatever is asked for: questions of the hours' sums."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from types import MappingProxyType

from msgspec import Struct

from heliograph.gateway.ledger.database import Database, Row, Value
from heliograph.gateway.ledger.periods import shown_day, shown_hour
from heliograph.gateway.ledger.rows import HOURS_OF_DAY
from heliograph.gateway.ledger.search import HAS_TAG
from heliograph.gateway.ledger.table import shown_owner
from heliograph.gateway.ledger.write import HOUR_SUMS, SUM_KEYS

COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "day": ("hour / 24",),
        "hour": ("hour",),
        "provider": ("provider",),
        "model": ("model",),
        "route": ("route",),
        "key": ("virtual_key",),
        "owner": ("team", "project", "camera"),
        "team": ("team",),
        "project": ("project",),
        "camera": ("camera",),
        "tag": ("tags",),
    }
)
"""What can be asked by, and the columns it stands in."""
DIMENSIONS = tuple(COLUMNS)
TIMES = ("day", "hour")
_SUMMED = ", ".join((*SUM_KEYS, *HOUR_SUMS))
OF_HOURS = f"SELECT hour, {_SUMMED} FROM hours WHERE hour >= ? AND hour < ?"  # noqa: S608 - names of ours
OF_DAYS = f"SELECT day * 24 AS hour, {_SUMMED} FROM days WHERE day >= ? AND day < ?"  # noqa: S608 - the same
FILTERS = tuple(name for name in COLUMNS if name not in {*TIMES, "owner"})
"""What a question can be bounded by."""
Rank = tuple[tuple[str, ...], int, int, tuple[str, ...]]
KEY_NAMES = "SELECT id, name FROM virtual_keys"


class Spent(Struct, frozen=True):
    """Sums of some exchanges; those that no cost is known of are in `unknown_costs`."""

    by: tuple[str, ...]
    exchanges: int = 0
    answered: int = 0
    duration_us: int = 0
    attempts: int = 0
    failed_attempts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_nano: int = 0
    unknown_costs: int = 0


class Costs(Struct, frozen=True):
    """An answer: its rows, and their sum, which counts each exchange once.

    One that has several tags stands in the row of each.
    """

    by: tuple[str, ...]
    rows: tuple[Spent, ...]
    total: Spent


def costs(
    database: Database,
    by: Sequence[str],
    hours: tuple[int, int],
    where: Mapping[str, str] = MappingProxyType({}),
) -> Costs:
    """Add up what was spent in *hours*, the end not among them, *by* some of `COLUMNS`.

    *where* names values of `COLUMNS` that are meant; a name of a key means its id too.
    """
    names = key_names(database)
    columns = [column for name in by for column in COLUMNS[name]]
    sums = [f"SUM({name})" for name in HOUR_SUMS]
    bounds, values = conditions(where, names)
    spans, of_spans = spans_of(hours, whole_days="hour" not in by)
    # Only names of ours are in it.
    sql = (
        f"SELECT {', '.join([*columns, *sums])} FROM ({spans}) AS spans "  # noqa: S608 - see above
        f"JOIN askers ON askers.asker_id = spans.asker_id"
    )
    if bounds:
        sql += f" WHERE {' AND '.join(bounds)}"
    if columns:
        sql += f" GROUP BY {', '.join(columns)}"
    found = database.run(sql, (*of_spans, *values))
    width = len(columns)
    total = summed((), [row[width:] for row in found])
    rows: dict[tuple[str, ...], list[Row]] = {}
    for row in found:
        for name in shown(by, row[:width], names):
            rows.setdefault(name, []).append(row[width:])
    spent = [summed(name, sums) for name, sums in rows.items()]
    if not by:
        spent = []
    return Costs(tuple(by), tuple(sorted(spent, key=order(by))), total)


def spans_of(hours: tuple[int, int], *, whole_days: bool) -> tuple[str, list[Value]]:
    """Write where the sums of *hours* stand: days where they are whole, hours else."""
    since, until = hours
    first, end = -(-since // HOURS_OF_DAY), until // HOURS_OF_DAY
    if not whole_days or first >= end:
        return OF_HOURS, [since, until]
    edges = [since, first * HOURS_OF_DAY, end * HOURS_OF_DAY, until]
    return f"{OF_DAYS} UNION ALL {OF_HOURS} UNION ALL {OF_HOURS}", [first, end, *edges]


def conditions(
    where: Mapping[str, str], names: Mapping[str, str]
) -> tuple[list[str], list[Value]]:
    """Write what of *where* SQL is to look for."""
    bounds: list[str] = []
    values: list[Value] = []
    for name, value in where.items():
        if name == "tag":
            bounds.append(HAS_TAG)
            values.append(f",{value},")
        elif name == "key":
            ids = [each for each, known in names.items() if value in (each, known)]
            bounds.append(f"virtual_key IN ({', '.join('?' * len(ids or [0]))})")
            values += ids or [value]
        else:
            bounds.append(f"{COLUMNS[name][0]} = ?")
            values.append(value)
    return bounds, values


def key_names(database: Database) -> dict[str, str]:
    """Return the names of the virtual keys by their ids."""
    return {str(key): str(name) for key, name in database.run(KEY_NAMES)}


def shown(
    by: Sequence[str], values: Row, names: Mapping[str, str]
) -> list[tuple[str, ...]]:
    """Write what a row is by; one with several tags is several."""
    rest = list(values)
    parts: list[list[str]] = []
    for name in by:
        own = [rest.pop(0) for _ in COLUMNS[name]]
        text = str(own[0])
        if name == "day":
            parts.append([shown_day(int(text))])
        elif name == "hour":
            parts.append([shown_hour(int(text))])
        elif name == "tag":
            parts.append(text.split(","))
        elif name == "key":
            parts.append([names.get(text, text)])
        elif name == "owner":
            parts.append([shown_owner(*map(str, own))])
        else:
            parts.append([text])
    return [tuple(each) for each in product(*parts)]


def summed(by: tuple[str, ...], rows: Sequence[Row]) -> Spent:
    """Add rows up."""
    sums = [sum(int(value or 0) for value in column) for column in zip(*rows)]  # noqa: B905 - they come from one table
    return Spent(by, *sums)


def order(by: Sequence[str]) -> Callable[[Spent], Rank]:
    """Say how rows are sorted: by time if it is asked by, else the dearest first."""
    times = [place for place, name in enumerate(by) if name in TIMES]

    def rank(spent: Spent) -> Rank:
        at = tuple(spent.by[place] for place in times)
        return (at, -spent.cost_nano, -spent.exchanges, spent.by)

    return rank
