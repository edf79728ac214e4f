"""What makes a recording of its own of a part of a RAW stream: no word is changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.reading import raw_header
from heliograph.camera.reading.pieces import Words
from heliograph.camera.types import Size

Lead: TypeAlias = Callable[[NDArray[np.void]], bytes]
"""Returns the words that bring a fresh decoder to a state: a TIME_HIGH first."""


@dataclass(frozen=True, slots=True)
class RawForm:
    """The stream's *words*, its header's *fields*, its *format* and what leads in."""

    words: Words
    fields: Mapping[str, str]
    format: str
    lead: Lead

    def header(self, size: Size) -> bytes:
        """Return the header of a part of it: the stream's own, with *size*."""
        return raw_header.written(self.fields, self.format, size)


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """What one window was decoded from: bytes *begin* to *end* of the stream.

    *state* is the decoder's at *begin*, dtype `STATE`, shape (1,).
    """

    state: NDArray[Any]
    begin: int
    end: int
