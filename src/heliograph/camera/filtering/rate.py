"""Event-rate control: a burst is thinned, and its time kept.

What a window has too much is left out evenly over the events as they were sent, so
that each part of the picture and of the window loses the same share. Sensors do it
likewise: https://docs.prophesee.ai/stable/hw/manuals/esp.html
"""

from heliograph.camera.jit import compiled
from heliograph.camera.types import Packet


class RateLimit:
    """Keeps at most *events_max* of each packet."""

    def __init__(self, events_max: int) -> None:
        self.events_max = events_max

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        return _keep_evenly(packet, out, min(self.events_max, len(packet))), 0


@compiled
def _keep_evenly(packet: Packet, out: Packet, share: int) -> int:
    """Keep *share* events, each time the sum of shares passes a whole packet."""
    n = owed = 0
    for i in range(len(packet)):
        owed += share
        if owed >= len(packet):
            owed -= len(packet)
            out[n] = packet[i]
            n += 1
    return n
