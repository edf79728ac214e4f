"""Streams as providers really sent them, recorded by others, event by event."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("HELIOGRAPH_DATA", ROOT.parent / "shared" / "data"))
# Azure's filter results come first, in a chunk that says of itself that it is "".
CHUNKS = ("chat.completion.chunk", "")
DONE = b"data: [DONE]\n\n"


def recorded(dialect: str) -> dict[str, list[bytes]]:
    """Return every recorded stream of *dialect* by name, as its events."""
    folder = DATA / "wire"
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} is not there: set HELIOGRAPH_DATA to the folder that holds "
            "wire/ (by default ../shared/data beside the repository)"
        )
    found = {}
    for path in sorted(folder.glob("*/*.chunks.txt")):
        lines = [line for line in path.read_bytes().splitlines() if line]
        events = _anthropic(lines) if dialect == "anthropic" else _openai(lines)
        if events:
            found[path.name.removesuffix(".chunks.txt")] = events
    return found


def _members(line: bytes) -> dict[str, object]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _openai(lines: Sequence[bytes]) -> list[bytes]:
    if any(_members(line).get("object") not in CHUNKS for line in lines):
        return []
    return [*(b"data: %s\n\n" % line for line in lines), DONE]


def _anthropic(lines: Sequence[bytes]) -> list[bytes]:
    """Return the first message: some recordings hold a whole talk."""
    kinds = [str(_members(line).get("type")) for line in lines]
    if kinds[0] != "message_start":
        return []
    last = kinds.index("message_stop")
    return [
        b"event: %s\ndata: %s\n\n" % (kind.encode(), line)
        for kind, line in zip(kinds[: last + 1], lines, strict=False)
    ]
