"""The tracked files, and Python files as trees."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def tracked() -> list[Path]:
    """List what git keeps and the working tree still has, relative to the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    names = listed.stdout.decode().split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


def tracked_texts() -> Iterator[tuple[Path, str]]:
    """Yield every tracked file that is text."""
    for path in tracked():
        try:
            yield path, (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a recording


def python_files(*folders: str) -> list[Path]:
    """List the tracked Python files below *folders*."""
    return [p for p in tracked() if p.suffix == ".py" and p.parts[0] in folders]


def parsed(path: Path) -> ast.Module:
    """Parse a tracked file."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    """Yield every function of a file, nested ones too."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, FUNCTIONS):
            yield node


def where(path: Path, node: ast.stmt | ast.ExceptHandler) -> str:
    """Name a place as editors understand it."""
    return f"{path}:{node.lineno}"
