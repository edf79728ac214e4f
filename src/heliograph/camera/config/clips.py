"""The `clips` section: where the recording around captions is kept, and how much."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.folder import read_folder
from heliograph.camera.config.knobs import US_PER_S, Knob, read_knobs
from heliograph.yaml_reading.document import Node
from heliograph.yaml_reading.ranges import Range, counts, seconds
from heliograph.yaml_reading.values import Reading

MB = 1 << 20
S_PER_HOUR = 3_600
SIDE_S_MAX = 60


@dataclass(frozen=True, slots=True)
class ClipSettings:
    """A *folder* of `bytes_max` of clips at most, kept for `keep_s`, None is for ever.

    A clip reaches from `before_us` before its picture to `after_us` behind it. Where
    less than `free_bytes_min` is free on the disk the oldest give way, and where none
    is left there is no new one. What cannot be read twice is held in memory, and that
    is `memory_bytes_max` at most.
    """

    folder: Path
    before_us: int = 2 * US_PER_S
    after_us: int = 2 * US_PER_S
    bytes_max: int = 4_096 * MB
    keep_s: float | None = None
    free_bytes_min: int = 512 * MB
    memory_bytes_max: int = 64 * MB

    def __post_init__(self) -> None:
        if self.before_us < 0 or self.after_us < 0:
            raise SettingError("clips: a time before or after cannot be below 0")
        if self.before_us + self.after_us == 0:
            raise SettingError("clips: before and after cannot both be 0: nothing is")
        if self.memory_bytes_max < 1:
            raise SettingError("clips: memory_bytes_max must be above 0")


SIDE_S = seconds(SIDE_S_MAX, zero=True)
CLIP_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "before_s": Knob("before_us", SIDE_S, US_PER_S),
        "after_s": Knob("after_us", SIDE_S, US_PER_S),
        "mb_max": Knob("bytes_max", counts(1, 100_000_000), MB),
        "keep_hours": Knob("keep_s", Range(0, 87_600, "hours", above=True), S_PER_HOUR),
        "free_mb_min": Knob("free_bytes_min", counts(0, 100_000_000), MB),
        "memory_mb_max": Knob("memory_bytes_max", counts(1, 65_536), MB),
    }
)
CLIP_KEYS = ("folder", *CLIP_KNOBS)


def read_clips(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the clips, where their folder is written."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of a folder, times and bounds",
        knobs=CLIP_KNOBS,
        also=("folder",),
    )
    folder = read_folder(reading, node, key)
    if found.get("before_us") == found.get("after_us") == 0:
        fix = "write seconds above 0 for one of them"
        reading.report(node, key, "before_s and after_s are both 0", fix=fix)
        return {}
    return {} if folder is None else {"clips": ClipSettings(folder, **found)}
