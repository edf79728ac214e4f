"""What is asked for in a query string or a body: read with bounds, or refused."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from msgspec import DecodeError, ValidationError
from msgspec.json import Decoder
from starlette.requests import ClientDisconnect, Request

from heliograph.gateway.admin.errors import (
    BAD_REQUEST,
    TOO_LARGE,
    WRONG_TYPE,
    AdminError,
    bad_value,
    gone,
)
from heliograph.gateway.ledger.periods import read_time

BODY_BYTES_MAX = 64 * 1024
TEXT_MAX = 200
COUNT_DIGITS_MAX = 9
JSON_TYPE = "application/json"
_T = TypeVar("_T")


class Field(NamedTuple):
    """One parameter: what is told of it, and how it is read at a moment."""

    told: str
    read: Callable[[str, float], Any]


Fields = Mapping[str, Field]


def read_query(request: Request, fields: Fields, now_s: float) -> dict[str, Any]:
    """Read the parameters of *request*, each by its reader; none may come twice."""
    found: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name not in fields:
            named = name[:TEXT_MAX]
            said = f"There is no parameter `{named}` here."
            fix = f"The parameters are: {', '.join(sorted(fields)) or 'none'}."
            raise AdminError(BAD_REQUEST, "unknown_parameter", said, fix, field=named)
        if name in found:
            raise bad_value(name, f"`{name}` is given twice.", "Give it once.")
        try:
            found[name] = fields[name].read(text, now_s)
        except ValueError as error:
            raise bad_value(name, f"`{name}` {error}.", f"Mend `{name}`.") from None
    return found


def text_field(told: str) -> Field:
    """Make the field of a name."""

    def read(text: str, _now_s: float) -> str:
        if not text or len(text) > TEXT_MAX:
            raise ValueError(f"must have 1 to {TEXT_MAX} characters")
        return text

    return Field(told, read)


def count_field(told: str, most: int) -> Field:
    """Make the field of a number from 1 to *most*."""

    def read(text: str, _now_s: float) -> int:
        plain = text.isascii() and text.isdecimal() and len(text) <= COUNT_DIGITS_MAX
        if not plain or not 1 <= int(text) <= most:
            raise ValueError(f"must be a number from 1 to {most}")
        return int(text)

    return Field(f"{told}; at most {most}", read)


def choice_field(told: str, *names: str) -> Field:
    """Make the field of one of *names*."""

    def read(text: str, _now_s: float) -> str:
        if text not in names:
            raise ValueError(f"must be one of {', '.join(names)}")
        return text

    return Field(f"{told}: {', '.join(f'`{name}`' for name in names)}", read)


def time_field(told: str) -> Field:
    """Make the field of a moment."""
    return Field(told, read_time)


async def read_body(request: Request, decoder: Decoder[_T]) -> _T:
    """Read a JSON body of at most `BODY_BYTES_MAX`."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said != JSON_TYPE:
        fix = f"Send JSON, with `content-type: {JSON_TYPE}`."
        raise AdminError(WRONG_TYPE, "wrong_type", "The body is not JSON.", fix)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                said = f"The body has more than {BODY_BYTES_MAX} bytes."
                raise AdminError(TOO_LARGE, "too_large", said, "Send less.")
    except ClientDisconnect:
        raise gone() from None
    try:
        return decoder.decode(bytes(body))
    except ValidationError as error:
        said = f"The body cannot be so: {error}."
        fix = "See docs/reference/admin-api.md for its members."
        raise AdminError(BAD_REQUEST, "bad_body", said, fix) from None
    except (DecodeError, UnicodeDecodeError):
        said = "The body is no whole JSON document."
        raise AdminError(BAD_REQUEST, "bad_json", said, "Mend its JSON.") from None


def iso_of(seconds: float | None) -> str | None:
    """Write a moment, to the millisecond where it has some."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
    spec = "seconds" if float(seconds).is_integer() else "milliseconds"
    return moment.isoformat(timespec=spec).replace("+00:00", "Z")
