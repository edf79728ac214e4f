"""RAW and DAT files: the compiled decoders against a plain reading of each format.

The choice is the format, whose header is put before the wire; the last one takes the
wire for a whole file, header and all.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import plain_events
from case import Case, case_of
from every_way import SIZE, judge_recording

from heliograph.camera.types import Size

Reading = Callable[[bytes, Size], plain_events.Plain]
HEAD = "% format {};height=720;width=1280{}\n% end\n"
FORMATS: tuple[tuple[bytes, Reading], ...] = (
    (HEAD.format("EVT2", "").encode(), plain_events.evt2),
    (HEAD.format("EVT21", "").encode(), plain_events.evt21),
    (
        HEAD.format("EVT21", ";endianness=legacy").encode(),
        partial(plain_events.evt21, legacy=True),
    ),
    (HEAD.format("EVT3", "").encode(), plain_events.evt3),
    (b"% Data file of events.\n% Width 1280\n% Height 720\n\x0c\x08", plain_events.dat),
)


def judge(data: bytes) -> None:
    """Judge a file by *data*."""
    case = case_of(data)
    if case is None:
        return
    which = case.choice % (len(FORMATS) + 1)
    if which == len(FORMATS):
        judge_recording(case.wire, case.seed)
        return
    head, reading = FORMATS[which]
    found = judge_recording(head + case.wire, case.seed)
    plain = reading(case.wire, SIZE)
    if not plain.started:
        assert found.counters is None
        return
    told = [tuple(event) for event in found.events.tolist()]
    assert told == plain.events
    assert [tuple(trigger) for trigger in found.triggers] == plain.triggers
    assert found.counters is not None
    assert found.counters.out_of_bounds == plain.outside
    assert (found.error is not None and "time" in found.error) == plain.failed


def seeds() -> list[Case]:
    """Write what each format's words make one think of."""
    two = np.array([8 << 28 | 1, 1 << 28 | 9 << 22 | 5 << 11 | 6, 10 << 28 | 0x101,
                    8 << 28 | 0xFFFFFFF, 8 << 28, 0, 8 << 28 | 70, 0xE << 28,
                    8 << 28 | 69, 3 << 28, 8 << 28 | 1 << 27], "<u4")  # fmt: skip
    one = np.repeat(two.astype("<u8"), 1)
    little = one << np.uint64(32) | np.uint64(0x80000005)
    legacy = np.uint64(0x80000005 << 32) | one
    three = np.array([0x8001, 0x6005, 0x0007, 0x2809, 0x3014, 0x4FFF, 0x4001, 0x50F0,
                      0xA301, 0x8FFF, 0x6FFF, 0x8000, 0x2001, 0x8FFF, 0x2002, 0x8001,
                      0xE014, 0x7001, 0x1000, 0x6002, 0x6001, 0x2003, 0x07FF, 0x2004,
                      0x8000, 0x37FF, 0x4FFF, 0x8700], "<u2")  # fmt: skip
    four = np.array([5, 1 << 28 | 9 << 14 | 3, 9, 0x3FFF, 7, 1, 0xFFFFFFFF, 2,
                     4_000_000_000, 3, 3, 4, 0xFFFFFFFE, 5], "<u4")  # fmt: skip
    wires = [array.tobytes() for array in (two, little, legacy, three, four)]
    whole = [FORMATS[i][0] + wire for i, wire in enumerate(wires)]
    odd = [b"% evt 3.0\n% plugin_name hal_plugin_gen41\n" + wires[3], b"% ", b"% end\n",
           b"% evt 2.1\n% geometry 9x9\n" + wires[1], b"% format EVT3;width=x\n",
           b"% Data file\n\x00\x08" + wires[4], b"% " + b"x" * 1100]  # fmt: skip
    cases = [Case(i, i, wire) for i, wire in enumerate(wires)]
    cases += [Case(i, 0, wire[:-1]) for i, wire in enumerate(wires)]
    cases += [
        Case(i, 3, wire[len(wire) // 2 // 8 * 8 :]) for i, wire in enumerate(wires)
    ]
    cases += [Case(5, 2, wire) for wire in whole + odd]
    return cases
