"""Where a network's weights are: a file of the user's, or the one in the package."""

from importlib.resources import files
from pathlib import Path

from heliograph.camera.config.errors import SettingError

SHIPPED = ("weights", "detector.onnx")
"""Below this package."""
BYTES_MAX = 64 << 20
"""A detector has some hundred kilobytes; what is larger is something else."""


def read_weights(path: Path | None) -> tuple[str, bytes]:
    """Return name and bytes of the weights at *path*, or of those in the package.

    Raises `SettingError` where there are none, or `OSError` is all that they give.
    """
    if path is None:
        shipped = files("heliograph.camera.detection").joinpath(*SHIPPED)
        if not shipped.is_file():
            raise SettingError(
                "no weights ship with this version: name a file, --weights FILE or "
                "weights: in the detector section, or choose --detector blobs"
            )
        return shipped.name, shipped.read_bytes()
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingError(f"cannot read the weights {path}: {why}") from error
    if len(data) > BYTES_MAX:
        raise SettingError(
            f"{path} holds no weights of a detector: it is larger than "
            f"{BYTES_MAX >> 20} MB"
        )
    return path.name, data
