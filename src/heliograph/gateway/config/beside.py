"""A file that the config names: its path counts from the configuration's folder.

Whoever names one that cannot be read is told so where it is named.
"""

from pathlib import Path
from typing import NamedTuple

from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.values import Reading, read_text, shown

FIX = "check the path, which counts from this file's folder, and its mode"


class Beside(NamedTuple):
    """What is in a file, and where it is; *shown* is how a message names it."""

    path: Path
    data: bytes
    shown: str


def place_beside(file: str, text: str) -> Path:
    """Say where *text*, a path in the config *file*, leads to."""
    return Path(file).parent / text


def read_beside(
    reading: Reading, node: Node, key: str, *, bytes_max: int
) -> Beside | None:
    """Read the first *bytes_max* of the file that *node* names; None is reported."""
    text = read_text(reading, node, key, what="the path of a file")
    if text is None:
        return None
    path = place_beside(reading.file, text)
    try:
        with path.open("rb") as file:
            return Beside(path, file.read(bytes_max), shown(text))
    except (OSError, ValueError) as error:
        said = (getattr(error, "strerror", None) or "not a path").lower()
        reading.report(node, key, f"{shown(text)} cannot be read: {said}", fix=FIX)
        return None
