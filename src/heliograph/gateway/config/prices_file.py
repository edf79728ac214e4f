"""The file that `prices_file` names: prices in the format of LiteLLM's.

https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json
A row that is paid for by anything but tokens, or cannot be read, is left out: then the
price is unknown, unless somebody else knows it.
"""

import re
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from msgspec import DecodeError, Raw, Struct, json

from heliograph.gateway.catalog.money import write_usd
from heliograph.gateway.config.beside import place_beside, read_beside
from heliograph.gateway.config.schema import FORM
from heliograph.gateway.types import PriceFile, Rate
from heliograph.yaml_reading.document import Node, ScalarNode, read_document
from heliograph.yaml_reading.values import Reading, shown

FILE_BYTES_MAX = 32_000_000
_MODES = frozenset({None, "chat", "completion", "responses"})
KINDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cached",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "audio_input",
    "output_cost_per_audio_token": "audio_output",
    "input_cost_per_image_token": "picture_input",
    "output_cost_per_image_token": "picture_output",
}
_ABOVE = re.compile(r"(.+)_above_([1-9][0-9]{0,8})k_tokens")
_SERVICE = re.compile(r".+_(batches|flex|priority|batch_requests)")
_UNIT = re.compile(r"(input|output)_cost_per_.+")
_REQUEST = "input_cost_per_request"
_MILLION = 1_000_000


class AbsurdAmountError(ValueError):
    """An amount that nothing costs: the message names the row and its member."""


class _Row(Struct):
    litellm_provider: str = ""
    mode: str | None = None


_UNREADABLE = (DecodeError, UnicodeDecodeError, RecursionError)
_FILE = json.Decoder(dict[str, Raw])
_MEMBERS = json.Decoder(dict[str, Raw])
_ROW = json.Decoder(_Row)
_AMOUNT = json.Decoder(Decimal | None)


def read_prices_file(reading: Reading, node: Node, key: str) -> PriceFile | None:
    """Read the file named by *node*; its path counts from the config's folder."""
    named = read_beside(reading, node, key, bytes_max=FILE_BYTES_MAX)
    if named is None:
        return None
    try:
        found = read_rows(named.data, str(named.path))
    except AbsurdAmountError as error:
        fix = "correct that row of the file, or remove it"
        reading.report(node, key, f"{named.shown}: {error}", fix=fix)
        return None
    if found is None or not found.rows:
        fix = "name a file in the format of LiteLLM's model_prices_and_context_window"
        reading.report(node, key, f"{named.shown} holds no prices", fix=f"{fix}.json")
        return None
    return found


def prices_path(data: bytes, file: str) -> Path | None:
    """Say which file of prices a config names, whatever else is wrong in it."""
    document, _ = read_document(data.decode("utf-8-sig", "replace"), file, FORM)
    entry = document.entries.get("prices_file") if document else None
    if entry is None or not isinstance(entry.value, ScalarNode):
        return None
    return place_beside(file, entry.value.value)


def read_rows(data: bytes, path: str) -> PriceFile | None:
    """Read the rows of models that are paid for by tokens; None when it is no table.

    An `AbsurdAmountError` names the first amount that cannot be a price.
    """
    try:
        written = _FILE.decode(data)
    except _UNREADABLE:
        return None
    rows, providers = {}, {}
    for name, raw in written.items():
        try:
            row = _ROW.decode(raw)
            members = _MEMBERS.decode(raw) if row.mode in _MODES else {}
            rates = _rates(name, members)
        except _UNREADABLE:
            continue
        if rates is not None:
            rows[name] = MappingProxyType(rates)
            providers[name] = row.litellm_provider
    return PriceFile(path, MappingProxyType(rows), MappingProxyType(providers))


def _rates(row: str, members: dict[str, Raw]) -> dict[str, Rate] | None:
    """Take the rates of a row; None when it costs what we cannot count."""
    rates: dict[str, Rate] = {}
    tiers: list[tuple[int, str, str]] = []
    for name, raw in members.items():
        above = _ABOVE.fullmatch(name)
        kind = KINDS.get(above.group(1) if above else name)
        if kind is None and name != _REQUEST:
            if _UNIT.fullmatch(name) and not _SERVICE.fullmatch(name) and _amount(raw):
                return None
            continue
        amount = _amount(raw)
        if amount is None:
            continue
        try:
            usd = write_usd(amount, 1 if kind is None else _MILLION)
        except ValueError as error:
            per = "" if kind is None else " per million tokens"
            said = f"{name} of {shown(row)} {error}{per}"
            raise AbsurdAmountError(said) from None
        if above and kind is not None:
            tiers.append((int(above.group(2)) * 1000, kind, usd))
        else:
            rates[kind or "request"] = usd
    if "input" not in rates or "output" not in rates:
        return None
    for edge, kind, usd in sorted(tiers):
        before = rates.get(kind, [])
        rates[kind] = [*([before] if isinstance(before, str) else before), edge, usd]
    return rates


def _amount(raw: Raw) -> Decimal | None:
    """Read a number of dollars; None for what is none."""
    amount: Decimal | None = _AMOUNT.decode(raw)
    if amount is None or not amount.is_finite() or amount < 0:
        return None
    return amount
