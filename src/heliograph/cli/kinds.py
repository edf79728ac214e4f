"""Which half a config file is for, told without loading the camera's packages."""

from pathlib import Path

CAMERA_KEYS = frozenset(
    {
        "camera",
        "gateway",
        "capture",
        "filters",
        "detector",
        "captioning",
        "spool",
        "view",
        "zones",
        "lines",
        "metrics",
        "mqtt",
        "snapshots",
        "clips",
        "webhook",
    }
)
"""What a camera's file may begin a section with, and a gateway's may not."""


def is_for_camera(path: Path) -> bool:
    """Say whether the file at *path* is a camera's; one that cannot be read is not."""
    from heliograph.yaml_reading.text_file import top_keys

    keys = top_keys(path)
    return not keys.isdisjoint(CAMERA_KEYS) and "providers" not in keys
