"""The `models` of a provider: their names, and bounds of their own."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from heliograph.gateway.config.schema import MODEL_KEYS
from heliograph.gateway.config.timeouts import read_timeouts
from heliograph.gateway.types import Timeouts
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.names import read_names
from heliograph.yaml_reading.values import Reading, read_list, refuse_unknown_keys

_NAME = "a model name"


class Models(Struct, frozen=True):
    """The models a provider lists, and the bounds of those that have their own."""

    names: tuple[str, ...] = ()
    timeouts: Mapping[str, Timeouts] = MappingProxyType({})


def read_models(
    reading: Reading, table: MappingNode, key: str, *, timeouts: Timeouts
) -> Models | None:
    """Read the models a provider lists: none when it has no list, None when bad.

    *timeouts* are the provider's, which a model's own are laid over.
    """
    entry = table.entries.get("models")
    if entry is None:
        return Models()
    items = read_list(reading, entry.value, key, what=f"a list, each item {_NAME}")
    if items is None:
        return None
    written = [(f"{key}[{at}]", item) for at, item in enumerate(items, start=1)]
    places = [_place_of_name(reading, item, where) for where, item in written]
    named = [place for place in places if place is not None]
    names = read_names(reading, named, what=_NAME)
    bounds = _read_bounds(reading, written, defaults=timeouts)
    if names is None or len(names) < len(items):
        return None
    own = {
        name: found
        for name, found in zip(names, bounds, strict=True)
        if found is not None
    }
    return Models(names, MappingProxyType(own))


def _place_of_name(reading: Reading, item: Node, key: str) -> tuple[str, Node] | None:
    """Return where the name of *item* stands: a text, or below `name` of a table."""
    if not isinstance(item, MappingNode):
        return key, item
    refuse_unknown_keys(reading, item, key, known=MODEL_KEYS)
    entry = item.entries.get("name")
    if entry is not None:
        return f"{key}.name", entry.value
    fix = f'add "name:" with {_NAME}'
    reading.report(item, key, '"name" is missing', fix=fix)
    return None


def _read_bounds(
    reading: Reading, written: Sequence[tuple[str, Node]], *, defaults: Timeouts
) -> list[Timeouts | None]:
    """Read each item's own bounds; None where it has none."""
    bounds: list[Timeouts | None] = []
    for key, item in written:
        entry = item.entries.get("timeouts") if isinstance(item, MappingNode) else None
        where = f"{key}.timeouts"
        bounds.append(
            read_timeouts(reading, entry.value, where, defaults=defaults)
            if entry
            else None
        )
    return bounds
