"""Whether a watch makes pictures of events, and by which network."""

from typing import TYPE_CHECKING

from heliograph.camera.config.settings import WatchSettings

if TYPE_CHECKING:
    from heliograph.camera.reconstruction.network import Reconstruction


def reckoner_of(settings: WatchSettings) -> "Reconstruction | None":
    """Return the network that *settings* name, None where they name none.

    Raises `SettingError` for a file that cannot be used.
    """
    if settings.reconstruction is None:
        return None
    # onnxruntime is 20 MB that a watch without does without.
    from heliograph.camera.reconstruction.network import (  # noqa: PLC0415
        Reconstruction,
    )

    return Reconstruction(settings.reconstruction)
