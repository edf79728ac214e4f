"""Arguments for a tool call, made up from the tool's JSON Schema.

The same schema gives the same arguments, and they fit the schema as far as types,
enums, bounds and required members go. Patterns are not followed.
"""

from collections.abc import Mapping

DEPTH_MAX = 8
NODES_MAX = 2000
ITEMS_MAX = 64
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
    """Return one object that fits *schema*; an empty one where it is no object.

    Members beyond `DEPTH_MAX` or `NODES_MAX` are null: a schema may name itself.
    """
    made = _Maker(schema).make(schema, DEPTH_MAX)
    return made if isinstance(made, dict) else {}


class _Maker:
    """Makes values for one schema, up to a bound."""

    def __init__(self, root: Mapping[str, object]) -> None:
        self._root = root
        self._left = NODES_MAX

    def make(self, schema: object, depth: int) -> object:
        """Return a value that fits *schema*."""
        if not isinstance(schema, dict) or depth == 0 or self._left == 0:
            return None
        self._left -= 1
        for fixed in ("const", "default"):
            if fixed in schema:
                return schema[fixed]
        if isinstance(enum := schema.get("enum"), list) and enum:
            return enum[0]
        if isinstance(ref := schema.get("$ref"), str):
            return self.make(_resolve(ref, self._root), depth - 1)
        for union in ("anyOf", "oneOf", "allOf"):
            if isinstance(options := schema.get(union), list) and options:
                return self.make(options[0], depth - 1)
        return self._by_type(schema, depth)

    def _by_type(self, schema: dict[str, object], depth: int) -> object:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        if isinstance(kind, list):
            kind = kind[0] if kind else "string"
        match str(kind).lower():  # Gemini writes its types in capitals
            case "object":
                properties = schema.get("properties")
                members = properties.items() if isinstance(properties, dict) else ()
                return {name: self.make(inner, depth - 1) for name, inner in members}
            case "array":
                count = max(1, min(ITEMS_MAX, _whole(schema.get("minItems"), 1)))
                items = schema.get("items", {})
                return [self.make(items, depth - 1) for _ in range(count)]
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
