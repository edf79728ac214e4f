"""What a detector's file says of itself, whatever that may be."""

import json

from hypothesis import given
from hypothesis import strategies as st

from heliograph.camera.detection.model_facts import (
    ForeignModelError,
    ModelFacts,
    read_facts,
)
from heliograph.camera.networks.file import Shape
from heliograph.camera.surfaces.model_input import InputSpec

SPEC = {"kind": "leaky", "taus_us": [25_000, 150_000], "slice_us": 5_000}
GOOD = {
    "heliograph_model": "1",
    "classes": "person, vehicle",
    "surface": json.dumps(SPEC),
    "score_min": '{"person": 0.4, "vehicle": 1, "more": null}',
}
INPUTS = [Shape("surface", "tensor(uint8)", (1, 4, 192, 320))]
OUTPUTS = [
    Shape("boxes", "tensor(float)", (1, 4, 24, 40)),
    Shape("scores", "tensor(float)", (1, 2, 24, 40)),
]
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
