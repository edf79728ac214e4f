"""What a detector's file says of itself, whatever that may be."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.camera.detection.model_facts import (
    ForeignModelError,
    ModelFacts,
    read_facts,
)
from heliograph.camera.networks.file import Shape
from heliograph.camera.surfaces.model_input import InputSpec
from heliograph.camera.types import Size

SPEC = {"kind": "leaky", "taus_us": [25_000, 150_000], "slice_us": 5_000}
GOOD = {
    "heliograph_model": "1",
    "classes": "person, vehicle",
    "surface": json.dumps(SPEC),
    "score_min": '{"person": 0.4, "vehicle": 1, "more": null}',
}


def shapes(rows: int | str | None, down: int | str | None) -> tuple[list[Shape], ...]:
    """What goes in and comes out of a model of so many *rows*, and *down* of cells."""
    boxes = Shape("boxes", "tensor(float)", (1, 4, down, 40))
    scores = Shape("scores", "tensor(float)", (1, 2, down, 40))
    return [Shape("surface", "tensor(uint8)", (1, 4, rows, 320))], [boxes, scores]


INPUTS, OUTPUTS = shapes("rows", "rows / 8")
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
keys = st.sampled_from(["kind", "taus_us", "bins", "slice_us", "person", "vehicle"])
tables = st.dictionaries(keys, json_values | st.sampled_from([*SPEC.values(), 1e6]))


def test_a_file_tells_its_classes_its_surface_and_its_scores() -> None:
    facts = read_facts(GOOD, INPUTS, OUTPUTS)
    assert facts == ModelFacts(
        ("person", "vehicle"),
        InputSpec("leaky", (25_000, 150_000), slice_us=5_000),
        {"person": 0.4, "vehicle": 1.0},
    )


@pytest.mark.parametrize("names", [("rows", "rows / 8"), ("H", "h"), (None, None)])
def test_where_rows_are_free_the_sensor_says_how_many(
    names: tuple[str | None, str | None],
) -> None:
    facts = read_facts(GOOD, *shapes(*names))
    assert facts.cells(Size(1280, 720)) == Size(320, 192)
    assert facts.cells(Size(640, 480)) == Size(320, 256)


def test_where_rows_are_fixed_every_sensor_has_as_many() -> None:
    facts = read_facts(GOOD, *shapes(192, 24))
    assert {facts.cells(size) for size in (Size(1280, 720), Size(640, 480))} == {
        Size(320, 192)
    }


@pytest.mark.parametrize(
    ("rows", "down", "told"),
    [
        (190, 24, r"takes .*\[1, 4, 190, 320\], where a detector takes .* rows, 320\]"),
        (0, 0, r"takes .*\[1, 4, 0, 320\], where a detector takes .* rows, 320\]"),
        (8_000, 1_000, r"takes .*\[1, 4, 8000, 320\], where a detector takes .* rows,"),
        (192, 32, r"gives .*32, 40\].*where a detector gives .*\[1, 2, 24, 40\]"),
        (192, "rows", r"gives .*rows, 40\].*where a detector gives .*24, 40\]"),
        ("rows", 24, r"gives .*24, 40\].*where a detector gives .*rows / 8, 40\]"),
    ],
)
def test_rows_that_cannot_be_are_refused(
    rows: int | str, down: int | str, told: str
) -> None:
    with pytest.raises(ForeignModelError, match=told):
        read_facts(GOOD, *shapes(rows, down))


@given(
    told=st.dictionaries(
        st.sampled_from(sorted(GOOD)), st.text() | tables.map(json.dumps)
    )
)
def test_whatever_it_says_is_understood_or_refused(told: dict[str, str]) -> None:
    facts, refused = None, ""
    try:
        facts = read_facts({**GOOD, **told}, INPUTS, OUTPUTS)
    except ForeignModelError as error:
        refused = str(error)
    assert refused.isprintable()
    if facts is None:
        assert 0 < len(refused) < 500
    else:
        assert facts.spec.channels == 4
        assert set(facts.score_min) == set(facts.classes)
