"""The guide holds every key of a camera's file, and no other; its examples work."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from heliograph.camera.config import (
    CameraConfig,
    ClipSettings,
    MqttSettings,
    SnapshotSettings,
    SpoolSettings,
    WatchSettings,
    WebhookSettings,
)
from heliograph.camera.config.captioning import CAPTIONING_KEYS, CAPTIONING_KNOBS
from heliograph.camera.config.capture import CAPTURE_KEYS, CAPTURE_KNOBS
from heliograph.camera.config.clips import CLIP_KEYS, CLIP_KNOBS
from heliograph.camera.config.detector import DETECTOR_KEYS
from heliograph.camera.config.file import (
    SECTIONS,
    read_camera_file,
    read_camera_text,
)
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.config.filters import FILTER_KEYS, FILTER_KNOBS
from heliograph.camera.config.gateway import GATEWAY_KEYS, GATEWAY_KNOBS
from heliograph.camera.config.knobs import Knob
from heliograph.camera.config.mqtt import MQTT_KEYS, MQTT_KNOBS
from heliograph.camera.config.places import (
    LINE_KEYS,
    LINE_KNOBS,
    ZONE_KEYS,
    ZONE_KNOBS,
    Line,
    Zone,
)
from heliograph.camera.config.snapshots import SNAPSHOT_KEYS, SNAPSHOT_KNOBS
from heliograph.camera.config.spool import SPOOL_KEYS, SPOOL_KNOBS
from heliograph.camera.config.viewing import VIEW_KEYS
from heliograph.camera.config.webhook import WEBHOOK_KEYS, WEBHOOK_KNOBS
from heliograph.yaml_reading.secret import Secret

ROOT = Path(__file__).parents[4]
GUIDE = (ROOT / "docs/guide/camera-config.md").read_text("utf-8")
PARTS = dict(
    part.split("\n", 1) for part in re.split(r"^## ", GUIDE, flags=re.MULTILINE)
)
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", re.MULTILINE)
KNOBS = [
    ("`gateway`", GATEWAY_KNOBS, WatchSettings()),
    ("`capture`", CAPTURE_KNOBS, WatchSettings()),
    ("`filters`", FILTER_KNOBS, FilterSettings()),
    ("`captioning`", CAPTIONING_KNOBS, WatchSettings()),
    ("`spool`", SPOOL_KNOBS, SpoolSettings(Path("spool.db"))),
    ("`zones`", ZONE_KNOBS, Zone("a", "a", ())),
    ("`lines`", LINE_KNOBS, Line("a", "a", (0, 0), (0, 1))),
    ("`mqtt`", MQTT_KNOBS, MqttSettings("mqtt://broker")),
    ("`webhook`", WEBHOOK_KNOBS, WebhookSettings(Secret("https://a.example"))),
    ("`snapshots`", SNAPSHOT_KNOBS, SnapshotSettings(Path("shots"))),
    ("`clips`", CLIP_KNOBS, ClipSettings(Path("clips"))),
]


@pytest.mark.parametrize(
    ("part", "keys"),
    [
        ("The file", tuple(SECTIONS)),
        ("`gateway`", GATEWAY_KEYS),
        ("`capture`", CAPTURE_KEYS),
        ("`filters`", FILTER_KEYS),
        ("`detector`", DETECTOR_KEYS),
        ("`captioning`", CAPTIONING_KEYS),
        ("`spool`", SPOOL_KEYS),
        ("`zones`", ZONE_KEYS),
        ("`lines`", LINE_KEYS),
        ("`view`", VIEW_KEYS),
        ("`mqtt`", MQTT_KEYS),
        ("`webhook`", WEBHOOK_KEYS),
        ("`snapshots`", SNAPSHOT_KEYS),
        ("`clips`", CLIP_KEYS),
    ],
)
def test_each_table_holds_the_keys_of_the_reader(
    part: str, keys: tuple[str, ...]
) -> None:
    assert sorted(row[0] for row in ROW.findall(PARTS[part])) == sorted(keys)


@pytest.mark.parametrize(("part", "knobs", "defaults"), KNOBS)
def test_the_numbers_of_the_guide_are_those_of_the_reader(
    part: str, knobs: Mapping[str, Knob], defaults: object
) -> None:
    rows = [row for row in ROW.findall(PARTS[part]) if row[0] in knobs]
    assert len(rows) == len(knobs)
    for name, allowed, default in rows:
        knob = knobs[name]
        assert allowed == str(knob.allowed).removeprefix("a ")
        value = getattr(defaults, knob.setting)
        assert (
            default == "none"
            if value is None
            else (
                float(default) == knob.written(value)
                and knob.allowed.holds(float(default))
            )
        )


def test_every_example_of_the_guide_is_a_file_without_mistakes() -> None:
    examples = re.findall(r"```yaml\n(.*?)```", GUIDE, flags=re.DOTALL)
    assert examples
    for text in examples:
        environ = dict.fromkeys(re.findall(r"env\.(\w+)", text), "a-key")
        read = read_camera_text(text, file="camera.yaml", environ=environ)
        assert isinstance(read, CameraConfig), read


def test_the_file_among_the_examples_is_one_without_mistakes() -> None:
    (path,) = (ROOT / "examples/camera").glob("*.yaml")
    read = read_camera_file(path, environ={"HELIOGRAPH_API_KEY": "a-key"})
    assert isinstance(read, CameraConfig), read
    assert [zone.id for zone in read.watch.zones] == ["loading-bay", "road"]
