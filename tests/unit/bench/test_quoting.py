"""What docs/performance.md quotes is what the run that it names has left."""

import re

import pytest
from quoting import PAGE, ROOT

QUOTED = re.compile(
    r"<!-- ([\w-]+): written by the run -->\n(.*?)<!-- end of \1 -->", re.DOTALL
)
QUOTING = (
    "bench",
    "soak",
    "million",
    "mixed",
    "kept",
    "caps",
    "kills",
    "camera",
    "camera-load",
    "detector",
)


def quoted() -> list[tuple[str, str]]:
    return QUOTED.findall(PAGE.read_text())


def test_every_run_has_its_place_in_the_page() -> None:
    assert [name for name, _ in quoted()] == [*QUOTING]


@pytest.mark.parametrize(("name", "text"), quoted())
def test_the_page_quotes_a_run_that_is_kept(name: str, text: str) -> None:
    place = re.search(r"`(bench/runs/[^`]+)/`", text)
    assert place is not None, f"{name} names no run"
    kept = "\n".join(p.read_text() for p in (ROOT / place[1]).glob("*.md"))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines
    assert [line for line in lines if line not in kept] == []
