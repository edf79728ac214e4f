"""Which price a model has at a moment: a row of the snapshot, found by its name.

The rows are in `price_rows/`, a file a vendor, written by `make prices`. A file is
read when the first of its models is asked for.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from math import inf
from re import compile as pattern
from types import MappingProxyType

from msgspec import Struct

from heliograph.gateway.catalog.price_sheet import Row, Sheet, price_from, read_sheet
from heliograph.gateway.types import OwnPrice, Price, PriceFile

FOLDER = "price_rows"
EVERY = "*"
IN_FILE = MappingProxyType(
    {
        "google": "gemini",
        "x-ai": "xai",
        "together": "together_ai",
        "fireworks": "fireworks_ai",
    }
)
"""What LiteLLM calls a vendor where it is not what we do."""
_EXACT_PREFIX = "models/"
_VERSIONED = pattern(r"(.+?)[-@](?:[0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{3})")


class Found(Struct, frozen=True):
    """What was found for a model; it holds until *until_s*, and then is asked anew."""

    price: Price | None
    until_s: float = inf


NOTHING = Found(None)
NO_PRICES: Mapping[str, OwnPrice] = MappingProxyType({})
NO_FILE = PriceFile()


class Prices:
    """The rows of one vendor, by every name they go by."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.rows: dict[str, Row] = {}
        for row in sheet.rows:
            for name in row.names:
                self.rows.setdefault(name.lower(), row)

    def row_of(self, model: str) -> Row | None:
        """Find the row of *model*: by its exact name, else by that without its date.

        A date that has no row of its own is not guessed where others of the same
        model have: then dates make a difference.
        """
        name = model.lower()
        row = self.rows.get(name)
        if row is None and name.startswith(_EXACT_PREFIX):
            name = name.removeprefix(_EXACT_PREFIX)
            row = self.rows.get(name)
        if row is not None:
            return row
        match = _VERSIONED.fullmatch(name)
        row = self.rows.get(match.group(1)) if match is not None else None
        if match is None or row is None or self.dates_differ(match.group(1), row):
            return None
        return row

    def dates_differ(self, name: str, row: Row) -> bool:
        """Tell whether a date of *name* has another row than *name* itself."""
        return any(
            other is not row
            and (match := _VERSIONED.fullmatch(known)) is not None
            and match.group(1) == name
            for known, other in self.rows.items()
        )

    def find(self, model: str, at_s: float) -> Found:
        """Return the price of *model* at the Unix time *at_s*."""
        row = self.row_of(model)
        if row is None:
            return NOTHING
        price, until_s = row.price_at(at_s, self.sheet)
        return Found(price, until_s)


@lru_cache(maxsize=64)
def prices_of(vendor: str) -> Prices | None:
    """Return the rows of *vendor*, or None if there are none of that name."""
    if vendor not in vendors():
        return None
    file = files(__package__).joinpath(FOLDER, f"{vendor}.json")
    return Prices(read_sheet(file.read_bytes()))


@lru_cache(maxsize=1)
def vendors() -> frozenset[str]:
    """Return the names of all vendors with rows."""
    return frozenset(_names())


def _names() -> Iterator[str]:
    for file in files(__package__).joinpath(FOLDER).iterdir():
        if file.name.endswith(".json"):
            yield file.name.removesuffix(".json")


def is_listed(name: str) -> bool:
    """Tell whether a row is called *name*, `vendor/model`; `vendor/*` if it has any."""
    vendor, _, model = name.partition("/")
    rows = prices_of(vendor)
    return rows is not None and (model == EVERY or rows.row_of(model) is not None)


class PriceBook:
    """What is looked up is kept; it belongs to the config that it was made for."""

    KEPT_MAX = 1024

    def __init__(
        self, own: Mapping[str, OwnPrice] = NO_PRICES, file: PriceFile = NO_FILE
    ) -> None:
        self.own = own
        self.file = file
        self.kept: dict[tuple[str, str, str], Price | None] = {}
        self.until_s = inf

    def price_of(
        self, provider: str, vendor: str, model: str, at_s: float
    ) -> Price | None:
        """Return the price of *model* at *provider*, or None if it is not known.

        *vendor* is whose rows hold for that provider, empty if nobody's do.
        """
        if at_s >= self.until_s:
            self.kept.clear()
            self.until_s = inf
        name = (provider, vendor, model)
        kept = self.kept.get(name)
        if kept is not None:
            return kept
        return self.kept[name] if name in self.kept else self.keep(name, at_s)

    def keep(self, name: tuple[str, str, str], at_s: float) -> Price | None:
        """Look a price up, and keep what was found."""
        if len(self.kept) >= self.KEPT_MAX:
            self.kept.clear()
        found = self.find(*name, at_s)
        self.until_s = min(self.until_s, found.until_s)
        self.kept[name] = found.price
        return found.price

    def find(self, provider: str, vendor: str, model: str, at_s: float) -> Found:
        """Look *model* up: in the config, in its file, then among the vendor's rows."""
        for name in (f"{provider}/{model}", f"{provider}/{EVERY}"):
            own = self.own.get(name)
            if own is not None:
                return found_like(own, f"{vendor or provider}/{model}", at_s)
        price = self.in_file(provider, vendor, model)
        if price is not None:
            return Found(price)
        rows = prices_of(vendor) if vendor else None
        return rows.find(model, at_s) if rows is not None else NOTHING

    def in_file(self, provider: str, vendor: str, model: str) -> Price | None:
        """Look *model* up in the file, by the names that LiteLLM would have for it."""
        whose = IN_FILE.get(vendor or provider, vendor or provider)
        bare = model.removeprefix(_EXACT_PREFIX)
        for name in (f"{whose}/{bare}", bare):
            rates = self.file.rows.get(name)
            if rates is not None and self.file.providers[name] == whose:
                return price_from(
                    rates, name=f"{vendor or whose}/{bare}", source=self.file.path
                )
        return None


def found_like(own: OwnPrice, name: str, at_s: float) -> Found:
    """Return the price that the config says, or that of the row it names."""
    if not own.like:
        return Found(price_from(own.rates, name=name, source="config"))
    vendor, _, like = own.like.partition("/")
    rows = prices_of(vendor)
    model = name.partition("/")[2] if like == EVERY else like
    return rows.find(model, at_s) if rows else NOTHING
