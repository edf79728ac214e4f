"""The rows of `endpoints.toml`, checked when they are loaded."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec

from heliograph.gateway.config.schema import CHAT_PARAMETERS, REQUIRED_PARAMETERS
from heliograph.gateway.types import Endpoint


class EndpointError(ValueError):
    """A row that cannot be used; the message begins with the row's name."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row as the file spells it."""

    dialect: Literal["openai", "anthropic"]
    base_url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s?#@]+[^\s?#@/]$")]
    docs: Annotated[str, msgspec.Meta(pattern="^https://")]
    auth: Annotated[
        str, msgspec.Meta(pattern="^(none|bearer|header:[a-z][a-z-]*)$")
    ] = "bearer"
    env: tuple[Annotated[str, msgspec.Meta(pattern="^[A-Z][A-Z0-9_]*$")], ...] = ()
    base_url_env: Annotated[str, msgspec.Meta(pattern="^([A-Z][A-Z0-9_]*)?$")] = ""
    drop: frozenset[str] = frozenset()
    rename: dict[str, str] = msgspec.field(default_factory=dict)
    prices: Annotated[str, msgspec.Meta(pattern="^[a-z0-9_-]*$")] = ""
    output_bound: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    stream_usage: bool = True


def load(text: str) -> Mapping[str, Endpoint]:
    """Read rows from TOML; an unknown column or parameter is an `EndpointError`."""
    rows = tomllib.loads(text)
    return MappingProxyType({name: _endpoint(name, row) for name, row in rows.items()})


def _endpoint(name: str, row: object) -> Endpoint:
    try:
        checked = msgspec.convert(row, _Row)
    except msgspec.ValidationError as error:
        raise EndpointError(f"{name}: {error}") from None
    unknown = (checked.drop | checked.rename.keys()) - CHAT_PARAMETERS
    if unknown:
        raise EndpointError(f"{name}: unknown parameter {', '.join(sorted(unknown))}")
    needed = (checked.drop | checked.rename.keys()) & REQUIRED_PARAMETERS
    if needed:
        raise EndpointError(f"{name}: cannot do without {', '.join(sorted(needed))}")
    both = checked.drop & checked.rename.keys()
    if both:
        raise EndpointError(f"{name}: drops and renames {', '.join(sorted(both))}")
    fields = msgspec.structs.asdict(checked)
    fields["rename"] = MappingProxyType(checked.rename)
    return Endpoint(name=name, **fields)


ENDPOINTS: Mapping[str, Endpoint] = load(
    files(__package__).joinpath("endpoints.toml").read_text(encoding="utf-8")
)
"""Every provider known by name, in the file's order."""
