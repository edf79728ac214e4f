"""Event-rate control: a burst is thinned, and its time kept.

What a window has too much is left out evenly over the events as they were sent, so
that each part of the picture and of the window loses the same share. Sensors do it
likewise: https://docs.prophesee.ai/stable/hw/manuals/esp.html
"""

from heliograph.camera.jit import compiled
from heliograph.camera.types import Packet

HALVINGS_MAX = 4
ONE_OF_MAX = 64


class RateLimit:
    """Keeps at most *events_max* of each packet, and less for whoever is late.

    Each packet that comes late leaves a quarter of what is kept of it and the next
    ones, down to a 16th; each that is in time doubles it again. Down fast and up
    slowly, as the delay of a few windows is all there is to spend.
    """

    def __init__(self, events_max: int) -> None:
        self.events_max = events_max
        self._halvings = 0

    def pace(self, *, late: bool) -> None:
        """Say once a packet whether it comes *late*."""
        step = 2 if late else -1
        self._halvings = min(max(self._halvings + step, 0), HALVINGS_MAX)

    @property
    def allowed(self) -> int:
        """How many events of the next packet are kept."""
        return max(1, self.events_max >> self._halvings)

    def one_of(self, came: int) -> int:
        """Return of how many parts one is enough, where as much as *came* comes next.

        What is read of them is at least what is kept.
        """
        return min(max(1, came // self.allowed), ONE_OF_MAX)

    def keep(self, packet: Packet, out: Packet) -> tuple[int, int]:
        """Copy what stays to *out*; return how many, and how many lay outside."""
        return _keep_evenly(packet, out, min(self.allowed, len(packet))), 0


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
