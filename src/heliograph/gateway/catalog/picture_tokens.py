"""How many tokens a picture is, by the rule that its vendor publishes for the model.

Rules are rows of `pictures.toml`, checked when they are loaded. A rule answers with
what is likely and with what it is at worst; the two differ where the rule's words
leave room, and where the picture's size is not known.
"""

import math
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Literal

from msgspec import Meta, Struct, convert

from heliograph.gateway.catalog.picture_size import Size

Detail = Literal["low", "high", "auto"]
Tokens = tuple[int, int]
"""What is likely, and what is the most."""

USUAL: Size = (1024, 1024)
LARGEST: Size = (8192, 8192)
"""What a picture is taken for, likely and at worst, whose size is not known."""

_URL = Annotated[str, Meta(pattern="^https://")]
_DATE = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class Rule(Struct, frozen=True, kw_only=True, tag_field="way"):
    """Whom a rule is for, and where it was read."""

    vendor: str
    models: tuple[str, ...]
    source: _URL
    date: _DATE

    def is_for(self, vendor: str, model: str) -> bool:
        """Tell whether the rule fits; without models it fits all of the vendor's."""
        if vendor != self.vendor:
            return False
        return not self.models or any(
            model == name or model.startswith(f"{name}-") for name in self.models
        )


class Tiles(Rule, frozen=True, kw_only=True, tag="tiles"):
    """A base, and more for each tile of 512 begun."""

    base: int
    tile: int

    def tokens(self, size: Size | None, detail: Detail) -> Tokens:
        """Count tiles; the rule does not say whether small pictures are made larger."""
        if detail == "low":
            return self.base, self.base
        likely = _tiles(size or USUAL, enlarged=False)
        worst = _tiles(size, enlarged=True) if size else _TILES_MAX
        return self.base + likely * self.tile, self.base + worst * self.tile


class Patches(Rule, frozen=True, kw_only=True, tag="patches"):
    """Squares of 32, as many as the detail allows."""

    hundredths: int
    low: int
    high: int
    auto: int

    def tokens(self, size: Size | None, detail: Detail) -> Tokens:
        """Count patches, scaled down to the budget."""
        budget = {"low": self.low, "high": self.high, "auto": self.auto}[detail]
        likely, worst = (
            _patches(size or USUAL, budget),
            _patches(size or LARGEST, budget),
        )
        # Of another shape it may be cut less well: at worst it is the whole budget.
        worst = worst if size or not budget else budget
        return self.weighed(likely), self.weighed(worst)

    def weighed(self, patches: int) -> int:
        """Say what so many patches cost in tokens."""
        return -(-patches * self.hundredths // 100)


class Squares(Rule, frozen=True, kw_only=True, tag="squares"):
    """Squares of 28, within an edge and a number of them."""

    edge: int
    squares: int

    def tokens(self, size: Size | None, detail: Detail) -> Tokens:
        """Count squares of the largest size that is within the bounds."""
        del detail
        likely = _squares(size or USUAL, self.edge, self.squares)
        return likely, likely if size else self.squares


class Crops(Rule, frozen=True, kw_only=True, tag="crops"):
    """So many tokens for each crop of a large picture."""

    each: int = 0

    def tokens(self, size: Size | None, detail: Detail) -> Tokens:
        """Count crops; whether their size is bounded is said in some places only."""
        del detail
        likely, worst = _crops(size or USUAL), _crops(size or LARGEST)
        return likely[0] * self.each, max(worst) * self.each


class Flat(Rule, frozen=True, kw_only=True, tag="flat"):
    """So many tokens, whatever the size."""

    each: int = 0

    def tokens(self, size: Size | None, detail: Detail) -> Tokens:
        """Return the one number."""
        del size, detail
        return self.each, self.each


AnyRule = Tiles | Patches | Squares | Crops | Flat

_TILE = 512
_TILES_MAX = 8  # of 2048 x 768
_FIT = 2048
_SHORT = 768
_PATCH = 32
_SQUARE = 28
_SMALL = 384
_CROP_RANGE = (256, 768)
_NEARLY = 1e-6
"""A side that is a whole number of patches may come out a little above it."""


def _tiles(size: Size, *, enlarged: bool) -> int:
    fit = min(1.0, _FIT / max(size))
    width, height = size[0] * fit, size[1] * fit
    scale = _SHORT / min(width, height)
    if not enlarged:
        scale = min(1.0, scale)
    tiles = math.ceil(width * scale / _TILE - _NEARLY)
    tiles *= math.ceil(height * scale / _TILE - _NEARLY)
    return min(tiles, _TILES_MAX)


def _patches(size: Size, budget: int) -> int:
    width, height = size
    whole = -(-width // _PATCH) * -(-height // _PATCH)
    if not budget or whole <= budget:
        return whole
    scale = math.sqrt(_PATCH**2 * budget / (width * height))
    across, down = width * scale / _PATCH, height * scale / _PATCH
    if across >= 1 and down >= 1:
        scale *= min(math.floor(across) / across, math.floor(down) / down)
    across = math.ceil(width * scale / _PATCH - _NEARLY)
    down = math.ceil(height * scale / _PATCH - _NEARLY)
    return min(across * down, budget)


def _squares(size: Size, edge: int, most: int) -> int:
    long, short = max(size), min(size)
    area_edge = math.isqrt(most * _SQUARE**2 * long // short) + 2 * _SQUARE
    for side in range(min(long, edge, area_edge), 0, -1):
        other = max(1, (short * side * 2 + long) // (long * 2))
        count = -(-side // _SQUARE) * -(-other // _SQUARE)
        if count <= most:
            return count
    return most


def _crops(size: Size) -> Tokens:
    if max(size) <= _SMALL:
        return 1, 1
    unit = max(1, int(min(size) / 1.5))
    low, high = _CROP_RANGE
    bounded = min(max(unit, low), high)
    count = [-(-size[0] // one) * -(-size[1] // one) for one in (unit, bounded)]
    return count[0], count[1]


@lru_cache(maxsize=1)
def rules() -> tuple[AnyRule, ...]:
    """Return every rule, in the file's order."""
    text = files(__package__).joinpath("pictures.toml").read_text(encoding="utf-8")
    return tuple(convert(row, AnyRule) for row in tomllib.loads(text)["rule"])


@lru_cache(maxsize=1024)
def rule_of(vendor: str, model: str) -> AnyRule | None:
    """Return the rule for *model*, or None when its vendor publishes none."""
    name = model.lower().removeprefix("models/")
    return next((rule for rule in rules() if rule.is_for(vendor, name)), None)


def picture_tokens(
    vendor: str, model: str, size: Size | None, detail: Detail = "auto"
) -> Tokens:
    """Count the tokens of a picture; without a rule, by the dearest that there is."""
    rule = rule_of(vendor, model)
    if rule is not None:
        return rule.tokens(size, detail)
    every = [rule.tokens(size, "auto") for rule in rules() if not rule.models]
    return max(likely for likely, _ in every), max(worst for _, worst in every)
