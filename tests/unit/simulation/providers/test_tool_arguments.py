"""Arguments made from a schema fit it."""

import json

import pytest

from heliograph.simulation.providers.tool_arguments import make_arguments


@pytest.mark.parametrize(
    ("schema", "made"),
    [
        ({"type": "string"}, "simulated"),
        ({"type": "string", "maxLength": 3}, "sim"),
        ({"type": "string", "minLength": 11}, "simulatedxx"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "integer"}, 1),
        ({"type": "number", "minimum": 2.5}, 2.5),
        ({"type": "integer", "maximum": -4}, -4),
        ({"type": "number", "exclusiveMinimum": 1}, 2),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["string", "null"]}, "simulated"),
        ({"type": "STRING"}, "simulated"),
        ({"enum": ["north", "south"]}, "north"),
        ({"const": 7}, 7),
        ({"type": "integer", "default": 9}, 9),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": 1}),
        ({"$ref": "#/$defs/Place"}, {"name": "simulated"}),
    ],
)
def test_a_member_fits_its_schema(schema: dict[str, object], made: object) -> None:
    place = {"type": "object", "properties": {"name": {"type": "string"}}}
    whole = {
        "type": "object",
        "properties": {"member": schema},
        "$defs": {"Place": place},
    }
    assert make_arguments(whole) == {"member": made}


@pytest.mark.parametrize("schema", [{}, {"type": "string"}, {"type": "object"}])
def test_without_properties_the_arguments_are_empty(schema: dict[str, object]) -> None:
    assert make_arguments(schema) == {}


def test_a_schema_that_names_itself_comes_to_an_end() -> None:
    node: dict[str, object] = {"$ref": "#"}
    made = make_arguments({"type": "object", "properties": {"next": node}})
    depth = 0
    inner: object = made
    while isinstance(inner, dict):
        inner = inner["next"]
        depth += 1
    assert 1 <= depth <= 8


def test_a_schema_that_names_itself_many_times_stays_small() -> None:
    members: dict[str, object] = {f"m{n}": {"$ref": "#"} for n in range(20)}
    made = make_arguments({"type": "object", "properties": members})
    assert 1000 < len(json.dumps(made)) < 100_000
