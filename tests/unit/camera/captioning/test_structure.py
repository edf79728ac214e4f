"""What is read of an answer in JSON, whatever a model makes of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.camera.captioning.structure import (
    READ_CHARS_MAX,
    RESPONSE_FORMAT,
    Told,
    read_told,
)

GOOD = {
    "caption": "a person carries a ladder",
    "actions": ["walk", "carry"],
    "carried": ["ladder"],
    "confidence": 0.8,
}
TOLD = Told("a person carries a ladder", ("walk", "carry"), ("ladder",), 0.8)


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "```json\n{}\n```",
        "Here it is: {} I hope it helps.",
        "An empty set {{ }} first, then {}",
        '[{{"no": "caption"}}, {}]',
    ],
)
def test_an_object_is_found_wherever_it_stands(around: str) -> None:
    assert read_told(around.format(json.dumps(GOOD, indent=1))) == TOLD


@pytest.mark.parametrize(
    "text", ["a person walks by", "", "{", '{"caption": ""}', '{"caption": 3}']
)
def test_what_holds_no_caption_is_one_as_it_is(text: str) -> None:
    assert read_told(text) == Told(text)


@pytest.mark.parametrize(
    ("cut", "text"),
    [
        ('{"caption": "a person in the do', "a person in the do"),
        ('{"caption": "a \\"person\\" wal', 'a "person" wal'),
        ('{"caption": "a per\\u00', "a per"),
        ('{"caption": "a car", "actions": ["dri', "a car"),
    ],
)
def test_an_answer_that_was_cut_off_still_has_its_caption(cut: str, text: str) -> None:
    assert read_told(cut) == Told(text)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"confidence": 85}, (("walk", "carry"), ("ladder",), 0.85)),
        ({"confidence": -1}, (("walk", "carry"), ("ladder",), None)),
        ({"confidence": 10**400}, (("walk", "carry"), ("ladder",), None)),
        ({"confidence": "high"}, (("walk", "carry"), ("ladder",), None)),
        ({"confidence": True}, (("walk", "carry"), ("ladder",), None)),
        (
            {"carried": "a ladder, a bag"},
            (("walk", "carry"), ("a ladder", "a bag"), 0.8),
        ),
        ({"carried": None, "actions": [3, "run"]}, (("run",), (), 0.8)),
        ({"actions": ["go"] * 20, "carried": []}, (("go",) * 8, (), 0.8)),
    ],
)
def test_what_has_another_form_is_left_out_or_understood(
    changes: dict[str, object], told: tuple[object, ...]
) -> None:
    read = read_told(json.dumps(GOOD | changes))
    assert (read.actions, read.carried, read.confidence) == told


def test_what_never_closes_is_read_to_a_bound() -> None:
    # Each brace is a beginning: without a bound this takes minutes.
    assert len(read_told('{"caption": ["' * 80_000).text) <= READ_CHARS_MAX


@given(st.text())
def test_no_answer_is_too_strange(text: str) -> None:
    assert isinstance(read_told(text).text, str)
    assert read_told('{"caption": ' + text).text


def test_the_schema_is_strict() -> None:
    asked = RESPONSE_FORMAT["json_schema"]
    assert isinstance(asked, dict)
    assert asked["strict"] is True
    assert set(asked["schema"]["required"]) == set(GOOD)
    assert asked["schema"]["additionalProperties"] is False
