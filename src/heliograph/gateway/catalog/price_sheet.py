"""The rows of a price file, and what one of them says of a moment.

A rate is a text of dollars per million tokens, or such a text followed by pairs: above
so many tokens of input, so much instead. A kind that a row does not say costs what the
wider kind costs: cached input as input, thought as output. It does so in each tier
until one says it, and then costs what was said last: a list of pairs alone begins so.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import inf
from types import MappingProxyType

from msgspec import Struct, field, json

from heliograph.gateway.catalog.money import parse_usd
from heliograph.gateway.types import Price, Rate, Rates

REQUEST = "request"
_WIDER = (
    ("cached", "input"),
    ("cache_write", "input"),
    ("cache_write_1h", "cache_write"),
    ("reasoning", "output"),
    ("audio_input", "input"),
    ("audio_output", "output"),
    ("picture_input", "input"),
    ("picture_output", "output"),
)
_SENSES = _WIDER[-4:]


class Entry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One price of a row: since a day, at hours of the day, for a service."""

    input: Rate | None = None
    output: Rate | None = None
    cached: Rate | None = None
    cache_write: Rate | None = None
    cache_write_1h: Rate | None = None
    reasoning: Rate | None = None
    audio_input: Rate | None = None
    audio_output: Rate | None = None
    picture_input: Rate | None = None
    picture_output: Rate | None = None
    request: Rate | None = None
    since: str | None = None
    hours: tuple[str, str] | None = None  # UTC, half open; it may go over midnight
    service: str | None = None

    @property
    def rates(self) -> dict[str, Rate]:
        """What is written of it."""
        written = {
            name: getattr(self, name) for name in (*Rates.__struct_fields__, REQUEST)
        }
        return {name: rate for name, rate in written.items() if rate is not None}

    def is_active(self, at: datetime) -> bool:
        """Tell whether it holds at that moment, were no later one to."""
        if self.since is not None:
            return at.date().isoformat() >= self.since
        if self.hours is not None:
            begin, end = self.hours
            now = at.strftime("%H:%M")
            return begin <= now < end if begin <= end else now >= begin or now < end
        return True


class Row(Struct, frozen=True, forbid_unknown_fields=True):
    """One model: all its names, and its prices; the last that holds counts."""

    names: tuple[str, ...]
    prices: tuple[Entry, ...]

    def price_at(self, at_s: float, sheet: "Sheet") -> tuple[Price, float]:
        """Return the price at the Unix time *at_s*, and until when it holds."""
        at = datetime.fromtimestamp(at_s, UTC)
        plain = self.active(None, at) or self.prices[0]
        services = {}
        for name in sorted({one.service for one in self.prices if one.service}):
            entry = self.active(name, at)
            if entry is not None:
                services[name] = price_from(plain.rates | entry.rates)
        price = price_from(
            plain.rates,
            services=services,
            name=f"{sheet.vendor}/{self.names[0]}",
            source=sheet.source,
            date=sheet.date,
        )
        return price, min((_next_edge(entry, at) for entry in self.prices), default=inf)

    def active(self, service: str | None, at: datetime) -> Entry | None:
        """Return the last entry for *service* that holds."""
        for entry in reversed(self.prices):
            if entry.service == service and entry.is_active(at):
                return entry
        return None


class Sheet(Struct, frozen=True, forbid_unknown_fields=True):
    """The price file of one vendor: where its prices are published, and its rows."""

    vendor: str
    source: str
    package: str
    date: str
    rows: tuple[Row, ...] = field(default_factory=tuple)


_SHEET = json.Decoder(Sheet)


def read_sheet(data: bytes) -> Sheet:
    """Read a price file."""
    return _SHEET.decode(data)


def price_from(
    written: Mapping[str, Rate],
    *,
    services: dict[str, Price] | None = None,
    name: str = "",
    source: str = "",
    date: str = "",
) -> Price:
    """Reckon with the rates that are *written*; what is no amount is a `ValueError`."""
    rates = _rates_above(written, 0)
    edges = sorted({edge for rate in written.values() for edge, _ in steps(rate)} - {0})
    return Price(
        rates=rates,
        tiers=tuple((edge, _rates_above(written, edge)) for edge in edges),
        request_nano=parse_usd(str(written.get(REQUEST, "0"))),
        services=MappingProxyType(services or {}),
        mixed=any(
            getattr(rates, narrow) != getattr(rates, wide) for narrow, wide in _SENSES
        ),
        name=name,
        source=source,
        date=date,
    )


def steps(rate: Rate) -> list[tuple[int, str]]:
    """Return the steps of *rate*: above so many tokens of input, so much.

    Above 0 it is what is said before all tiers; the first step may be above more.
    """
    if isinstance(rate, str):
        return [(0, rate)]
    flat = rate if rate and isinstance(rate[0], int) else [0, *rate]
    return [
        (int(edge), str(usd)) for edge, usd in zip(flat[::2], flat[1::2], strict=True)
    ]


def _rates_above(written: Mapping[str, Rate], edge: int) -> Rates:
    """Say what all kinds cost in the tier that begins above *edge*."""
    rates = {}
    for key, rate in written.items():
        said = [usd for above, usd in steps(rate) if above <= edge]
        if said and key != REQUEST:
            rates[key] = parse_usd(said[-1])
    rates.setdefault("input", 0)
    rates.setdefault("output", 0)
    for narrow, wide in _WIDER:
        rates.setdefault(narrow, rates[wide])
    return Rates(**rates)


def _next_edge(entry: Entry, at: datetime) -> float:
    """Return when *entry* may begin or end to hold, the next time."""
    if entry.since is not None:
        begins = datetime.fromisoformat(entry.since).replace(tzinfo=UTC)
        return begins.timestamp() if begins > at else inf
    if entry.hours is None:
        return inf
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    edges = []
    for text in entry.hours:
        hour, minute = map(int, text.split(":"))
        edge = midnight + timedelta(hours=hour, minutes=minute)
        edges.append(edge if edge > at else edge + timedelta(days=1))
    return min(edges).timestamp()
