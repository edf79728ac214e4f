"""The `spool` section: where pictures wait for a model, and how many."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.knobs import Knob, read_knobs
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.ranges import Range, counts
from heliograph.yaml_reading.values import Reading, read_text

MB = 1 << 20
S_PER_HOUR = 3_600


@dataclass(frozen=True, slots=True)
class SpoolSettings:
    """A spool in *file* of at most `rows_max` pictures and `bytes_max` of them.

    A picture is worth a caption for `keep_s`. Beside the live ones `captions_per_s` are
    asked for at most.
    """

    file: Path
    rows_max: int = 5_000
    bytes_max: int = 256 * MB
    keep_s: float = 86_400.0
    captions_per_s: float = 0.5

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not isinstance(value, Path) and not value > 0:
                raise SettingError(f"spool: {name} must be above 0, not {value}")


SPOOL_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "rows_max": Knob("rows_max", counts(1, 1_000_000)),
        "mb_max": Knob("bytes_max", counts(1, 1_000_000), MB),
        "keep_hours": Knob("keep_s", Range(0, 8_760, "hours", above=True), S_PER_HOUR),
        "captions_per_s": Knob("captions_per_s", Range(0, 100, above=True)),
    }
)
SPOOL_KEYS = ("file", *SPOOL_KNOBS)


def read_spool(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the spool, where its file is written."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of a file and its bounds",
        knobs=SPOOL_KNOBS,
        also=("file",),
    )
    if not isinstance(node, MappingNode):
        return {}
    if "file" not in node.entries:
        reading.report(
            node, key, "no file is named", fix="write file: and a path below it"
        )
        return {}
    where = f"{key}.file"
    file = read_text(reading, node.entries["file"].value, where, what="a path")
    return {} if file is None else {"spool": SpoolSettings(Path(file), **found)}
