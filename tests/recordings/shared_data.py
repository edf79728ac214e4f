"""Where the real recordings and pictures are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("HELIOGRAPH_DATA", ROOT.parent / "shared" / "data"))


def recording_path(name: str) -> Path:
    """Return the path of the recording *name*, or fail with how to give it."""
    return _there("recordings", name)


def labelled_path(name: str) -> Path:
    """Return the folder of labelled recordings *name*, or fail with how to give it."""
    return _there("labelled", name)


def images_path(name: str) -> Path:
    """Return the folder of masked pictures *name*, or fail with how to give it."""
    return _there("images", name)


def _there(kind: str, name: str) -> Path:
    path = DATA / kind / name
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is not there: set HELIOGRAPH_DATA to the folder that holds "
            f"{kind}/ (by default ../shared/data beside the repository)"
        )
    return path
