"""Every exchange as a row of a file: CSV, or Parquet where its library is there."""

import csv
import os
from codecs import getwriter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import UnsupportedOperation
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.ledger.costs_page import unarmed
from heliograph.gateway.ledger.database import Database, DatabaseError, Row
from heliograph.gateway.ledger.write import NUMBERS_PER_MS

PAGE_ROWS = 10_000
TEXTS = (
    "request_id",
    "outcome",
    "asked_model",
    "provider",
    "model",
    "route",
    "virtual_key",
    "team",
    "project",
    "camera",
    "tags",
    "finish",
    "error_blame",
    "error_kind",
    "rescue",
    "provider_key",
    "cost_basis",
)
NUMBERS = (
    "exchange_id",
    "started_ms",
    "duration_us",
    "first_byte_us",
    "status",
    "stream",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "cost_nano",
    "unknown_costs",
    "hedged",
)
COLUMNS = (*NUMBERS, *TEXTS)
STARTED, COST = COLUMNS.index("started_ms"), COLUMNS.index("cost_nano")
PAGE = (
    f"SELECT {', '.join(COLUMNS)} FROM exchanges "  # noqa: S608 - no value is in it
    "JOIN askers ON askers.asker_id = exchanges.asker_id "
    "WHERE exchange_id > ? AND exchange_id < ? ORDER BY exchange_id LIMIT ?"
)


def pages(database: Database, since_s: float, until_s: float) -> Iterator[list[Row]]:
    """Yield what was recorded between two times, some thousand rows at once."""
    last = int(since_s * 1e3) * NUMBERS_PER_MS - 1
    end = int(until_s * 1e3) * NUMBERS_PER_MS
    while page := database.run(PAGE, (last, end, PAGE_ROWS)):
        yield page
        last = int(page[-1][0] or 0)


@contextmanager
def written_beside(path: Path) -> Iterator[BinaryIO]:
    """Open a file that is put in the place of *path* once it is whole.

    Till then what is at *path* stays, and of one that fails nothing does.
    """
    whole = Path(os.path.realpath(path))  # where a link leads to
    beside = whole.with_name(f".{whole.name}.{token_hex(4)}")
    try:
        with beside.open("xb") as file:
            yield file
        beside.replace(whole)
    finally:
        with suppress(OSError):
            beside.unlink()


def write_csv(path: Path, found: Iterator[list[Row]]) -> int:
    """Write rows as comma-separated values, times and dollars to read among them."""
    count = 0
    with written_beside(path) as file:
        writer = csv.writer(getwriter("utf-8")(file), lineterminator="\n")
        writer.writerow(("started_at", "cost_usd", *COLUMNS))
        for page in found:
            count += len(page)
            writer.writerows(map(csv_row, page))
    return count


def csv_row(row: Row) -> list[object]:
    """Write one row; a spreadsheet is kept from taking any of it for a formula."""
    started = datetime.fromtimestamp(int(row[STARTED] or 0) / 1e3, UTC)
    cells = [unarmed(cell) if isinstance(cell, str) else cell for cell in row]
    cost = print_usd(int(row[COST] or 0))
    return [started.isoformat(timespec="milliseconds"), cost, *cells]


class Sink:
    """A file that takes all it is given, and keeps its error for later.

    Parquet's library ends the program where a write fails.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write *data*, until that failed once."""
        if self.error is None:
            try:
                self.file.write(data)
            except OSError as error:
                self.error = error
        return len(data)

    def flush(self) -> None:
        """Leave it to the file's end."""

    def seek(self, _at: int, _whence: int = 0) -> int:
        """Say that it cannot be done; nobody does it, and it must be there."""
        raise UnsupportedOperation


def write_parquet(path: Path, found: Iterator[list[Row]]) -> int:
    """Write rows as Parquet; raise ImportError where its library is missing."""
    from arro3.core import (  # noqa: PLC0415 - an extra
        Array,
        DataType,
        Field,
        RecordBatch,
        RecordBatchReader,
        Schema,
    )
    from arro3.io import write_parquet as write  # noqa: PLC0415 - the same

    kinds = [DataType.int64()] * len(NUMBERS) + [DataType.utf8()] * len(TEXTS)
    fields = [Field(n, k, nullable=True) for n, k in zip(COLUMNS, kinds, strict=True)]
    schema = Schema(fields)
    count = 0
    failed: DatabaseError | None = None

    def batches(sink: Sink) -> Iterator[RecordBatch]:
        nonlocal count, failed
        try:
            for page in found:
                if sink.error is not None:
                    return
                count += len(page)
                columns: Sequence[Sequence[object]] = [*zip(*page, strict=True)]
                arrays = [
                    Array(list(column), kind)
                    for column, kind in zip(columns, kinds, strict=True)
                ]
                yield RecordBatch.from_arrays(arrays, schema=schema)
        except DatabaseError as error:  # the library would tell it in its own words
            failed = error

    with written_beside(path) as file:
        sink = Sink(file)
        write(RecordBatchReader.from_batches(schema, batches(sink)), sink)  # type: ignore[arg-type] # it has all that is called of it
        if error := sink.error or failed:
            raise error
    return count
