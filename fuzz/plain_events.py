"""RAW and DAT payloads read as their formats say, without regard to speed.

The bounds on time are ours: what is no wrap and no small step back ends the reading.
"""

import struct
from dataclasses import dataclass, field

from heliograph.camera.types import Size

Event = tuple[int, int, int, int]
Trigger = tuple[int, int, int]
GAP_US = 1 << 24
HOUR_US = 3_600_000_000


@dataclass
class Plain:
    """What a payload says: events (x, y, p, t), triggers (p, t, id), a failure."""

    size: Size
    events: list[Event] = field(default_factory=list)
    triggers: list[Trigger] = field(default_factory=list)
    started: bool = False
    failed: bool = False
    outside: int = 0
    now: int = 0

    def emit(self, x: int, y: int, p: int) -> None:
        """Take an event at the time that it is, if the sensor has its pixel."""
        if x < self.size.width and y < self.size.height:
            self.events.append((x, y, p, self.now))
        else:
            self.outside += 1


def evt2(payload: bytes, size: Size) -> Plain:
    """Read EVT2."""
    plain, clock = Plain(size), Clock2()
    for (word,) in struct.iter_unpack("<I", whole(payload, 4)):
        if not word2(plain, clock, word, 1 << 0):
            break
    return plain


def evt21(payload: bytes, size: Size, *, legacy: bool = False) -> Plain:
    """Read EVT2.1."""
    plain, clock = Plain(size), Clock2()
    for low, high in struct.iter_unpack("<II", whole(payload, 8)):
        head, mask = (low, high) if legacy else (high, low)
        if not word2(plain, clock, head, mask):
            break
    return plain


class Clock2:
    """EVT2's time: 28 bits in units of 64 us."""

    def __init__(self) -> None:
        self.high = 0
        self.epoch = 0
        self.newest = 0


def word2(plain: Plain, clock: Clock2, word: int, mask: int) -> bool:
    """Take a word of EVT2 for the pixels of *mask*; false where it is wrong."""
    kind, low = word >> 28, word >> 22 & 0x3F
    if kind == 8:
        return high2(plain, clock, word & 0xFFFFFFF)
    if not plain.started:
        return True
    if kind in (0, 1, 10):
        plain.now = clock.epoch + (clock.high << 6) + low
    if kind in (0, 1):
        for bit in range(32):
            if mask >> bit & 1:
                plain.emit((word >> 11 & 0x7FF) + bit, word & 0x7FF, kind)
    elif kind == 10:
        plain.triggers.append((word & 1, plain.now, word >> 8 & 0x1F))
    return True


def high2(plain: Plain, clock: Clock2, high: int) -> bool:
    """Take a time word of EVT2."""
    if not plain.started:
        plain.started, clock.high = True, high
        plain.now = clock.newest = high << 6
        return True
    epoch = clock.epoch
    if high <= clock.high - (1 << 27):
        epoch += 1 << 34
    elif high - clock.high == (1 << 28) - 1 and epoch:
        epoch -= 1 << 34
    told = epoch + (high << 6)
    step = told - (clock.epoch + (clock.high << 6))
    if told < clock.newest - 64 or step >> 6 > GAP_US >> 6:
        plain.failed = True
        return False
    clock.newest = max(clock.newest, told)
    if high != clock.high:
        clock.high, clock.epoch = high, epoch
        plain.now = epoch + (high << 6)
    return True


def evt3(payload: bytes, size: Size) -> Plain:  # noqa: C901, PLR0912 - one switch
    """Read EVT3."""
    plain = Plain(size)
    row, base, polarity, high, epoch, newest = -1, -1, 0, 0, 0, 0
    for (word,) in struct.iter_unpack("<H", whole(payload, 2)):
        kind, value = word >> 12, word & 0xFFF
        if kind == 8:
            if plain.started and value != high:
                if high - value >= 1 << 11:
                    epoch += 1 << 24
                elif value - high == 0xFFF and epoch:
                    epoch -= 1 << 24
                if epoch + (value << 12) < newest - (1 << 12):
                    plain.failed = True
                    break
            if not plain.started or value != high:
                plain.now = epoch + (value << 12)
                newest = max(newest, plain.now)
            plain.started, high = True, value
        elif not plain.started:
            continue
        elif kind == 0:
            row = value & 0x7FF
        elif kind == 2 and row >= 0:
            plain.emit(value & 0x7FF, row, value >> 11)
        elif kind == 3:
            base, polarity = value & 0x7FF, value >> 11
        elif kind in (4, 5) and base >= 0:
            bits = 12 if kind == 4 else 8
            for bit in range(bits):
                if value >> bit & 1 and row >= 0:
                    plain.emit(base + bit, row, polarity)
            base += bits
        elif kind == 6:
            plain.now = epoch + (high << 12) + value
        elif kind == 10:
            plain.triggers.append((value & 1, plain.now, value >> 8))
    return plain


def dat(payload: bytes, size: Size) -> Plain:
    """Read DAT."""
    plain, newest = Plain(size), 0
    for low, place in struct.iter_unpack("<II", whole(payload, 8)):
        if plain.started:
            ahead = (low - plain.now) % (1 << 32)
            behind = (plain.now - low) % (1 << 32)
            if behind <= 1 << 12:
                ahead = -behind
            if ahead > HOUR_US or plain.now + ahead < newest - (1 << 12):
                plain.failed = True
                break
            plain.now += ahead
        else:
            plain.started, plain.now = True, low
        newest = max(newest, plain.now)
        plain.emit(place & 0x3FFF, place >> 14 & 0x3FFF, place >> 28 & 1)
    return plain


def whole(payload: bytes, word_bytes: int) -> bytes:
    """Return *payload* without a word that was cut."""
    return payload[: len(payload) // word_bytes * word_bytes]
