"""The judges of recordings can condemn: readers broken on purpose are found."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from case import written
from numpy.typing import NDArray
from targets import aedat4, arrays, hdf5, raw

from heliograph.camera.reading import aedat4 as aedat4_files
from heliograph.camera.reading import ecf, evt3
from heliograph.camera.reading import raw as raw_files
from heliograph.camera.reading.pieces import Words
from heliograph.camera.reading.records import Records
from heliograph.camera.reading.sources import Readable

Target = Any


def condemned(target: Target) -> int:
    """Count the seeds that *target* does not let pass."""
    count = 0
    for case in target.seeds():
        try:
            target.judge(written(*case))
        except (AssertionError, ValueError, IndexError):
            count += 1
    return count


@pytest.mark.parametrize("target", [raw, arrays, aedat4, hdf5])
def test_whole_readers_are_not(target: Target) -> None:
    assert condemned(target) == 0


def test_a_decoder_of_evt3_that_loses_an_event_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def careless(words: Any, state: Any, *rest: Any) -> tuple[int, int, int]:  # noqa: ANN401 - as decoders take them
        taken, events, triggers = evt3.decode(words, state, *rest)
        if events > 3:
            events -= 1
            state["events"] -= 1
        return taken, events, triggers

    broken = replace(raw_files.FORMATS["EVT3"], decode=careless)
    formats = MappingProxyType({**raw_files.FORMATS, "EVT3": broken})
    monkeypatch.setattr(raw_files, "FORMATS", formats)
    assert condemned(raw)


def forgets_the_cut(self: Words, data: bytes) -> None:
    """Drop what the end of a piece cut."""
    whole = len(data) // self._word.itemsize
    self.pending = np.frombuffer(data, self._word, whole)
    self.rest = b""


def goes_back_too_far(self: Records, place: int) -> None:
    """Read from the begin wherever one goes back to, with the state of the place."""
    self.place = place
    self.pending = self.pending[:0]
    self._pieces = self._reader(place + 2)


def takes_what_comes(stream: Readable, size: int) -> bytes:
    """Take the first piece for all that was asked for."""
    return stream.read(size)


def says_too_much(data: NDArray[np.uint8], out: object) -> int:
    """Count events that are none."""
    del out
    return len(data) % 4


@pytest.mark.parametrize(
    ("target", "owner", "name", "broken"),
    [
        (raw, Words, "_set", forgets_the_cut),
        (arrays, Records, "rewind", goes_back_too_far),
        (aedat4, aedat4_files, "read_exactly", takes_what_comes),
        (hdf5, ecf, "decode", says_too_much),
    ],
)
def test_a_reader_that_is_broken_is(
    target: Target,
    owner: object,
    name: str,
    broken: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owner, name, broken)
    assert condemned(target)
