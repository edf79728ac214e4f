"""Captions and tracks through a real Mosquitto, heard by another client."""

import base64
import hashlib
import json
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ha_mqtt_models_pydantic import parse_component_payload

from caption_parts import CAPTION, TRACK
from heliograph.camera.config import MqttSettings, WatchSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.sinks.mqtt import Mqtt
from heliograph.clock import SystemClock
from heliograph.yaml_reading.secret import Secret
from loopback_gateway import loopback_gateway
from mosquitto import Ear, broker, ear
from moving_bar import BLOBS, write_moving_bar
from waiting import until

TOPIC = "heliograph/dock-3"
PASSWORD = "no-password-of-anybodys"


def sink(settings: MqttSettings) -> Mqtt:
    return Mqtt(settings, camera="dock-3", mark="door-3f2a91c4", clock=SystemClock())


def told(listening: Ear, topic: str) -> list[dict[str, Any]]:
    return [json.loads(heard.payload) for heard in listening.on(topic)]


def availability(listening: Ear) -> list[bytes]:
    return [heard.payload for heard in listening.on(f"{TOPIC}/availability")]


def test_a_watch_is_heard_by_another_client(tmp_path: Path) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=2.0)
    with (
        broker(tmp_path) as running,
        ear(running.port) as listening,
        loopback_gateway() as gateway,
    ):
        settings = WatchSettings(
            camera="dock-3", detector=BLOBS, mqtt=MqttSettings(running.url)
        )
        summary = watch(bar, gateway=gateway.url, settings=settings)
        until(lambda: availability(listening) == [b"online", b"offline"])
    captions = told(listening, f"{TOPIC}/captions")
    assert len(captions) == summary.captions >= 1
    assert {one["text"] for one in captions} == {"a person walks by"}
    assert {one["camera"] for one in captions} == {"dock-3"}
    assert captions[0]["id"].endswith(f"-{captions[0]['t']}-{captions[0]['track']}")
    assert captions[0]["time"].endswith("+00:00")
    (picture, *_) = listening.on(f"{TOPIC}/snapshot")
    assert picture.payload.startswith(b"\x89PNG")
    assert picture.kind == "image/png"
    assert {one.kind for one in listening.on(f"{TOPIC}/captions")} == {
        "application/json"
    }
    events = told(listening, f"{TOPIC}/events")
    assert (events[0]["type"], events[-1]["type"]) == ("new", "end")
    described = [one for one in events if one["after"]["description"] is not None]
    assert described[0]["type"] == "update"
    assert described[0]["after"]["description"] == "a person walks by"
    assert events[-1]["after"]["end_time"] >= events[-1]["after"]["start_time"]


def test_what_a_late_listener_finds_is_the_last_caption_and_that_nobody_is_there(
    tmp_path: Path,
) -> None:
    with broker(tmp_path) as running:
        with sink(MqttSettings(running.url)) as camera:
            until(lambda: camera.counters.connected)
            camera.append(CAPTION, b"\x89PNG picture")
            old = replace(CAPTION, id="door-1", text="an hour ago", age_s=3_600.0)
            camera.append(old, b"\x89PNG old picture")
        with ear(running.port) as late:
            until(lambda: len(late.heard) >= 5)
    assert all(heard.retain for heard in late.heard)
    assert availability(late) == [b"offline"]
    (caption,) = told(late, f"{TOPIC}/captions")
    assert caption["text"] == CAPTION.text
    assert [one.payload for one in late.on(f"{TOPIC}/snapshot")] == [b"\x89PNG picture"]


def test_home_assistant_takes_the_discovery(tmp_path: Path) -> None:
    with (
        broker(tmp_path) as running,
        ear(running.port) as listening,
        sink(MqttSettings(running.url)),
    ):
        until(lambda: availability(listening) == [b"online"])
    found = {
        heard.topic: json.loads(heard.payload)
        for heard in listening.heard
        if heard.topic.startswith("homeassistant/")
    }
    assert set(found) == {
        "homeassistant/sensor/heliograph_dock-3/caption/config",
        "homeassistant/image/heliograph_dock-3/snapshot/config",
    }
    for topic, payload in found.items():
        component = topic.split("/")[1]
        model = parse_component_payload(component, payload, expand_aliases=False)
        # A key that the schema does not know would be dropped without a word.
        known = {
            field.alias or name for name, field in type(model).model_fields.items()
        }
        assert set(payload) <= known
        assert payload["availability_topic"] == f"{TOPIC}/availability"
    assert len({payload["unique_id"] for payload in found.values()}) == 2
    identifiers = [payload["device"]["identifiers"] for payload in found.values()]
    assert identifiers == [["heliograph_dock-3"]] * 2


