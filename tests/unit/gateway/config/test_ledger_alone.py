"""Where a file keeps its ledger, whatever else is in it."""

from pathlib import Path

import pytest

from heliograph.gateway.config import keeping_of
from heliograph.gateway.types import Keeping

ENVIRON = {"HOME": "/h", "HELIOGRAPH_LEDGER": "/from/the/variable.db"}


def place(text: str, folder: Path) -> str | None:
    path = folder / "gateway.yaml"
    path.write_text(text)
    found = keeping_of(path, ENVIRON)
    assert isinstance(found, Keeping), found
    return None if found.place is None else found.place.reveal()


def said(text: bytes, folder: Path) -> str:
    path = folder / "gateway.yaml"
    path.write_bytes(text)
    found = keeping_of(path, ENVIRON)
    assert isinstance(found, list)
    (problem,) = found
    return str(problem)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ledger: /a/b.db", "/a/b.db"),
        ("ledger: {url: off}", None),
        ("providers: {openai: {keys: [env.NOT_SET]}}", "/from/the/variable.db"),
        ("ledger: /a/b.db\nwhatever: [1, 2]", "/a/b.db"),
    ],
)
def test_the_rest_of_the_file_is_not_judged(
    tmp_path: Path, text: str, meant: str | None
) -> None:
    assert place(text, tmp_path) == meant


def test_a_path_counts_from_the_folder_of_the_file(tmp_path: Path) -> None:
    assert place("ledger: kept.db", tmp_path) == str(tmp_path / "kept.db")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: 1\nledger: ftp://x", "gateway.yaml:2: ledger: no ledger can be kept"),
        (b"ledger: {uri: x}", 'ledger.uri: unknown key; did you mean "url"?'),
        (b"ledger: [", "gateway.yaml:1"),
        (b"", "gateway.yaml:1: file: "),
    ],
)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, text: bytes, told: str
) -> None:
    assert told in said(text, tmp_path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = keeping_of(tmp_path / "none.yaml", ENVIRON)
    assert isinstance(found, list)
    assert "there is no such file" in str(found[0])
