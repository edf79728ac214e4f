"""Zones and lines from the file."""

import pytest

from heliograph.camera.config import CameraConfig
from heliograph.camera.config.file import read_camera_text
from heliograph.camera.config.places import Line, Zone

CORNERS = "[[0.1, 0.5], [0.5, 0.5], [0.5, 1]]"


def read(text: str) -> CameraConfig | list[str]:
    found = read_camera_text(text, file="c", environ={})
    return [str(one) for one in found] if isinstance(found, list) else found


def test_zones_and_lines_are_read_in_their_order() -> None:
    config = read(
        f"zones:\n  bay: {{polygon: {CORNERS}}}\n"
        "  dock:\n    name: the loading dock\n"
        f"    polygon: {CORNERS}\n    inertia_s: 0.5\n    dwell_s: 20\n"
        "    ask_on: [exit]\n    priority: 5\n"
        "lines:\n  gate: {from: [0.5, 0], to: [0.5, 1], way: back, name: the gate,\n"
        "         forward: drives in by, back: leaves by, priority: 0}\n"
    )
    assert isinstance(config, CameraConfig)
    corners = ((0.1, 0.5), (0.5, 0.5), (0.5, 1.0))
    assert config.watch.zones == (
        Zone("bay", "bay", corners),
        Zone("dock", "the loading dock", corners, 500_000, 20_000_000, ("exit",), 5),
    )
    ends = ((0.5, 0.0), (0.5, 1.0))
    assert config.watch.lines == (
        Line("gate", "the gate", *ends, "back", "drives in by", "leaves by", 0),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("zones: [a]", "zones: expected a table of zones by their ids, found a list"),
        ("zones: {a b: {}}", 'zones: "a b" cannot be a zone\'s id; use up to 64'),
        (
            f"zones: {{a: {{polygon: {CORNERS}, labels: person}}}}",
            "zones.a.labels: expected a list of classes, found a text",
        ),
        (
            f"zones: {{a: {{polygon: {CORNERS}, labels: [person, 3]}}}}",
            "zones.a.labels[2]: expected a class, found a number",
        ),
        ("zones: {a: {}}", 'zones.a: "polygon" is missing; add "polygon:" and a list'),
        (
            "zones: {a: {polygon: 3}}",
            "zones.a.polygon: this is no polygon; write a list",
        ),
        (
            "zones: {a: {polygon: [[0, 0], [1, 1]]}}",
            "zones.a.polygon: this is no polygon; write a list of 3 to 100 points",
        ),
        (
            "zones: {a: {polygon: [[0, 0], [1, 1], [0.5]]}}",
            "zones.a.polygon[3]: this is no point; write a point such as [0.25, 0.5]",
        ),
        (
            "zones: {a: {polygon: [[0, 0], [100, 1], [0, 1]]}}",
            "zones.a.polygon[2].x: 100 is outside the picture; write a number from 0",
        ),
        (
            "zones: {a: {polygon: [[0, 0], [0.5, 0.5], [1, 1]]}}",
            "zones.a.polygon: the polygon has no area; write corners that are not",
        ),
        (
            f"zones: {{a: {{polygon: {CORNERS}, ask_on: [leave]}}}}",
            'zones.a.ask_on[1]: unknown event "leave"; write enter, exit or dwell',
        ),
        (
            f"zones: {{a: {{polygon: {CORNERS}, priority: 10}}}}",
            "zones.a.priority: 10 cannot be used; write a whole number from 0 to 9",
        ),
        (f"zones: {{a: {{polygn: {CORNERS}}}}}", 'did you mean "polygon"?'),
        (
            "lines: {a: {from: [0, 0]}}",
            'lines.a: "to" is missing; add "to:" and a point',
        ),
        (
            "lines: {a: {from: [0, 0], to: [0, 0]}}",
            "lines.a: the line has no length; write two different ends",
        ),
        (
            "lines: {a: {from: [0, 0], to: [0, 1], way: up}}",
            'lines.a.way: unknown way "up"; write both, forward or back',
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_fix(text: str, told: str) -> None:
    found = read(text)
    assert isinstance(found, list)
    assert told in "\n".join(found)


def test_a_zone_may_be_asked_about_on_nothing() -> None:
    config = read(f"zones: {{a: {{polygon: {CORNERS}, ask_on: []}}}}")
    assert isinstance(config, CameraConfig)
    assert config.watch.zones[0].ask_on == ()


def test_an_id_stands_for_one_place() -> None:
    found = read(
        f"zones: {{gate: {{polygon: {CORNERS}}}}}\n"
        "lines: {gate: {from: [0, 0], to: [0, 1]}}\n"
    )
    assert found == [
        "c:2: lines.gate: a zone has this id already; give one of them another"
    ]