def test_without_discovery_nothing_is_said_outside_the_cameras_own_topics(
    tmp_path: Path,
) -> None:
    with broker(tmp_path) as running, ear(running.port) as listening:
        settings = MqttSettings(running.url, topic="site/cameras", discovery=None)
        with sink(settings) as camera:
            camera.append(CAPTION)
            until(lambda: len(listening.heard) >= 2)
    assert {heard.topic for heard in listening.heard} == {
        "site/cameras/dock-3/availability",
        "site/cameras/dock-3/captions",
    }


def test_a_full_queue_keeps_no_camera_from_being_there(tmp_path: Path) -> None:
    with broker(tmp_path) as running:
        running.stop()
        with sink(MqttSettings(running.url, queue_max=3)) as camera:
            for _ in range(5):
                camera.append(CAPTION)
            running.start()
            until(lambda: camera.counters.connected)
            with ear(running.port) as listening:
                until(lambda: availability(listening) == [b"online"])
                until(lambda: len(told(listening, f"{TOPIC}/captions")) >= 1)
            assert camera.counters.dropped == 2
    assert {"sensor", "image"} <= {one.topic.split("/")[1] for one in listening.heard}


CAMERA = """
import sys, time
from heliograph.camera.config import MqttSettings
from heliograph.camera.sinks.mqtt import Mqtt
from heliograph.clock import SystemClock
with Mqtt(MqttSettings(sys.argv[1]), camera="dock-3", mark="m", clock=SystemClock()):
    time.sleep(60)
"""


def test_the_last_will_speaks_for_a_camera_that_is_killed(tmp_path: Path) -> None:
    with broker(tmp_path) as running, ear(running.port) as listening:
        command = [sys.executable, "-c", CAMERA, running.url]
        with subprocess.Popen(command) as camera:
            until(lambda: availability(listening) == [b"online"])
            camera.send_signal(signal.SIGKILL)
        until(lambda: availability(listening) == [b"online", b"offline"])
        with ear(running.port) as late:
            until(lambda: availability(late) == [b"offline"])


def test_a_broker_that_goes_and_comes_costs_no_message(tmp_path: Path) -> None:
    with broker(tmp_path) as running:
        with sink(MqttSettings(running.url)) as camera:
            until(lambda: camera.counters.connected)
            running.stop()
            until(lambda: not camera.counters.connected)
            for number in range(1, 6):
                camera.append(CAPTION, number.to_bytes(1))
            running.start()
            with ear(running.port) as listening:
                until(lambda: len(listening.on(f"{TOPIC}/captions")) >= 1)
                # Twice where the first broker went before it had taken the greeting.
                until(lambda: set(availability(listening)) == {b"online"})
        assert camera.counters.dropped == 0


def test_a_broker_that_is_never_there_holds_nothing_up_and_loss_is_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"mqtt://127.0.0.1:{free.getsockname()[1]}"
    with sink(MqttSettings(url, queue_max=6)) as camera:
        camera.window(1_000, [TRACK])
        for _ in range(20):
            camera.append(CAPTION)
    # Each caption is one of its own and one about its track; and the goodbyes.
    assert camera.counters.published == 6
    assert camera.counters.dropped >= 35
    assert not camera.counters.connected


def test_a_password_is_asked_for_and_sent(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text(f"dock:{hashed(PASSWORD)}\n")
    lines = ("allow_anonymous false", f"password_file {users}")
    with broker(tmp_path, *lines) as running:
        wrong = MqttSettings(running.url, username="dock", password=Secret("no"))
        right = MqttSettings(running.url, username="dock", password=Secret(PASSWORD))
        with sink(right) as camera, sink(wrong) as stranger:
            until(lambda: camera.counters.connected)
            assert not stranger.counters.connected


def hashed(password: str) -> str:
    """Return a password as the broker keeps it: PBKDF2 with SHA-512."""
    salt = b"twelve bytes"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    told = (base64.b64encode(part).decode() for part in (salt, digest))
    return "$7$101$" + "$".join(told)
