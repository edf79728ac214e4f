"""Where a network's weights are: a file of the user's, or the one in the package."""

from importlib.resources import files
from pathlib import Path

from heliograph.camera.config.errors import SettingError
from heliograph.camera.networks.file import read_network

SHIPPED = ("weights", "detector.onnx")
"""Below this package."""


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
    return path.name, read_network(path, what="a detector")
