"""A sensor, played by recorded bytes: the driver's part is a stand-in, ours is real."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Self

import numpy as np
import pytest

from event_words import SMALL_EVT3, all_events, opened
from heliograph import camera
from heliograph.camera.types import Size

PAYLOAD = SMALL_EVT3[SMALL_EVT3.index(b"% end\n") + 6 :]


class Playing:
    """What neuromorphic-drivers opens, playing *payload* in pieces of *size* bytes."""

    def __init__(self, payload: bytes, size: int, name: str = "Prophesee EVK4") -> None:
        pieces = [payload[at : at + size] for at in range(0, len(payload), size)]
        self.packets: list[bytes | Exception | None] = [*pieces]
        self.closed = False
        self._name = name

    def name(self) -> SimpleNamespace:
        return SimpleNamespace(value=self._name)

    def properties(self) -> SimpleNamespace:
        return SimpleNamespace(width=1280, height=720)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True

    def __next__(self) -> tuple[SimpleNamespace, bytes | None]:
        packet = self.packets.pop(0) if self.packets else None
        if isinstance(packet, Exception):
            raise packet
        ring = SimpleNamespace(dropped_packets=1, overflow_indices=[3, 4])
        return SimpleNamespace(ring=ring if packet else None), packet


@contextmanager
def plugged_in(
    monkeypatch: pytest.MonkeyPatch, device: Playing | None
) -> Iterator[list[dict[str, object]]]:
    asked: list[dict[str, object]] = []

    def open_device(**options: object) -> Playing:
        asked.append(options)
        if device is None:
            raise RuntimeError("no device found")
        return device

    drivers = SimpleNamespace(open=open_device)
    monkeypatch.setitem(sys.modules, "neuromorphic_drivers", drivers)
    yield asked


@pytest.mark.parametrize("size", [1, 3, 8, 4096])
def test_recorded_bytes_come_through_as_from_the_file(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, stop = Playing(PAYLOAD, size), threading.Event()
    with plugged_in(monkeypatch, device) as asked:
        recording = camera.open("live:00050a8c", stop=stop)
        assert (recording.size, recording.format) == (Size(1280, 720), "EVT3")
        first = next(recording)
        threading.Timer(0.05, stop.set).start()
        events = np.concatenate([first, *recording])
    assert np.array_equal(events, all_events(opened(SMALL_EVT3)))
    assert asked == [{"raw": True, "serial": "00050a8c", "iterator_timeout": 0.1}]
    assert device.closed
    assert recording.counters.packets_lost == 3 * -(-len(PAYLOAD) // size)


def test_a_sensor_that_goes_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    device = Playing(PAYLOAD, 4096)
    device.packets += [RuntimeError("transfer failed")]
    with plugged_in(monkeypatch, device):
        recording = camera.open("live:")
        what = r"live:: at byte \d+: the sensor went away \(transfer failed\)"
        with pytest.raises(camera.BrokenRecordingError, match=what):
            list(recording)


@pytest.mark.parametrize(
    ("device", "what"),
    [
        (None, "no sensor can be opened: no device found; is one plugged in"),
        (Playing(b"", 1, "iniVation DAVIS 346"), "DAVIS 346 does not send EVT3"),
    ],
)
def test_a_sensor_that_cannot_be_read_says_why(
    device: Playing | None, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        plugged_in(monkeypatch, device),
        pytest.raises(camera.ForeignFileError, match=what),
    ):
        camera.open("live:")
    assert device is None or device.closed


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "neuromorphic_drivers", None)
    with pytest.raises(camera.MissingPackageError, match=r"install 'heliograph\[live"):
        camera.open("live:")
