"""The noun of this room: a moment of a recording, and what is known to be on it."""

from dataclasses import dataclass

from heliograph.camera.types import Box, Packet, Size


@dataclass(frozen=True, slots=True)
class LabelledWindow:
    """Events of *source* in (`t_us` - history, `t_us`], and the boxes at its end.

    *events* has dtype `EVENT`. *boxes* are in sensor pixels, cut at the border, and
    their label is one of `CLASSES`. *ignored* are boxes of things that are not judged:
    a detector is neither right nor wrong to find them.
    """

    source: str
    size: Size
    events: Packet
    t_us: int
    boxes: tuple[Box, ...]
    ignored: tuple[Box, ...]
