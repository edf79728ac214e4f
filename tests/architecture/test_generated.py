"""What scripts write is looked over by `make check`, or by a test."""

import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest

from architecture.tree import ROOT, python_files

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
CHECKING = [
    path
    for path in python_files("scripts")
    if "--check" in (ROOT / path).read_text(encoding="utf-8")
]


def test_there_are_scripts_that_check() -> None:
    assert len(CHECKING) >= 3


@pytest.mark.parametrize("script", CHECKING, ids=str)
def test_every_check_is_run_by_somebody(script: Path) -> None:
    (recipe,) = re.findall(r"^check:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    tests = [(ROOT / path).read_text("utf-8") for path in python_files("tests")]
    told = f'"{script}", "--check"'
    assert f"{script} --check" in recipe or any(told in test for test in tests)


def test_a_price_row_that_the_package_does_not_say_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = runpy.run_path(str(ROOT / "scripts/prices.py"))
    here = tmp_path / "price_rows"
    shutil.copytree(script["PLACE"], here)
    monkeypatch.setitem(script["main"].__globals__, "PLACE", here)
    monkeypatch.setattr(sys, "argv", ["prices.py", "--check"])
    assert script["main"]() == 0
    groq = here / "groq.json"
    groq.write_bytes(groq.read_bytes().replace(b'"input":"0.', b'"input":"1.', 1))
    (here / "nobody.json").write_bytes(groq.read_bytes())
    assert script["main"]() == 1
    assert capsys.readouterr().err == (
        "groq.json, nobody.json not current: run `make prices`\n"
    )
