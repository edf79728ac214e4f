"""What a stream is called, so that an alert in it has the same id each time."""

import hashlib
import re
from pathlib import Path

HEAD_BYTES = 1 << 16
STEM_CHARS_MAX = 40


def name_stream(path: Path) -> str:
    """Return a name of the recording at *path*: its file's, and a mark of its content.

    Two recordings of one name differ by the mark, and a copy has the same. Raises
    `OSError` where it cannot be read.
    """
    with path.open("rb") as file:
        mark = hashlib.sha256(file.read(HEAD_BYTES)).hexdigest()[:8]
    stem = re.sub(r"[^A-Za-z0-9_.]+", "_", path.stem)[:STEM_CHARS_MAX]
    return f"{stem}-{mark}"
