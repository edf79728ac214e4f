"""The rows of `models.toml`, checked when they are loaded."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated

import msgspec

from heliograph.gateway.types import ModelFacts

UNKNOWN = ModelFacts()
"""What is assumed of a model without a row."""


class CatalogError(ValueError):
    """A row that cannot be used; the message begins with `provider/model`."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row as the file spells it."""

    output_tokens_max: Annotated[int, msgspec.Meta(gt=0)]
    source: Annotated[str, msgspec.Meta(pattern="^https://")]
    date: Annotated[str, msgspec.Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
    context_tokens: Annotated[int, msgspec.Meta(gt=0)] | None = None
    vision: bool | None = None
    prefill: bool = False


def load(text: str) -> Mapping[str, Mapping[str, ModelFacts]]:
    """Read `[provider."model"]` rows from TOML; a bad one is a `CatalogError`."""
    return MappingProxyType(
        {
            provider: MappingProxyType(
                {
                    model: _facts(f"{provider}/{model}", row)
                    for model, row in rows.items()
                }
            )
            for provider, rows in tomllib.loads(text).items()
        }
    )


def _facts(name: str, row: object) -> ModelFacts:
    try:
        checked = msgspec.convert(row, _Row)
    except msgspec.ValidationError as error:
        raise CatalogError(f"{name}: {error}") from None
    return ModelFacts(**msgspec.structs.asdict(checked))


_CATALOG = load(files(__package__).joinpath("models.toml").read_text(encoding="utf-8"))


def facts(provider: str, model: str) -> ModelFacts:
    """Return what is known of *model* at *provider*, or `UNKNOWN`."""
    return _CATALOG.get(provider, {}).get(model, UNKNOWN)


def context_of(model: str) -> int | None:
    """Return the largest context that any provider has for *model*, if one is known."""
    known = [rows[model].context_tokens for rows in _CATALOG.values() if model in rows]
    return max((tokens for tokens in known if tokens is not None), default=None)


def models_of(provider: str) -> tuple[str, ...]:
    """Return the models with a row, for a provider whose user lists none."""
    return tuple(_CATALOG.get(provider, {}))
