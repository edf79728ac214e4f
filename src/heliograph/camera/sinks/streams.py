"""What a stream is called, so that an alert in it has the same id each time.

And that nothing is written over what is read.
"""

import hashlib
import os
import re
import secrets
from pathlib import Path

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.spool import SpoolSettings
from heliograph.camera.reading.sources import is_stdin

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


def mark_of(source: str | os.PathLike[str], *, resume: bool) -> str:
    """Return a mark of what is watched: the same each time, or of this time only."""
    path, once = file_of(source), secrets.token_hex(4)
    if path is None:
        return f"live-{once}"
    return name_stream(path) if resume else f"{name_stream(path)}-{once}"


def file_of(source: str | os.PathLike[str]) -> Path | None:
    """Return the file that *source* is; None for what can be read once."""
    return None if is_stdin(source) or not Path(source).is_file() else Path(source)


def keep_apart(
    source: str | os.PathLike[str],
    out: Path | None,
    spool: SpoolSettings | None,
    *,
    resume: bool,
) -> None:
    """Refuse to add captions to the recording or the spool, or to resume from none."""
    if resume and spool is None:
        raise SettingError(
            "without a spool nothing is known that could be resumed: name the one of "
            "the last watch with --spool FILE, or leave out --resume"
        )
    if out is not None and spool is not None and out.resolve() == spool.file.resolve():
        raise SettingError(f"{out} is the spool; name another file for captions")
    path = Path(source)
    if out is None or is_stdin(source):
        return
    if out.exists() and path.exists() and out.samefile(path):
        raise SettingError(
            f"{out} is the recording: captions would be written into it; name another "
            "file for them"
        )
