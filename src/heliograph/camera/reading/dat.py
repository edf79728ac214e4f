"""DAT: a header of lines, the kind and size of an event, then 8 bytes an event.

An event is its time in us, 32 bits, which wraps every 71 min 35 s, and x (14 bits),
y (14) and polarity (4). There are no words that only tell time.

A header without a Version is read as one of version 2, as Prophesee's own reader does
(openeb, `metavision_core/event_io/dat_tools.py`), unless what follows can only be of an
older one.

Source: https://docs.prophesee.ai/stable/data/file_formats/dat.html
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from heliograph.camera.jit import compiled
from heliograph.camera.reading import raw_header
from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.reading.pieces import Words
from heliograph.camera.reading.recording import Opened
from heliograph.camera.reading.sources import Source, read_exactly
from heliograph.camera.reading.state import BACK_US_MAX, RECORD_GAP_US_MAX, Fault
from heliograph.camera.types import Size

EVENT_2D = 0
EVENT_CD = 12
EVENT_BYTES = 8
OLD_VERSIONS = frozenset({"0", "1"})
OLD_BITS = 18
"""An old event's x in 9 bits, its y in 8 and its polarity in one."""
OLD_EVENTS = 1_000
"""So many are looked at. Of version 2 all would be off, in the first 16 rows."""
PERIOD_US = 1 << 32
BACK_OR_LEAP = int(Fault.BACK_OR_LEAP)


@compiled
def _set_time(s: Any, low: int) -> bool:  # noqa: ANN401 - a numba record has no type
    """Take in the 32 bits of an event's time; false where it cannot be meant."""
    if s.started == 0:
        s.started = 1
        s.t_us = s.newest_us = low
        return True
    step_us = (low - s.t_us) % PERIOD_US
    if step_us >= PERIOD_US - BACK_US_MAX:
        step_us -= PERIOD_US
    elif step_us > RECORD_GAP_US_MAX:
        # 32 bits do not tell an hour and more ahead from some minutes behind.
        s.fault = BACK_OR_LEAP
        return False
    t_us: Any = s.t_us + step_us
    if s.newest_us - t_us > BACK_US_MAX:
        # Many small steps back are a large one.
        s.fault = BACK_OR_LEAP
        return False
    s.newest_us = max(s.newest_us, t_us)
    if t_us - low != s.epoch_us:
        s.wraps += 1 if t_us - low > s.epoch_us else -1
        s.epoch_us = t_us - low
    s.time_steps_back += t_us < s.t_us
    s.t_us = t_us
    return True


@compiled
def decode(
    words: NDArray[np.uint64],
    state: NDArray[np.void],
    until_us: int,
    events: NDArray[np.void],
    triggers: NDArray[np.void],
) -> tuple[int, int, int]:
    """Decode *words* until the time reaches *until_us*, the buffer is full or a fault.

    Return how many words were taken, events and triggers (none) written. The event
    that reaches *until_us* is left, as is one at fault.
    """
    s = state[0]
    n = at = 0
    while at < len(words) and n < len(events) and len(triggers) > 0:
        word = words[at]
        low: Any = np.int64(word & np.uint64(0xFFFFFFFF))
        if not _set_time(s, low):
            break
        if s.t_us >= until_us:
            break
        place: Any = np.int64(word >> np.uint64(32))
        x = place & 0x3FFF
        y = (place >> 14) & 0x3FFF
        if x < s.width and y < s.height:
            events[n].x = x
            events[n].y = y
            events[n].p = (place >> 28) & 1
            events[n].t = s.t_us
            n += 1
        else:
            s.out_of_bounds += 1
        at += 1
    s.events += n
    return at, n, 0


def open_dat(source: Source) -> Opened:
    """Read the header of a DAT file; raises `ForeignFileError` for other events."""
    fields, at = raw_header.split(source.head, source.name)
    kind, size = (*source.head[at : at + 2], 0, 0)[:2]
    if kind not in (EVENT_2D, EVENT_CD) or size != EVENT_BYTES:
        raise ForeignFileError(
            f"{source.name}: a DAT file of events of type {kind} in {size} bytes, at "
            f"byte {at}; supported are CD events (types {EVENT_2D} and {EVENT_CD}, "
            f"{EVENT_BYTES} bytes)"
        )
    version, payload = fields.get("Version"), source.head[at + 2 :]
    if version is None and (missing := OLD_EVENTS * EVENT_BYTES - len(payload)) > 0:
        # Whatever a pipe has brought by now, the same is judged.
        payload += read_exactly(source.stream, missing)
    if version in OLD_VERSIONS or (version is None and _are_old(payload)):
        old = "an old version" if version is None else f"version {version}"
        raise ForeignFileError(
            f"{source.name}: a DAT file of {old}, whose events have x in 9 bits and y "
            "in 8; supported is version 2: convert it"
        )
    return Opened(
        format="DAT",
        pieces=Words(
            source.stream,
            np.dtype("<u8"),
            first=payload,
            at=at + 2,
            origin=source.origin,
        ),
        decode=decode,
        size=_size(fields, source.name),
        ask="the header of this DAT file tells no Width and Height",
        nothing="no event in the {bytes} bytes after the header: it is empty",
    )


def _are_old(payload: bytes) -> bool:
    """Say whether the first events of *payload* fill the old bits alone."""
    if len(payload) < OLD_EVENTS * EVENT_BYTES:
        return False
    places = np.frombuffer(payload, "<u4", count=2 * OLD_EVENTS)[1::2]
    return not (places >> OLD_BITS).any()


def _size(fields: dict[str, str], name: str) -> Size | None:
    if "Width" not in fields or "Height" not in fields:
        return None
    return raw_header.checked_size(fields["Width"], fields["Height"], name)
