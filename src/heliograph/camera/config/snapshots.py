"""The `snapshots` section: where the pictures of captions are kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from heliograph.camera.config.folder import read_folder
from heliograph.camera.config.knobs import Knob, read_knobs
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.ranges import counts
from heliograph.yaml_reading.values import Reading

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class SnapshotSettings:
    """A *folder* of at most `bytes_max` of pictures; the oldest give way."""

    folder: Path
    bytes_max: int = 1_024 * MB


SNAPSHOT_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {"mb_max": Knob("bytes_max", counts(1, 10_000_000), MB)}
)
SNAPSHOT_KEYS = ("folder", *SNAPSHOT_KNOBS)


def read_snapshots(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the folder, where it is written."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of a folder and its bound",
        knobs=SNAPSHOT_KNOBS,
        also=("folder",),
    )
    folder = read_folder(reading, node, key)
    if folder is None:
        return {}
    return {"snapshots": SnapshotSettings(folder, **found)}
