"""Write the tables of docs/reliability.md from a run of the tests of faults.

    scripts/reliability.py                         run all, write every table
    scripts/reliability.py tests/faults/test_x.py  run one file, write its table
    scripts/reliability.py --check                 are the tables those of the tests?

A table's rows are the tests' own names; only a run in which all pass is written.
"""

import ast
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reliability.md"
FOLDER = "tests/faults"
BEGIN, END = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"
SECTION = re.compile(
    r"^### \[.*?\]\(\.\./(\S+?)\)\n.*?(?=^### |\Z)", re.MULTILINE | re.DOTALL
)
Tests = Mapping[str, Counter[str]]
"""By file: how many cases each test has."""


def pytest(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest at the root."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(  # noqa: S603 - our own Python and our own tests
        [*command, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def counted(found: Iterable[tuple[str, str]]) -> Tests:
    """Count cases by file and test; in the order of the files' names."""
    counts: dict[str, Counter[str]] = {}
    for file, case in found:
        counts.setdefault(file, Counter())[case.partition("[")[0]] += 1
    return dict(sorted(counts.items()))


def collected() -> Tests:
    """Ask pytest which tests there are."""
    done = pytest("--collect-only", "-n", "0", FOLDER)
    ids = [line.split("::") for line in done.stdout.splitlines() if "::" in line]
    if done.returncode or not ids:
        sys.exit(f"the tests of {FOLDER} cannot be collected:\n{done.stdout}")
    return counted((file, case) for file, case in ids)


def passed(paths: Iterable[str]) -> Tests:
    """Run the tests of *paths*; say what went wrong unless all pass."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "junit.xml"
        done = pytest("-n", "2", f"--junitxml={out}", "-ojunit_family=xunit1", *paths)
        if done.returncode:
            sys.exit(f"{done.stdout}\nnothing is written: not all of them passed")
        cases = ET.parse(out).iter("testcase")  # noqa: S314 - pytest has just written it
        return counted((case.attrib["file"], case.attrib["name"]) for case in cases)


def section(file: str, tests: Counter[str]) -> str:
    """Write the table of one file, under what the file says of itself."""
    told = ast.get_docstring(ast.parse((ROOT / file).read_text("utf-8"))) or file
    title = told.partition("\n")[0].rstrip(".")
    rows = (
        f"| {sentence(name)} | {count} passed |\n"
        for name, count in sorted(tests.items())
    )
    head = f"### [{title}](../{file})\n\n| what is asserted | cases |\n|---|--:|\n"
    return f"{head}{''.join(rows)}\n"


def sentence(name: str) -> str:
    """Read a test's name as the sentence it is."""
    return name.removeprefix("test_").replace("_", " ")


def sections(page: str) -> dict[str, str]:
    """Find the tables of a page, by file."""
    between = page.partition(BEGIN)[2].partition(END)[0]
    return {found[1]: found[0] for found in SECTION.finditer(between)}


def differences(page: str, tests: Tests) -> Iterator[str]:
    """Say which tables are missing, one too many, or not those of the tests."""
    known = sections(page)
    for file in sorted(known.keys() | tests.keys()):
        if file not in tests:
            yield f"{file} is gone"
        elif known.get(file) != section(file, tests[file]):
            yield f"{file} has other tests"


def main() -> int:
    """Check the page, or write it."""
    page = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        stale = list(differences(page, collected()))
        if stale:
            again = "run `scripts/reliability.py` on what has changed, or on all"
            sys.stderr.write(f"docs/reliability.md: {', '.join(stale)}: {again}\n")
        return 1 if stale else 0
    paths = sys.argv[1:]
    tests = passed(paths or [FOLDER])
    kept = {f: s for f, s in sections(page).items() if paths and (ROOT / f).exists()}
    new = {file: section(file, names) for file, names in tests.items()}
    tables = "".join(table for _, table in sorted({**kept, **new}.items()))
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{tables}{END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
