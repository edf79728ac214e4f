"""Writes the tables of a run into docs/performance.md, between its marks."""

from collections.abc import Sequence
from pathlib import Path

from report import Lines, markdown
from servers import HERE

ROOT = HERE.parent
PAGE = ROOT / "docs" / "performance.md"


def quote(name: str, folder: Path, tables: Sequence[Lines]) -> None:
    """Put *tables* where the page quotes the run called *name*."""
    begin, end = f"<!-- {name}: written by the run -->", f"<!-- end of {name} -->"
    text = PAGE.read_text()
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"error: {PAGE} lacks the marks {begin} and {end}")
    place = folder.resolve().relative_to(ROOT)
    told = f"Kept, with machine, versions and every round, in `{place}/`."
    written = "\n".join(map(markdown, tables))
    PAGE.write_text(f"{before}{begin}\n{written}\n{told}\n{end}{after}")
