"""Where the real recordings are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def recording_path(name: str) -> Path:
    """Return the path of the recording *name*, or fail with how to give it."""
    data = Path(os.environ.get("HELIOGRAPH_DATA", ROOT.parent / "shared" / "data"))
    path = data / "recordings" / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is not there: set HELIOGRAPH_DATA to the folder that holds "
            "recordings/ (by default ../shared/data beside the repository)"
        )
    return path
