"""Arguments for a tool call, made up from the tool's JSON Schema.

The same schema gives the same arguments, and they fit the schema as far as types,
enums, bounds and required members go. Patterns are not followed.
"""

from collections.abc import Mapping

DEPTH_MAX = 8
_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "simulated@example.com",
    "uri": "https://example.com/simulated",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}


def make_arguments(schema: Mapping[str, object]) -> dict[str, object]:
    """Return one object that fits *schema*; an empty one where it is no object."""
    made = _make(schema, schema, DEPTH_MAX)
    return made if isinstance(made, dict) else {}


def _make(schema: object, root: Mapping[str, object], depth: int) -> object:
    if not isinstance(schema, dict) or depth == 0:
        return None
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if isinstance(enum := schema.get("enum"), list) and enum:
        return enum[0]
    if isinstance(ref := schema.get("$ref"), str):
        return _make(_resolve(ref, root), root, depth - 1)
    for union in ("anyOf", "oneOf", "allOf"):
        if isinstance(options := schema.get(union), list) and options:
            return _make(options[0], root, depth - 1)
    return _by_type(schema, root, depth)


def _by_type(
    schema: dict[str, object], root: Mapping[str, object], depth: int
) -> object:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0] if kind else "string"
    match str(kind).lower():  # Gemini writes its types in capitals
        case "object":
            properties = schema.get("properties")
            members = properties.items() if isinstance(properties, dict) else ()
            return {name: _make(inner, root, depth - 1) for name, inner in members}
        case "array":
            count = max(1, _whole(schema.get("minItems"), 1))
            return [_make(schema.get("items", {}), root, depth - 1)] * min(count, 64)
        case "integer" | "number":
            return _number(schema)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema)


def _number(schema: Mapping[str, object]) -> float:
    for bound in ("minimum", "maximum"):
        value = schema.get(bound)
        if isinstance(value, int | float):
            return value
    value = schema.get("exclusiveMinimum")
    return value + 1 if isinstance(value, int | float) else 1


def _string(schema: Mapping[str, object]) -> str:
    text = _FORMATS.get(str(schema.get("format")), "simulated")
    text = text.ljust(min(_whole(schema.get("minLength"), 0), 10_000), "x")
    return text[: _whole(schema.get("maxLength"), len(text))]


def _whole(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def _resolve(ref: str, root: Mapping[str, object]) -> object:
    """Follow a reference inside the same schema, as `#/$defs/Place`."""
    found: object = root
    for part in ref.removeprefix("#").strip("/").split("/"):
        if part:
            found = found.get(part) if isinstance(found, dict) else None
    return found
