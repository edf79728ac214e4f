"""Recordings with boxes: what a detector is judged by, and learns from.

Beside the halves: it reads events with the camera's readers, and neither half knows it.
"""

from heliograph.labelled.boxes import PROPHESEE_1MPX, PROPHESEE_GEN1, Judging
from heliograph.labelled.classes import CLASS_MAPS, CLASSES, ClassMap
from heliograph.labelled.errors import LabelError
from heliograph.labelled.opening import open_labelled
from heliograph.labelled.window import LabelledWindow

__all__ = [
    "CLASSES",
    "CLASS_MAPS",
    "PROPHESEE_1MPX",
    "PROPHESEE_GEN1",
    "ClassMap",
    "Judging",
    "LabelError",
    "LabelledWindow",
    "open_labelled",
]
