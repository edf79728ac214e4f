"""Bring what the fuzzer found into the corpus, as few and as small inputs as will do.

    .venv/bin/python fuzz/keep.py TARGET ...

An input is kept when what is judged goes a step that no smaller input makes it go: from
one line to another, for one kind of case. Findings are copied by hand, to
`fuzz/findings/TARGET/`, with the test of their repair.
"""

import importlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from case import written
from run import CORPUS, TARGETS, WORK, name_of

KINDS = {"sse": 1, "lane": 1, "raw": 6, "arrays": 5, "aedat4": 6, "hdf5": 2}
"""How many kinds of cases a target has, where it is not the four of a dialect."""
ROOMS = (
    "/heliograph/gateway/",
    "/heliograph/camera/reading/",
    "/fuzz/plain_events",
)
"""Where steps count: what is judged, and what judges compiled code."""
Step = tuple[str, int, int]


class Steps:
    """Notes every step from line to line in what is judged."""

    def __init__(self) -> None:
        self.seen: set[Step] = set()
        self.last: dict[FrameType, int] = {}

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - settrace's own
        """Note a step."""
        name = frame.f_code.co_filename
        if not any(room in name for room in ROOMS):
            return None
        if event == "return":
            self.last.pop(frame, None)
        else:
            now = frame.f_lineno
            self.seen.add((name, self.last.get(frame, 0), now))
            self.last[frame] = now
        return self


def main() -> int:
    """Keep what each target needs."""
    logging.disable()
    for name in sys.argv[1:] or TARGETS:
        kept = dict(needed(name))
        folder = CORPUS / name
        for old in folder.iterdir():
            old.unlink()
        for data in kept:
            (folder / name_of(data)).write_bytes(data)
        steps = set[tuple[int, Step]]().union(*kept.values())
        print(f"{name}: {len(kept)} inputs, {sum(map(len, kept))} bytes, "
              f"{len(steps)} steps")  # fmt: skip
    return 0


def needed(name: str) -> Iterator[tuple[bytes, set[tuple[int, Step]]]]:
    """Yield the inputs that add a step, the smallest first."""
    target = importlib.import_module(f"targets.{name}")
    seen: set[tuple[int, Step]] = set()
    for data in sorted(inputs(name, target), key=lambda data: (len(data), data)):
        steps = Steps()
        sys.settrace(steps)
        try:
            target.judge(data)
        finally:
            sys.settrace(None)
        kind = data[0] % KINDS.get(name, 4) if data else 0
        new = {(kind, step) for step in steps.seen} - seen
        if new:
            seen |= new
            yield data, new


def inputs(name: str, target: Any) -> set[bytes]:  # noqa: ANN401 - a module
    """Collect a target's seeds, its corpus and what was found."""
    folders: list[Path] = [CORPUS / name, WORK / "corpus" / name]
    paths = [path for folder in folders if folder.is_dir() for path in folder.iterdir()]
    return {path.read_bytes() for path in paths} | {
        written(*case) for case in target.seeds()
    }


if __name__ == "__main__":
    sys.exit(main())
