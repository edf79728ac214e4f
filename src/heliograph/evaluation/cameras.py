"""How the camera moved in each recording of a folder, where its index says so.

What stands still emits nothing before a camera that stands still, and much before one
that moves: a detector is a different one on each, and its user has one of them.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from heliograph.labelled.bbox_npy import SCENES
from heliograph.labelled.errors import LabelError


class _Scene(msgspec.Struct):
    recording: str = ""
    camera: str = ""


class _Index(msgspec.Struct):
    scenes: list[_Scene] = []


def cameras_of(folder: Path) -> Mapping[str, str]:
    """Return the camera's motion by a recording's file name; nothing without an index.

    Raises `LabelError` for an index that cannot be read.
    """
    path = folder / SCENES
    if not path.is_file():
        return {}
    try:
        index = msgspec.json.decode(path.read_bytes(), type=_Index)
    except (msgspec.DecodeError, OSError) as error:
        raise LabelError(
            f"{path} is no index of scenes ({error}): remove it, or simulate them again"
        ) from error
    return {one.recording: one.camera for one in index.scenes}
