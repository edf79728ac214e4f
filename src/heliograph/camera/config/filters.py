"""The `filters` section: what is left out of the stream before anything sees it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, get_args

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.filter_settings import (
    FLICKER_HZ_MAX,
    BurstChoice,
    FilterSettings,
    PolarityChoice,
    Region,
)
from heliograph.camera.config.knobs import (
    US_PER_MS,
    US_PER_S,
    Knob,
    milliseconds,
    read_knobs,
)
from heliograph.yaml_reading.document import MappingNode, Node, SequenceNode
from heliograph.yaml_reading.ranges import Range, counts, seconds
from heliograph.yaml_reading.values import (
    Reading,
    read_choice,
    read_list,
    read_number,
    read_text,
)

HZ = Range(1, FLICKER_HZ_MAX, "a rate")
FILTER_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "rate_max_mev": Knob("events_per_s_max", Range(0, 10_000), 1_000_000),
        "hot_pixel_hz": Knob("hot_pixel_hz", Range(0, 1_000_000)),
        "hot_period_s": Knob("hot_period_us", seconds(60), US_PER_S),
        "flicker_periods": Knob("flicker_periods", counts(0, 1_000)),
        "flicker_hz_min": Knob("flicker_hz_min", HZ),
        "flicker_hz_max": Knob("flicker_hz_max", HZ),
        "refractory_ms": Knob("refractory_us", milliseconds(0, 60_000), US_PER_MS),
        "burst_ms": Knob("burst_us", milliseconds(0, 60_000), US_PER_MS),
        "background_ms": Knob("background_us", milliseconds(0, 60_000), US_PER_MS),
    }
)
FILTER_OTHERS = ("polarity", "regions", "masks", "bursts")
FILTER_KEYS = (*FILTER_OTHERS, *FILTER_KNOBS)
CORNERS = "a rectangle [x, y, width, height]"

_Item = TypeVar("_Item")


def read_filters(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the settings of all filters where they are good."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of filters",
        knobs=FILTER_KNOBS,
        also=FILTER_OTHERS,
    )
    if not isinstance(node, MappingNode):
        return {}
    others: Mapping[str, Callable[[Reading, Node, str], object]] = {
        "polarity": _read_polarity,
        "bursts": _read_bursts,
        "regions": lambda *told: _each(*told, what=CORNERS, read=_read_region),
        "masks": lambda *told: _each(*told, what="a mask's file", read=_read_mask),
    }
    for name, read in others.items():
        if name in node.entries:
            value = read(reading, node.entries[name].value, f"{key}.{name}")
            found |= {} if value is None else {name: value}
    try:
        return {"filters": FilterSettings(**found)}
    except SettingError as error:
        reading.report(node, key, str(error), fix="change one of them")
        return {}


def _read_polarity(reading: Reading, node: Node, key: str) -> str | None:
    choices: tuple[PolarityChoice, ...] = get_args(PolarityChoice)
    return read_choice(reading, node, key, what="polarity", choices=choices)


def _read_bursts(reading: Reading, node: Node, key: str) -> str | None:
    choices: tuple[BurstChoice, ...] = get_args(BurstChoice)
    return read_choice(reading, node, key, what="part of a burst", choices=choices)


def _each(
    reading: Reading,
    node: Node,
    key: str,
    *,
    what: str,
    read: Callable[[Reading, Node, str], _Item | None],
) -> tuple[_Item, ...]:
    """Read the items of a list, and leave out those that are bad."""
    items = read_list(reading, node, key, what=f"a list, each item {what}") or ()
    made = (read(reading, item, f"{key}[{n}]") for n, item in enumerate(items))
    return tuple(item for item in made if item is not None)


def _read_mask(reading: Reading, node: Node, key: str) -> Path | None:
    text = read_text(reading, node, key, what="a mask's file")
    return None if text is None else Path(text)


def _read_region(reading: Reading, node: Node, key: str) -> Region | None:
    items = node.items if isinstance(node, SequenceNode) else ()
    sides = [read_number(reading, item, key) for item in items]
    whole = [int(side) for side in sides if side is not None and side % 1 == 0]
    try:
        return Region(*whole)
    except (SettingError, TypeError):
        fix = "write it as [x, y, width, height] in whole pixels from the top left"
        reading.report(node, key, f"this is not {CORNERS}", fix=fix)
        return None
