"""Keeps a run, and writes its tables into docs/performance.md, between its marks."""

import argparse
from pathlib import Path

from report import Found, keep, markdown, plain, tables, today
from servers import HERE

ROOT = HERE.parent
PAGE = ROOT / "docs" / "performance.md"


def add_keeping(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what becomes of a run."""
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to keep it")
    parser.add_argument(
        "--quote", action="store_true", help="write the tables into the docs as well"
    )


def finish(name: str, found: Found, options: argparse.Namespace) -> None:
    """Print the tables of the run called *name*, and do with it as was asked."""
    print("\n\n".join(map(plain, tables(found))))
    out: Path = options.out or today()
    keep(out, name, found)
    print(f"kept in {out}")
    if options.quote:
        quote(name, out, found)


def quote(name: str, folder: Path, found: Found) -> None:
    """Put the tables of a run where the page quotes the one called *name*."""
    begin, end = f"<!-- {name}: written by the run -->", f"<!-- end of {name} -->"
    text = PAGE.read_text()
    before, opened, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise SystemExit(f"error: {PAGE} lacks the marks {begin} and {end}")
    place = folder.resolve().relative_to(ROOT)
    told = (
        f"By `{found.command}`, at a load average of {found.load:.2f} as it began;\n"
        f"kept, with machine, versions and all figures, in `{place}/`."
    )
    written = "\n".join(map(markdown, tables(found)))
    PAGE.write_text(f"{before}{begin}\n{written}\n{told}\n{end}{after}")
