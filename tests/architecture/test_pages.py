"""The pages are what their readers see: tables that are tables."""

from itertools import groupby
from pathlib import Path

import pytest

from architecture.tree import ROOT, tracked
from heliograph.gateway.server.errors import STATUS_BY_KIND

PAGES = [path for path in tracked() if path.suffix == ".md"]


def blocks(text: str) -> list[list[str]]:
    """Return the runs of lines that begin like a row of a table, outside of code."""
    fenced, rows = False, []
    for line in text.splitlines():
        fenced ^= line.lstrip().startswith("```")
        rows.append(line if line.startswith("|") and not fenced else "")
    return [[*run] for is_row, run in groupby(rows, bool) if is_row]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_row_stands_in_a_table(page: Path) -> None:
    """A row after a blank line is text, with its bars."""
    for block in blocks((ROOT / page).read_text(encoding="utf-8")):
        assert len(block) > 1, block[0]
        assert set(block[1]) <= set("|-: "), block[0]


@pytest.mark.parametrize(
    ("text", "count"),
    [("| a |\n|---|\n| b |\n\n| c |\n", 2), ("```\n| a |\n```\ntext\n", 0)],
)
def test_a_blank_line_ends_a_table(text: str, count: int) -> None:
    assert len(blocks(text)) == count


@pytest.mark.parametrize(("code", "status"), STATUS_BY_KIND.items())
def test_every_code_that_the_gateway_chooses_is_told_with_its_status(
    code: str, status: int
) -> None:
    page = (ROOT / "docs/guide/gateway.md").read_text(encoding="utf-8")
    told = page.partition("\n## Errors\n")[2].partition("\n## ")[0]
    rows = [line for line in told.splitlines() if line.startswith(f"| {status} |")]
    assert any(f"`{code}`" in row for row in rows)
