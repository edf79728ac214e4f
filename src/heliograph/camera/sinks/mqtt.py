"""Captions and tracks to an MQTT 5 broker, which may come and go.

Nothing here waits for the broker: what it did not take yet waits in a bounded queue,
and what finds no room there is counted. Messages arrive at least once, with the alert's
id in them. The last will says `offline` when the camera dies.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from heliograph.camera.config.mqtt import MqttSettings
from heliograph.camera.sinks.discovery import discovery_of, topics_of
from heliograph.camera.sinks.jsonl import to_json
from heliograph.camera.sinks.track_events import TrackEvents
from heliograph.camera.types import Caption, Track
from heliograph.clock import Clock

ONLINE, OFFLINE = "online", "offline"
AT_MOST_ONCE, AT_LEAST_ONCE = 0, 1
RECONNECT_S_MAX = 30
GOODBYE_S = 2.0
"""How long the end waits for what the broker has not taken yet."""


@dataclass(frozen=True, slots=True)
class MqttCounters:
    """Messages so far: taken by the queue, and those that found no room there."""

    published: int
    dropped: int
    connected: bool


class Mqtt:
    """The broker that *settings* name, told of *camera*; *mark* begins its tracks' ids.

    Entered, it begins to connect, and goes on trying for as long as it lives.
    """

    def __init__(
        self, settings: MqttSettings, *, camera: str, mark: str, clock: Clock
    ) -> None:
        self._settings = settings
        self._camera = camera
        self._clock = clock
        self._topics = topics_of(camera, settings.topic)
        self._events = TrackEvents(camera, mark)
        self._lock = threading.Lock()
        self._published = self._dropped = 0
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"{settings.topic}-{camera}",
            protocol=paho.MQTTv5,
        )
        client = self._client
        if settings.username is not None:
            password = settings.password
            client.username_pw_set(
                settings.username, None if password is None else password.reveal()
            )
        if settings.is_tls:
            client.tls_set()
        client.max_queued_messages_set(settings.queue_max)
        client.reconnect_delay_set(1, RECONNECT_S_MAX)
        client.will_set(
            self._topics["availability"], OFFLINE, qos=AT_LEAST_ONCE, retain=True
        )
        client.on_connect = self._greet

    @property
    def counters(self) -> MqttCounters:
        """What was published, and whether the broker is there."""
        with self._lock:
            connected = self._client.is_connected()
            return MqttCounters(self._published, self._dropped, connected)

    def append(
        self, caption: Caption, png: bytes = b"", *, in_doubt: bool = False
    ) -> None:
        """Publish *caption*, its picture, and what it adds to its track."""
        del in_doubt  # told twice with one id is told once
        told = {"camera": self._camera, "time": self._time()} | to_json(caption)
        # What waited in the spool is no news: the newest is what a listener is to find.
        is_news = caption.age_s == 0.0
        self._publish("captions", told, retain=is_news)
        if png and is_news:
            self._put(self._topics["snapshot"], png, "image/png", retain=True)
        with self._lock:
            event = self._events.caption(caption)
        if event is not None:
            self._publish("events", event)

    def window(self, now_us: int, tracks: Sequence[Track]) -> None:
        """Publish what began, changed or ended in the window that ends at *now_us*."""
        with self._lock:
            events = self._events.window(tracks, now_us, self._clock.wall_s())
        for event in events:
            self._publish("events", event)

    def close(self) -> None:
        """Say goodbye, and wait a little for what the broker has not taken yet."""
        for event in self._gone():
            self._publish("events", event)
        last = self._put(self._topics["availability"], OFFLINE, None, retain=True)
        if self._client.is_connected():
            waits = last.rc == MQTTErrorCode.MQTT_ERR_SUCCESS
            if waits:
                last.wait_for_publish(GOODBYE_S)
            if not (waits and last.is_published()):
                # A goodbye makes the broker forget the last will.
                self._put_past(self._topics["availability"], OFFLINE, None)
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        host, port = self._settings.address
        self._client.connect_async(
            host, port, self._settings.keepalive_s, clean_start=True
        )
        self._client.loop_start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _gone(self) -> list[dict[str, Any]]:
        """End what still lives: nobody looks any more."""
        with self._lock:
            return self._events.window((), 0, self._clock.wall_s())

    def _greet(
        self,
        client: paho.Client,
        nothing: object,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        """Say who is there, each time a connection is made; a thread of paho's does."""
        del client, nothing, flags, properties
        if reason.is_failure:
            return
        prefix = self._settings.discovery
        if prefix is not None:
            found = discovery_of(self._camera, self._topics, prefix)
            for topic, told in found.items():
                self._put_past(topic, json.dumps(told), "application/json")
        self._put_past(self._topics["availability"], ONLINE, None)

    def _publish(
        self, what: str, told: dict[str, Any], *, retain: bool = False
    ) -> None:
        payload = json.dumps(told, ensure_ascii=False)
        self._put(self._topics[what], payload, "application/json", retain=retain)

    def _put(
        self, topic: str, payload: str | bytes, kind: str | None, *, retain: bool
    ) -> paho.MQTTMessageInfo:
        info = self._client.publish(
            topic,
            payload,
            qos=AT_LEAST_ONCE,
            retain=retain,
            properties=_properties(kind),
        )
        # Without a connection a message waits for one: only a full queue turns it away.
        full = info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE
        with self._lock:
            self._dropped += full
            self._published += not full
        return info

    def _put_past(self, topic: str, payload: str, kind: str | None) -> None:
        """Publish past the queue, which may be full of what waited for the broker.

        Each connection says it anew, so once over this one is enough.
        """
        info = self._client.publish(
            topic, payload, qos=AT_MOST_ONCE, retain=True, properties=_properties(kind)
        )
        with self._lock:
            self._published += info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def _time(self) -> str:
        now = datetime.fromtimestamp(self._clock.wall_s(), UTC)
        return now.isoformat(timespec="milliseconds")


def _properties(kind: str | None) -> Properties | None:
    """Say of what kind a payload is; None says nothing."""
    if kind is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = kind
    return properties
