"""What was asked for when labels were opened, as the readers are told it."""

from dataclasses import dataclass

from heliograph.camera.types import Size
from heliograph.labelled.boxes import EVERY_LABEL, Judging
from heliograph.labelled.classes import ClassMap


@dataclass(frozen=True, slots=True)
class Request:
    """How much is seen before each label, how often, and which labels count.

    *classes* is None where the reader knows them, *size* where the files tell it.
    """

    history_us: int
    every_us: int | None = None
    classes: ClassMap | None = None
    size: Size | None = None
    judging: Judging = EVERY_LABEL
