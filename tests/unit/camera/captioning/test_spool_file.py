"""The spool on disk, as a camera finds it that comes after one that died."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from caption_parts import CAPTION, answer_to, job
from heliograph.camera.captioning.spool_file import Row, SpoolError, SpoolFile


def row(number: int) -> Row:
    return Row(f"door-{number}", 10.0 + number, 99.0, 1, 20, 0, told=False)


def filled(path: Path, *numbers: int) -> SpoolFile:
    file = SpoolFile(path)
    for number in numbers:
        file.insert(row(number), job(number))
    return file


def test_a_job_comes_back_whole_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    filled(path, 1, 2).close()
    file = SpoolFile(path)
    assert file.rows() == [replace(row(n), bytes=len(job(n).png)) for n in (1, 2)]
    assert file.job("door-2") == replace(job(2), deadline_s=0.0)
    assert file.job("door-3") is None
    file.close()
    file.close()


def test_another_picture_takes_the_place_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    file = filled(path, 1, 2)
    redrawn = replace(job(2), png=b"a larger picture", prompt="what is it?")
    file.redraw(redrawn)
    file.redraw(replace(job(3), png=b"of nobody here"))
    file.close()
    file = SpoolFile(path)
    assert file.job("door-1") == replace(job(1), deadline_s=0.0)
    assert file.job("door-2") == replace(redrawn, deadline_s=0.0)
    assert [one.bytes for one in file.rows()] == [len(job(1).png), len(redrawn.png)]
    file.close()


def test_what_was_decided_and_not_settled_is_in_doubt(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    file = filled(path, 1, 2, 3)
    for number in (1, 2, 3):
        file.decide(f"door-{number}", answer_to(job(number)))
    file.settle("door-1")
    file.keep("door-2")
    file.tried("door-2", 4)
    file.close()
    file = SpoolFile(path)
    assert list(file.decided()) == [answer_to(job(3))]
    assert [(r.id, r.told, r.tries) for r in file.rows()] == [
        ("door-2", True, 4),
        ("door-3", False, 0),
    ]
    assert [file.knows(f"door-{n}") for n in (1, 2, 3, 4)] == [True] * 3 + [False]
    file.drop(["door-2", "door-3"])
    assert file.rows() == []
    file.tidy()
    assert file.knows("door-1")
    file.close()


def test_pages_of_pictures_that_went_are_given_back(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    file = SpoolFile(path)
    for number in range(40):
        file.insert(row(number), replace(job(number), png=bytes(50_000)))
    file.tidy()
    assert path.stat().st_size > 2_000_000
    for number in range(40):
        file.settle(f"door-{number}")
    file.tidy()
    assert path.stat().st_size < 100_000
    file.close()


def test_two_cameras_do_not_share_a_spool(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    file = filled(path, 1)
    with pytest.raises(SpoolError, match="another camera has it open"):
        SpoolFile(path)
    file.close()
    SpoolFile(path).close()


def test_a_file_that_is_no_spool_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no spool, but something that somebody wrote " * 9)
    with pytest.raises(SpoolError, match="it is no spool: name another file"):
        SpoolFile(path)
    assert path.read_text().startswith("no spool, but")
    with pytest.raises(SpoolError, match="cannot open the spool"):
        SpoolFile(tmp_path / "no" / "spool.db")


def test_a_row_of_another_version_is_no_job_and_no_caption(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    file = filled(path, 1, 2)
    file.decide("door-1", CAPTION)
    file.close()
    with sqlite3.connect(path) as database:
        database.execute("UPDATE alerts SET job = '{}', decided = '{\"a\": 1}'")
    database.close()
    file = SpoolFile(path)
    assert list(file.decided()) == []
    assert file.job("door-2") is None
    file.close()
