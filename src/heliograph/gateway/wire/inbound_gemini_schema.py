"""Gemini's own schemas as JSON Schema, and its other spelling of names.

Its schemas are OpenAPI's: types in capitals, `nullable`, counts as texts. And
Google's servers take every name in camel case or in snake case; its SDK sends both.
https://ai.google.dev/api/caching#Schema
"""

import re
from collections.abc import Callable, Mapping

from msgspec import Raw, json

_OPAQUE = frozenset(
    {"args", "parameters", "parametersJsonSchema", "response", "responseJsonSchema",
     "responseSchema"}
)  # fmt: skip
"""Members whose names are the caller's own."""
_COUNTS = frozenset(
    {"maxItems", "maxLength", "maxProperties", "minItems", "minLength",
     "minProperties"}
)  # fmt: skip
_UNKNOWN_TO_JSON_SCHEMA = frozenset({"example", "nullable", "propertyOrdering"})
_HUMP = re.compile(r"(?<=[a-z0-9])_([a-z0-9])")
_OBJECT = json.Decoder(dict[str, Raw])
_LIST = json.Decoder(list[Raw])


def camel(name: str) -> str:
    """Spell a name in camel case."""
    return _HUMP.sub(lambda found: found[1].upper(), name)


def in_camel_case(value: Raw) -> Raw:
    """Spell all names of a JSON text in camel case, but for the caller's own."""
    head = bytes(memoryview(value)[:1])
    if head == b"{":
        members = {camel(name): each for name, each in _OBJECT.decode(value).items()}
        return Raw(
            json.encode(
                {
                    name: each if name in _OPAQUE else in_camel_case(each)
                    for name, each in members.items()
                }
            )
        )
    if head == b"[":
        return Raw(json.encode([in_camel_case(each) for each in _LIST.decode(value)]))
    return value


def json_schema(schema: object) -> object:
    """Write one of Gemini's schemas as JSON Schema."""
    if not isinstance(schema, dict):
        return schema
    given = {camel(name): value for name, value in schema.items()}
    written = {
        name: _WRITERS.get(name, _as_it_is)(value)
        for name, value in given.items()
        if name not in _UNKNOWN_TO_JSON_SCHEMA
    }
    if given.get("nullable") is True:
        if isinstance(written.get("type"), str):
            written["type"] = [written["type"], "null"]
        listed = written.get("enum")
        if isinstance(listed, list):
            written["enum"] = [*listed, None]
    return written


def _as_it_is(value: object) -> object:
    return value


def _type(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _count(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _each(value: object) -> object:
    return [json_schema(each) for each in value] if isinstance(value, list) else value


def _named(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: json_schema(each) for name, each in value.items()}


_WRITERS: Mapping[str, Callable[[object], object]] = {
    "type": _type,
    "items": json_schema,
    "properties": _named,
    "anyOf": _each,
    **dict.fromkeys(_COUNTS, _count),
}
