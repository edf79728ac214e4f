"""The role every detector plays."""

from typing import Protocol

from heliograph.camera.types import Box, Packet


class Detector(Protocol):
    """Finds boxes in what it is given, packet by packet, and draws what it looks at."""

    def update(self, packet: Packet) -> None:
        """Take in *packet*, which has gone through the filters and is not modified."""
        ...

    def detect(self, now_us: int) -> list[Box]:
        """Return what is there at *now_us*, best first, in sensor pixels.

        Asked twice at one time it says the same. A box that `is_weak` is evidence of a
        thing that is known already, and of nothing else.
        """
        ...
