"""Write the catalog's price rows from `genai-prices`; with --check, only compare.

The package itself is too heavy for the gateway: it brings pydantic and an HTTP client.
What it knows and the gateway cannot use is left out here, and said.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ConditionalPrice,
    MatchLogic,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from msgspec import convert, json

from heliograph.gateway.catalog.money import write_usd
from heliograph.gateway.catalog.price_sheet import (
    REQUEST,
    Entry,
    Row,
    Sheet,
    read_sheet,
)
from heliograph.gateway.catalog.prices import FOLDER
from heliograph.gateway.types import STANDARD_SERVICES, Rate

PLACE = Path(__file__).parent.parent / "src/heliograph/gateway/catalog" / FOLDER
PACKAGE = "genai-prices"
KINDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "input_image_mtok": "picture_input",
    "output_image_mtok": "picture_output",
}
REQUESTS = "requests_kcount"
BESIDE = frozenset(
    {
        # Tools that a provider runs; a chat request that asks for none pays for none.
        "web_searches_kcount",
        "storage_searches_kcount",
        # No usage in the chat format tells these apart.
        "cache_audio_read_mtok",
        "cache_image_read_mtok",
        "input_video_mtok",
        "output_video_mtok",
    }
)
SERVICES = ("service_tier", "processing")
"""The contexts of a variant that a provider's answer names."""


class NotATokenPriceError(ValueError):
    """A model that is paid for by something else: an hour, a page, a character."""


def rate_of(price: Decimal | TieredPrices) -> Rate:
    """Write a rate, with its tiers behind it."""
    if isinstance(price, Decimal):
        return write_usd(price)
    rate: list[str | int] = [write_usd(price.base)]
    for tier in price.tiers:
        rate += [tier.start, write_usd(tier.price)]
    return rate


def rates_of(price: ModelPrice) -> dict[str, Rate]:
    """Write the rates of a price; refuse one in units that no usage counts."""
    rates: dict[str, Rate] = {}
    for key, value in vars(price).items():
        if value is None or key in BESIDE:
            continue
        if key == REQUESTS and isinstance(value, Decimal):
            rates[REQUEST] = write_usd(value / 1000)
        elif key in KINDS:
            rates[KINDS[key]] = rate_of(value)
        else:
            raise NotATokenPriceError(key)
    return rates


def entry_of(
    price: ModelPrice,
    constraint: StartDateConstraint | TimeOfDateConstraint | None,
    service: str | None = None,
) -> Entry:
    """Write one price with the time it holds."""
    since, hours = None, None
    if isinstance(constraint, StartDateConstraint):
        since = constraint.start_date.isoformat()
    elif isinstance(constraint, TimeOfDateConstraint):
        edges = (constraint.start_time, constraint.end_time)
        begin, end = (f"{edge:%H:%M}" for edge in edges)
        hours = (begin, end)
    said = {"since": since, "hours": hours, "service": service}
    return convert(said | rates_of(price), Entry)


def entries_of(model: ModelInfo) -> Iterator[Entry]:
    """Write all prices of a model; the last that holds counts."""
    listed = model.prices
    if isinstance(listed, ModelPrice):
        listed = [ConditionalPrice(prices=listed)]
    for one in listed:
        entry = entry_of(one.prices, one.constraint)
        if entry.input is None or entry.output is None:
            raise NotATokenPriceError("no rate for input and output")
        yield entry
    # The package takes the first of them that holds.
    for variant in reversed(model.price_variants or ()):
        context, service = next(iter(variant.when.items()))
        if (
            len(variant.when) == 1
            and context in SERVICES
            and service not in STANDARD_SERVICES
        ):
            yield entry_of(variant.prices, variant.constraint, service)


def texts_of(match: MatchLogic) -> Iterator[str]:
    """Yield what a model's clauses compare names with."""
    for clause in ("or_", "and_"):
        for part in getattr(match, clause, ()):
            yield from texts_of(part)
    for clause in ("equals", "starts_with", "contains", "ends_with"):
        text = getattr(match, clause, None)
        if text is not None:
            yield text.lower()


def names_of(model: ModelInfo, provider: Provider) -> tuple[str, ...]:
    """Return the names that mean this model, as the package itself sees it."""
    texts = dict.fromkeys([model.id.lower(), *texts_of(model.match)])
    return tuple(name for name in texts if provider.find_model(name) is model)


def sheet_of(provider: Provider, left_out: Counter[str]) -> Sheet:
    """Write the rows of one provider."""
    rows = []
    for model in provider.models:
        try:
            entries = tuple(entries_of(model))
        except NotATokenPriceError as error:
            left_out[str(error)] += 1
            continue
        names = names_of(model, provider)
        if names:
            rows.append(Row(names, entries))
        else:
            left_out["no name of its own"] += 1
    source = (provider.pricing_urls or [""])[0]
    today = datetime.now(UTC).date().isoformat()
    package = f"{PACKAGE} {version(PACKAGE)}"
    return Sheet(provider.id, source, package, today, tuple(rows))


def written(sheet: Sheet) -> bytes:
    """Write a sheet, a row a line."""
    head = json.encode(
        {name: getattr(sheet, name) for name in ("vendor", "source", "package", "date")}
    )
    rows = b",\n".join(json.encode(row) for row in sheet.rows)
    return head[:-1] + b',"rows":[\n' + rows + b"\n]}\n"


def is_current(sheet: Sheet, path: Path) -> bool:
    """Tell whether the file says what *sheet* does, whatever day it was written."""
    if not path.exists():
        return False
    there = read_sheet(path.read_bytes())
    return (there.rows, there.source) == (sheet.rows, sheet.source)


def main() -> int:
    """Write the files, or check them."""
    check = "--check" in sys.argv
    left_out: Counter[str] = Counter()
    sheets = [sheet_of(p, left_out) for p in get_snapshot().providers]
    sheets = [sheet for sheet in sheets if sheet.rows]
    paths = {PLACE / f"{sheet.vendor}.json": sheet for sheet in sheets}
    stale = [path for path, sheet in paths.items() if not is_current(sheet, path)]
    gone = [path for path in PLACE.glob("*.json") if path not in paths]
    if check:
        names = ", ".join(path.name for path in (*stale, *gone))
        sys.stderr.write(f"{names} not current: run `make prices`\n" if names else "")
        return 1 if names else 0
    for path in gone:
        path.unlink()
    for path in stale:
        path.write_bytes(written(paths[path]))
    total = sum(len(sheet.rows) for sheet in sheets)
    sys.stdout.write(f"{total} rows of {len(sheets)} vendors; left out: {left_out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
