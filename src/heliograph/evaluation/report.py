"""What was measured, as JSON for programs and as Markdown for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isinf
from pathlib import Path
from typing import Any

from heliograph.evaluation.average_precision import (
    ClassFigures,
    Figures,
    Interval,
)
from heliograph.evaluation.false_alarms import FalseAlarms, Stretch
from heliograph.evaluation.labelled_set import SetFigures
from heliograph.evaluation.matching import ANY
from heliograph.evaluation.pictures import write_sheet
from heliograph.evaluation.scenery import SceneryFigures
from heliograph.evaluation.subject import Subject

NOTHING = "-"
MEAN = "mean of classes"
FIGURES = ("class", "windows", "boxes", "AP50", "AP", "precision", "recall")
HEADS = ("data", "sensor", *FIGURES)
CAMERA_HEADS = ("data", "camera", *FIGURES)
ALARM_HEADS = (
    "recording",
    "empty part",
    "seconds",
    "boxes a minute",
    "tracks a minute",
)
ON_LABELS = (
    "Average precision as COCO's, in brackets where 95 of 100 resamples of the "
    "recordings put it. `any` is all classes as one; precision and recall are those of "
    "what a watch counts, at an overlap of 0.5."
)
COLOURS = (
    "Yellow: found. Thin grey: found, and not counted. Green: labelled. Blue: "
    "labelled, and not judged."
)


@dataclass(frozen=True, slots=True)
class Report:
    """All that one run measured; *command* makes it again."""

    command: str
    subject: Subject
    settings: Mapping[str, str | int | float]
    sets: tuple[SetFigures, ...]
    sceneries: tuple[SceneryFigures, ...]


def rows(report: Report) -> list[tuple[str, ...]]:
    """Return the figures on labels as texts under `HEADS`."""
    return [row for one in report.sets for row in _rows(one.name, one.by_sensor)]


def camera_rows(report: Report) -> list[tuple[str, ...]]:
    """Return them by how the camera moved, as texts under `CAMERA_HEADS`."""
    return [row for one in report.sets for row in _rows(one.name, one.by_camera)]


def alarm_rows(report: Report) -> list[tuple[str, ...]]:
    """Return the false alarms as texts under `ALARM_HEADS`."""
    return [
        (
            one.name,
            _stretches(one.empty),
            f"{one.false_alarms.seconds:.2f}",
            _alarms(one.false_alarms.boxes_per_minute, one.false_alarms.boxes),
            _alarms(one.false_alarms.tracks_per_minute, one.false_alarms.tracks),
        )
        for one in report.sceneries
        if one.false_alarms is not None
    ]


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write report.json, report.md and pictures into *folder*; return their paths.

    Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, Path] = {}
    for title, name, moments in _sheets(report):
        path = write_sheet(folder / f"{name}.png", moments)
        if path is not None:
            pictures[title] = path
    told = folder / "report.json"
    told.write_text(json.dumps(as_json(report), indent=2) + "\n", encoding="utf-8")
    page = folder / "report.md"
    page.write_text(_page(report, pictures), encoding="utf-8")
    return [told, page, *pictures.values()]


def as_json(report: Report) -> dict[str, Any]:
    """Return the report as plain values; what could not be measured is null."""
    return {
        "command": report.command,
        "detector": {"name": report.subject.name, **report.subject.facts},
        "settings": dict(report.settings),
        "labelled": [
            {
                "name": one.name,
                "windows": one.windows,
                "recordings": one.sources,
                "sensors": _values(one.by_sensor),
                "cameras": _values(one.by_camera),
            }
            for one in report.sets
        ],
        "recordings": [
            {
                "name": one.name,
                "empty_s": [
                    [part.begin_s, None if isinf(part.end_s) else part.end_s]
                    for part in one.empty
                ],
                "false_alarms": None
                if one.false_alarms is None
                else _alarm_values(one.false_alarms),
            }
            for one in report.sceneries
        ],
    }


def _values(groups: Mapping[str, Figures]) -> dict[str, Any]:
    return {group: asdict(figures) for group, figures in groups.items()}


def _alarm_values(alarms: FalseAlarms) -> dict[str, float]:
    return asdict(alarms) | {
        "boxes_per_minute": alarms.boxes_per_minute,
        "tracks_per_minute": alarms.tracks_per_minute,
    }


def _sheets(report: Report) -> list[tuple[str, str, Sequence[Any]]]:
    """Return title, file name and moments of each sheet of pictures."""
    sheets: list[tuple[str, str, Sequence[Any]]] = []
    for one in report.sets:
        sheets.append((f"{one.name}: windows at random", f"{one.name}", one.shown))
        sheets.append((f"{one.name}: the worst", f"{one.name}-failed", one.failed))
    sheets += [(one.name, one.name, one.moments) for one in report.sceneries]
    return sheets


def _page(report: Report, pictures: Mapping[str, Path]) -> str:
    lines = ["# Detector", "", f"    {report.command}", ""]
    facts = {
        "detector": report.subject.name,
        **report.subject.facts,
        **report.settings,
    }
    lines += [f"- {name}: {value}" for name, value in facts.items()]
    if report.sets:
        lines += ["", "## On labels", "", *_table(HEADS, rows(report)), ""]
        lines.append(ON_LABELS)
    if camera_rows(report):
        lines += ["", "## By how the camera moved", ""]
        lines += _table(CAMERA_HEADS, camera_rows(report))
    if alarm_rows(report):
        lines += ["", "## On nothing", "", *_table(ALARM_HEADS, alarm_rows(report)), ""]
        lines += ["Boxes are counted every 10 ms; in brackets how many there were."]
    if pictures:
        lines += [
            "",
            "## Pictures",
            "",
            COLOURS,
        ]
    for title, path in pictures.items():
        lines += ["", f"### {title}", "", f"![{title}]({path.name})"]
    return "\n".join(lines) + "\n"


def _table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *body)]


def _rows(name: str, groups: Mapping[str, Figures]) -> list[tuple[str, ...]]:
    found = []
    for group, figures in groups.items():
        found += [_row(name, group, line) for line in figures.classes]
        measured = [
            one.label for one in figures.classes if one.ap50 and one.label != ANY
        ]
        # The mean of one class is that class.
        if len(measured) > 1:
            found.append(_mean_row(name, group, figures))
    return found


def _row(name: str, group: str, line: ClassFigures) -> tuple[str, ...]:
    point = line.operating
    return (
        name,
        group,
        line.label,
        str(line.windows),
        str(line.truths),
        _interval(line.ap50),
        _interval(line.ap),
        _share(point.precision),
        _share(point.recall),
    )


def _mean_row(name: str, group: str, figures: Figures) -> tuple[str, ...]:
    averages = _interval(figures.ap50), _interval(figures.ap)
    return (name, group, MEAN, "", "", *averages, "", "")


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return NOTHING
    return f"{interval.value:.3f} [{interval.low:.2f}, {interval.high:.2f}]"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _alarms(per_minute: float, count: int) -> str:
    return f"{per_minute:.0f} ({count})"


def _stretches(empty: Sequence[Stretch]) -> str:
    return ", ".join(map(_stretch, empty))


def _stretch(one: Stretch) -> str:
    if one.begin_s == 0 and isinf(one.end_s):
        return "all of it"
    end = "the end" if isinf(one.end_s) else f"{one.end_s:g} s"
    return f"{one.begin_s:g} s to {end}"
