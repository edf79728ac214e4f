"""The events before a moment, read from begin to end and no further than needed."""

from collections import deque

import numpy as np

from heliograph.camera.reading.recording import Recording
from heliograph.camera.types import EVENT, Packet


class History:
    """Packets of *recording*, of which only the last *history_us* are kept.

    So a recording of an hour takes no more memory than its history. Whoever made the
    recording closes it.
    """

    def __init__(self, recording: Recording, history_us: int) -> None:
        if history_us < 1:
            raise ValueError(f"history_us must be at least 1, not {history_us}")
        self._recording = recording
        self._history_us = history_us
        self._held: deque[tuple[int, Packet]] = deque()
        self.ended = False

    def until(self, t_us: int) -> Packet:
        """Return the events in (*t_us* - history, *t_us*]; *t_us* must not go back.

        Fewer where the recording begins later or ended before. Raises
        `BrokenRecordingError` where the recording goes wrong before *t_us*.
        """
        begin_us = t_us - self._history_us
        recording = self._recording
        if not self.ended and recording.now_us < begin_us:
            # Decoded and dropped at once, which is cheaper than in packets.
            recording.seek(begin_us)
            self._held.clear()
        while not self.ended and recording.now_us <= t_us:
            self._read()
        while self._held and self._held[0][0] <= begin_us:
            self._held.popleft()
        return _between(list(self._held), begin_us, t_us)

    def whole(self) -> tuple[int, Packet]:
        """Read to the end; return the last event's time and the events before it.

        The time is where the recording begins, where it has no event at all.
        """
        last_us = self._recording.begin_us
        while not self.ended:
            if len(packet := self._read()):
                last_us = max(last_us, int(packet["t"].max()))
                while self._held[0][0] <= last_us - self._history_us:
                    self._held.popleft()
        return last_us, _between(list(self._held), last_us - self._history_us, last_us)

    def _read(self) -> Packet:
        packet = next(self._recording, None)
        if packet is None:
            self.ended = True
            return np.empty(0, EVENT)
        if len(packet):
            # A sensor's clock may step back, so the newest is not always the last.
            self._held.append((int(packet["t"].max()), packet))
        return packet


def _between(held: list[tuple[int, Packet]], begin_us: int, end_us: int) -> Packet:
    """Return what of the *held* packets lies in (*begin_us*, *end_us*]."""
    pieces = [
        packet
        if begin_us < packet["t"].min() and newest_us <= end_us
        else packet[(packet["t"] > begin_us) & (packet["t"] <= end_us)]
        for newest_us, packet in held
    ]
    if not pieces:
        return np.empty(0, EVENT)
    # As bytes: numpy joins records field by field, many times slower.
    joined = np.concatenate(
        [np.ascontiguousarray(one).view(np.uint8) for one in pieces]
    )
    return joined.view(EVENT)
