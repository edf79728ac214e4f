"""A batch's files: what it finds, what it remembers, and what it says."""

from pathlib import Path

import pytest

from heliograph.camera.batch import Files, Result, earlier, files_below
from heliograph.camera.batch_view import render_result
from heliograph.camera.config import SettingError


def made(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_all_files_below_are_found_once_in_order_and_its_own_are_not(
    tmp_path: Path,
) -> None:
    files = Files(tmp_path / "captions.jsonl")
    second, first = made(tmp_path / "b" / "2.raw"), made(tmp_path / "a" / "1.raw")
    for own in (files.out, files.spool):
        made(own)
    made(tmp_path / "captions.jsonl.spool-wal")
    # A file of that name elsewhere is somebody's.
    other = made(tmp_path / "b" / "captions.jsonl")
    assert files_below([tmp_path, first], files) == [first, second, other]


def test_a_path_where_nothing_is_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="there is nothing at"):
        files_below([tmp_path / "gone"], Files(tmp_path / "out"))


@pytest.mark.parametrize("name", ["out", "out.spool"])
def test_a_batch_that_was_is_gone_on_with_or_left_alone(
    tmp_path: Path, name: str
) -> None:
    files = Files(tmp_path / "out")
    files.begin(resume=False)
    made(tmp_path / name)
    files.begin(resume=True)
    with pytest.raises(SettingError, match="--resume"):
        files.begin(resume=False)


def test_what_earlier_captions_cost_is_read_from_them(tmp_path: Path) -> None:
    lines = [
        '{"rung": "cloud", "cost_usd": 0.1}',
        '{"rung": "cloud", "cost_usd": 0.2}',
        '{"rung": "cloud", "cost_usd": null}',
        '{"rung": "template", "cost_usd": 0.05}',
        '{"rung": "cloud", "cost_u',
    ]
    found = earlier(made(tmp_path / "out", "\n".join(lines)))
    assert (found.captions, found.cost_usd, found.dearest_usd) == (3, 0.35, 0.2)
    nothing = earlier(tmp_path / "none")
    assert (nothing.captions, nothing.cost_usd, nothing.dearest_usd) == (0, 0.0, None)


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (
            Result(
                Path("a.raw"), "captioned", captions=1, recording_s=2.0, cost_usd=0.01
            ),
            "a.raw: 1 caption, 2.00 s, $0.01",
        ),
        (
            Result(Path("a.raw"), "waiting", "HTTP 500", captions=2, waiting=3),
            "a.raw: 2 captions, 3 waiting, 0.00 s, $0.00: HTTP 500",
        ),
        (
            Result(Path("a"), "ended", unknown=4),
            "a: 0 captions, 0.00 s, $0.00 and 4 of unknown cost, not read to its end",
        ),
        (Result(Path("a.raw"), "known"), "a.raw: captioned before"),
        (Result(Path("a.txt"), "skipped", "no"), "a.txt: skipped: no"),
        (Result(Path("a.raw"), "unread", "gone"), "a.raw: not read: gone"),
    ],
)
def test_a_line_says_what_became_of_a_file(result: Result, line: str) -> None:
    assert render_result(result) == line
