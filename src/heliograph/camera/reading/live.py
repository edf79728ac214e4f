"""Sensors on USB or Ethernet: the driver brings raw bytes, our EVT3 decoder reads them.

Without a sensor at hand this was tested by recorded bytes on the same path.
"""

import threading
from contextlib import ExitStack
from types import ModuleType
from typing import Any

from heliograph.camera.reading.errors import (
    ForeignFileError,
    MissingPackageError,
    broken,
)
from heliograph.camera.reading.one_way import OneWay
from heliograph.camera.reading.pieces import Words
from heliograph.camera.reading.raw import FORMATS
from heliograph.camera.reading.raw_form import RawForm
from heliograph.camera.reading.recording import Opened
from heliograph.camera.types import Size

LIVE = "live:"
"""What a source begins with that is a sensor; its serial number may follow."""

EVT3_SENSORS = frozenset(
    {"Prophesee EVK4", "Prophesee EVK3 HD", "CenturyArks VGA", "Lucid Triton"}
)
WAIT_S = 0.1
"""How often a wait for the sensor looks whether it is to end."""


def open_live(source: str, *, stop: threading.Event, owned: ExitStack) -> Opened:
    """Open the sensor that *source* names, or the first one that is there.

    Raises `ForeignFileError` where there is none, or one that does not send EVT3, and
    `MissingPackageError` without the driver.
    """
    drivers = _drivers(source)
    serial = source.removeprefix(LIVE) or None
    try:
        device = owned.enter_context(
            drivers.open(raw=True, serial=serial, iterator_timeout=WAIT_S)
        )
    except RuntimeError as error:
        raise ForeignFileError(
            f"{source}: no sensor can be opened: {error}; is one plugged in, and may "
            "this user read it (neuromorphic-drivers-install-udev-rules)?"
        ) from error
    called = str(device.name().value)
    if called not in EVT3_SENSORS:
        raise ForeignFileError(
            f"{source}: a {called} does not send EVT3, which is what is read of sensors"
        )
    told = device.properties()
    encoding = FORMATS["EVT3"]
    sensor = Sensor(device, source, stop)
    words = Words(sensor, encoding.word, first=b"", at=0, origin=None)
    fields = {"integrator_name": "Heliograph", "camera": called}
    return Opened(
        format=encoding.name,
        pieces=words,
        decode=encoding.decode,
        decode_share=encoding.decode_share,
        raw=RawForm(words, fields, encoding.name, encoding.lead),
        size=Size(told.width, told.height),
        ask="the driver tells no geometry",
        nothing="the sensor sent {bytes} bytes without a time",
    )


def _drivers(source: str) -> ModuleType:
    try:
        import neuromorphic_drivers  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            f"{source}: reading a sensor needs {error.name}: "
            "pip install 'heliograph[live]'"
        ) from error
    module: ModuleType = neuromorphic_drivers
    return module


class Sensor(OneWay):
    """The bytes of *device* as a stream; it ends when *stop* is set.

    `lost` counts the packets that the driver had to drop, because nobody read them in
    time, or because they overflowed.
    """

    def __init__(self, device: Any, name: str, stop: threading.Event) -> None:  # noqa: ANN401 - the driver's, by model
        super().__init__(name)
        self.lost = 0
        self._device = device
        self._stop = stop
        self._rest = b""

    def read(self, size: int, /) -> bytes:
        """Return at most *size* bytes as soon as there are any, none at the end.

        Raises `BrokenRecordingError` where the sensor went away.
        """
        while not self._rest and not self._stop.is_set():
            try:
                status, packet = next(self._device)
            except StopIteration:
                break
            except RuntimeError as error:
                what = f"the sensor went away ({error})"
                raise broken(self.name, what, at=self.passed) from error
            if status.ring is not None:
                self.lost += status.ring.dropped_packets
                self.lost += len(status.ring.overflow_indices or ())
            self._rest = bytes(packet or b"")
        data, self._rest = self._rest[:size], self._rest[size:]
        self.passed += len(data)
        return data
