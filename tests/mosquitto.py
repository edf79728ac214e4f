"""Debian's Mosquitto in a process of its own, and a client that listens to it."""

import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from waiting import PATIENCE_S, until

BROUGHT = Path(sys.prefix) / "mosquitto" / "mosquitto"
"""Where `make setup` puts it."""


def installed() -> str:
    """Find the broker."""
    places = "/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
    found = shutil.which(str(BROUGHT)) or shutil.which("mosquitto")
    found = found or shutil.which("mosquitto", path=places)
    if found is None:
        pytest.fail(
            "the MQTT tests need Mosquitto; run make setup, or install it "
            "(apt-get install mosquitto)"
        )
    return found


class Broker:
    """A broker on a port of its own; *lines* go into its config."""

    def __init__(self, folder: Path, *lines: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._config = folder / "mosquitto.conf"
        told = lines or ("allow_anonymous true",)
        self._config.write_text(
            # As root it would become somebody who may not read the test's files.
            "\n".join([f"listener {self.port} 127.0.0.1", *told, "user root"])
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(
            [installed(), "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._listens)

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def _listens(self) -> bool:
        assert self._process.poll() is None, "mosquitto ended"
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


@contextmanager
def broker(folder: Path, *lines: str) -> Iterator[Broker]:
    """Run a broker for as long as the block takes."""
    running = Broker(folder, *lines)
    try:
        yield running
    finally:
        running.stop()


@dataclass(frozen=True)
class Heard:
    """One message as it came; `kind` is its content type."""

    topic: str
    payload: bytes
    retain: bool
    kind: str | None


class Ear:
    """Another client, which hears everything under `#`."""

    def __init__(self, port: int) -> None:
        self.heard: list[Heard] = []
        ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(PATIENCE_S)

    def on(self, topic: str) -> list[Heard]:
        """Return what was heard on *topic*, in its order."""
        return [heard for heard in list(self.heard) if heard.topic == topic]

    def close(self) -> None:
        """Listen no more."""
        self._client.disconnect()
        self._client.loop_stop()

    def _hear(self, client: paho.Client, data: object, told: paho.MQTTMessage) -> None:
        del client, data
        kind = getattr(told.properties, "ContentType", None)
        self.heard.append(Heard(told.topic, bytes(told.payload), told.retain, kind))


@contextmanager
def ear(port: int) -> Iterator[Ear]:
    """Listen for as long as the block takes."""
    listening = Ear(port)
    try:
        yield listening
    finally:
        listening.close()
