"""Rules of the house that no linter of ours checks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from architecture.tree import (
    FUNCTIONS,
    ROOT,
    functions,
    parsed,
    python_files,
    tracked,
    tracked_texts,
    where,
)

LINES_MAX = 400
FUNCTION_LINES_MAX = 60
FORBIDDEN_NAMES = frozenset(
    {"utils", "util", "helpers", "helper", "common", "core", "base", "lib", "misc",
     "manager", "handler", "service", "stuff"}
)  # fmt: skip
# In pieces, so that this file does not hold what it looks for.
UNFINISHED = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error"]
SKIPS = ["pytest.sk" + "ip", "mark.sk" + "ip", "mark.xf" + "ail", "importor" + "skip"]
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "yarnpkg" + ".com",
    "crates" + ".io",
    "golang" + ".org/",
    "goproxy" + ".",
    "rubygems" + ".org",
    "debian" + ".org/debian",
    "jsdelivr" + ".net",
    "unpkg" + ".com",
]
FOREIGN_PATHS = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/Us" + "ers/"]
PROOFS = frozenset({"raises", "fail", "until", "timeout"})
LOCKS = [
    f"requirements/{name}.txt"
    for name in (
        "dev",
        "weights",
        "fuzz",
        "openai-1",
        "openai-2",
        "peer-litellm",
        "peer-camera",
    )
]


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {
        str(path): (ROOT / path).read_text(encoding="utf-8").count("\n")
        for path in python_files("src", "tests", "bench", "fuzz")
    }
    assert lengths
    assert {p: n for p, n in lengths.items() if n >= LINES_MAX} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{where(path, node)} {node.name}": size
        for path in python_files("src", "tests", "bench", "fuzz")
        for node in functions(path)
        if (size := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    vague = [str(p) for p in tracked() if FORBIDDEN_NAMES & {*p.parts[:-1], p.stem}]
    assert vague == []


def test_no_python_file_hides_behind_an_underscore() -> None:
    allowed = {"__init__.py", "__main__.py"}
    files = python_files("src", "tests", "bench", "fuzz")
    assert [str(p) for p in files if p.name[0] == "_" and p.name not in allowed] == []


@pytest.mark.parametrize("word", UNFINISHED)
def test_nothing_is_left_for_later(word: str) -> None:
    found = re.compile(rf"\b{word}\b")
    assert [str(path) for path, text in tracked_texts() if found.search(text)] == []


@pytest.mark.parametrize("word", SKIPS)
def test_no_test_is_left_out(word: str) -> None:
    tests = python_files("tests")
    assert [str(p) for p in tests if word in (ROOT / p).read_text("utf-8")] == []


def catches(path: Path, names: frozenset[str | None]) -> Iterator[ast.ExceptHandler]:
    """Yield what catches one of *names* in a file; None is the bare `except:`."""
    yield from (
        node
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and names & {*caught(node.type)}
    )


def caught(kind: ast.expr | None) -> Iterator[str | None]:
    """Name what an `except` clause catches."""
    if isinstance(kind, ast.Tuple):
        for each in kind.elts:
            yield from caught(each)
    else:
        yield ast.unparse(kind) if kind is not None else None


def test_whatever_may_go_wrong_is_caught_in_one_place_only() -> None:
    places = [
        where(path, node)
        for path in python_files("src")
        for node in catches(path, frozenset({"Exception"}))
    ]
    assert len(places) == 1, places
    assert places[0].startswith("src/heliograph/gateway/server/cycle.py:")


def test_what_is_caught_whatever_it_is_is_raised_again() -> None:
    broad: frozenset[str | None] = frozenset({None, "BaseException"})
    kept = [
        where(path, node)
        for path in python_files("src", "tests", "bench", "fuzz")
        for node in catches(path, broad)
        if ast.unparse(node.body[-1]) != "raise"
    ]
    assert kept == []


@pytest.mark.parametrize("name", REGISTRIES + FOREIGN_PATHS)
def test_no_registry_and_no_path_of_somebodys_machine_is_named(name: str) -> None:
    assert [str(path) for path, text in tracked_texts() if name in text] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    bare = re.sub(r"#.*", "", text).replace("\\\n", " ")
    entries = [line.strip() for line in bare.splitlines() if line.strip()]
    assert entries
    for entry in entries:
        name, _, rest = entry.partition("==")
        assert rest, entry
        assert "--hash=sha256:" in rest, name
        assert not entry.startswith("-"), entry


def undocumented(path: Path) -> Iterator[str]:
    """Yield the public names of a file that say nothing of themselves."""
    module = parsed(path)
    if ast.get_docstring(module) is None:
        yield f"{path}:1"
    public: list[ast.stmt] = [*module.body]
    for node in public:
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)) or node.name[0] == "_":
            continue
        if ast.get_docstring(node) is None:
            yield f"{where(path, node)} {node.name}"
        if isinstance(node, ast.ClassDef):
            public += node.body


def test_everything_public_says_what_it_is() -> None:
    files = python_files("src")
    assert [place for path in files for place in undocumented(path)] == []


def proves(node: ast.AST, known: frozenset[str]) -> bool:
    """Say whether this checks anything: an assertion, or a call of what is *known* to.

    `until` and `timeout` wait for what must come true, and fail when it does not.
    """
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = ast.unparse(node.func).rpartition(".")[2]
    return name in known or name.startswith(("assert_", "check", "expect"))


def asserting(path: Path) -> frozenset[str]:
    """Name the functions of a file that assert something for the tests in it."""
    found = {
        node.name
        for node in functions(path)
        if any(isinstance(inner, ast.Assert) for inner in ast.walk(node))
    }
    return PROOFS | found


def idle_tests(path: Path) -> Iterator[str]:
    """Yield the tests of a file that check nothing."""
    known = asserting(path)
    for node in functions(path):
        if not node.name.startswith("test_"):
            continue
        if not any(proves(inner, known) for inner in ast.walk(node)):
            yield f"{where(path, node)} {node.name}"


def test_every_test_can_fail() -> None:
    files = python_files("tests")
    assert len(files) > 50
    assert [place for path in files for place in idle_tests(path)] == []
