"""Where the real recordings are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("HELIOGRAPH_DATA", ROOT.parent / "shared" / "data"))


def recording_path(name: str) -> Path:
    """Return the path of the recording *name*, or fail with how to give it."""
    path = DATA / "recordings" / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there: set HELIOGRAPH_DATA to the folder that holds "
            "recordings/ (by default ../shared/data beside the repository)"
        )
    return path


def labelled_path(name: str) -> Path:
    """Return the folder of labelled recordings *name*, or fail with how to give it."""
    path = DATA / "labelled" / name
    if not path.is_dir():
        raise FileNotFoundError(
            f"{path} is not there: set HELIOGRAPH_DATA to the folder that holds "
            "labelled/ (by default ../shared/data beside the repository)"
        )
    return path
