"""Captions on disk: one line each, at once, never lost."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from caption_parts import CAPTION
from heliograph.camera.sinks.jsonl import JsonLines, SinkError, to_json
from heliograph.camera.types import Clip

ROOT = Path(__file__).resolve().parents[4]


def test_a_line_says_everything_about_a_caption(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    with JsonLines(path) as sink:
        sink.append(CAPTION)
    (line,) = path.read_text("utf-8").splitlines()
    assert json.loads(line) == {
        "id": "door-3f2a91c4-1250000-1",
        "rung": "cloud",
        "recording": "door.raw",
        "t": 1_250_000,
        "at_s": 0.25,
        "track": 1,
        "box": [100.0, 80.0, 60.0, 120.0],
        "label": "moving object",
        "zones": [],
        "reason": "first",
        "text": "a person walks to the left",
        "actions": [],
        "carried": [],
        "confidence": None,
        "provider": "openai",
        "model": "gpt-4o",
        "attempts": 1,
        "fallback": False,
        "latency_ms": 412.3,
        "cost_usd": None,
        "age_s": 0.0,
        "error": None,
        "clip": None,
    }


def test_a_line_names_the_clip_and_what_it_holds() -> None:
    clip = Clip("/var/clips/door-1.raw", from_s=0.1234567, to_s=3.0, short=True)
    assert to_json(replace(CAPTION, clip=clip))["clip"] == {
        "file": "/var/clips/door-1.raw",
        "from_s": 0.123457,
        "to_s": 3.0,
        "short": True,
    }


def test_the_guide_explains_every_field() -> None:
    guide = (ROOT / "docs" / "guide" / "camera.md").read_text("utf-8")
    fields = to_json(CAPTION)
    assert [field for field in fields if f"`{field}`" not in guide] == []


def test_each_line_is_on_disk_as_soon_as_it_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    with JsonLines(path) as sink:
        for number in range(1, 4):
            sink.append(replace(CAPTION, track_id=number, text="ein Fußgänger 行人"))
            lines = path.read_text("utf-8").splitlines()
            assert [json.loads(line)["track"] for line in lines] == list(
                range(1, number + 1)
            )
    assert "Fußgänger 行人" in lines[0]


def test_an_earlier_runs_captions_stay(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    for name in ("first", "second"):
        with JsonLines(path) as sink:
            sink.append(replace(CAPTION, recording=name))
    lines = path.read_text("utf-8").splitlines()
    assert [json.loads(line)["recording"] for line in lines] == ["first", "second"]


@pytest.mark.parametrize("place", ["no/such/folder/captions.jsonl", "."])
def test_an_unwritable_path_is_an_error_before_the_work(
    tmp_path: Path, place: str
) -> None:
    with pytest.raises(SinkError, match="cannot write captions to"):
        JsonLines(tmp_path / place)


def test_a_full_disk_is_told_with_the_path() -> None:
    sink = JsonLines(Path("/dev/full"))
    with pytest.raises(SinkError, match="/dev/full: no space left"):
        sink.append(CAPTION)
    # What could not be written is still in the file's buffer.
    with pytest.raises(SinkError, match="no space left"):
        sink.close()
    sink.close()


def test_a_caption_in_doubt_is_written_unless_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    later = replace(CAPTION, id="door-3f2a91c4-9-9")
    with JsonLines(path) as sink:
        sink.append(replace(CAPTION, rung="template"))
        sink.append(CAPTION)
    with JsonLines(path) as sink:
        for caption in (CAPTION, replace(CAPTION, rung="template"), later, CAPTION):
            sink.append(caption, in_doubt=True)
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(line["id"], line["rung"]) for line in told] == [
        (CAPTION.id, "template"),
        (CAPTION.id, "cloud"),
        (later.id, "cloud"),
    ]


def test_a_line_that_was_cut_spoils_none_after_it(tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    path.write_text(f'{{"id": "{CAPTION.id}", "rung": "clo', encoding="utf-8")
    with JsonLines(path) as sink:
        sink.append(CAPTION, in_doubt=True)
        sink.append(CAPTION)
    cut, *whole = path.read_text("utf-8").splitlines()
    assert cut.endswith('"clo')
    assert [json.loads(line)["rung"] for line in whole] == ["cloud", "cloud"]
