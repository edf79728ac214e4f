"""A camera's file becomes settings, or every mistake in it with line, key and fix."""

from math import inf
from pathlib import Path
from typing import Any

import pytest

from heliograph.camera.config import (
    CameraConfig,
    ClipSettings,
    MqttSettings,
    SnapshotSettings,
    SpoolSettings,
    WatchSettings,
    WebhookSettings,
    read_camera_file,
)
from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.config.file import read_camera_text
from heliograph.camera.config.filter_settings import FilterSettings, Region
from heliograph.camera.config.summary import config_summary
from heliograph.camera.types import Size
from heliograph.yaml_reading.secret import Secret

ENVIRON = {"KEY": "hg-not-a-real-key-at-all", "EMPTY": "", "URL": "http://gate:1/v1"}
WHOLE = """\
camera: dock-3
gateway:
  url: env.URL
  model: anthropic/claude-sonnet-4-6
  key: env.KEY
  connect_s: 1.5
capture:
  source: dock.raw
  size: 1280x720
  follow: true
  speed: max
  window_ms: 20
filters:
  polarity: darker
  regions: [[0, 0, 640, 300], [10, 20, 30, 40]]
  masks: [hot.png, trees.png]
  rate_max_mev: 12.5
  hot_pixel_hz: 40
  hot_period_s: 2
  flicker_periods: 5
  flicker_hz_min: 95
  flicker_hz_max: 105
  refractory_ms: 0.5
  bursts: stc-cut
  burst_ms: 3
  background_ms: 0
detector:
  kind: blobs
captioning:
  captions_per_s: 0.5
  again_s: 30
  deadline_s: 8
  workers: 2
  queue_max: 3
  drain_s: 5
  look_ms: 50
  picture_ms: 150
  first_s: 0.5
  prompt: "{picture} {facts} Auf Deutsch. {answer}"
  answer: json
  picture: webp
  moments: true
  reconstruction: firenet.onnx
spool:
  file: /var/lib/heliograph/spool.db
  rows_max: 100
  mb_max: 16
  keep_hours: 0.5
  captions_per_s: 0.2
mqtt:
  url: mqtts://broker.lan
  username: dock
  password: env.KEY
  topic: site/heliograph
  discovery: off
  keepalive_s: 10
  queue_max: 50
webhook:
  url: env.URL
  secret: env.KEY
  timeout_s: 2
  tries_max: 3
  queue_max: 10
snapshots:
  folder: shots
  mb_max: 100
clips:
  folder: clips
  before_s: 5
  after_s: 0
  mb_max: 2000
  keep_hours: 48
  free_mb_min: 100
  memory_mb_max: 16
metrics: 127.0.0.1:9101
"""
BROKER = MqttSettings(
    "mqtts://broker.lan",
    username="dock",
    password=Secret(ENVIRON["KEY"]),
    topic="site/heliograph",
    discovery=None,
    keepalive_s=10,
    queue_max=50,
)
HOOK = WebhookSettings(
    Secret(ENVIRON["URL"]),
    Secret(ENVIRON["KEY"]),
    timeout_s=2.0,
    tries_max=3,
    queue_max=10,
)
CLIPS = ClipSettings(
    Path("clips"),
    before_us=5_000_000,
    after_us=0,
    bytes_max=2_000 << 20,
    keep_s=48 * 3_600,
    free_bytes_min=100 << 20,
    memory_bytes_max=16 << 20,
)
ASKING: dict[str, Any] = {
    "prompt": "{picture} {facts} Auf Deutsch. {answer}",
    "answer": "json",
    "picture_form": "webp",
    "moments": True,
    "reconstruction": Path("firenet.onnx"),
}
MISTAKES = """\
1: camera: "dock 3" cannot be a camera's name
  use up to 64 letters, digits, dots, dashes and underscores
2: gatewy: unknown key
  did you mean "gateway"?
4: gateway.url: this is no address
  write it as http://127.0.0.1:8080
5: gateway.key: the environment variable MISSING is not set
  set it before starting: export MISSING=...
6: gateway.model: expected provider/model, found a number
  put it in quotes if it is meant as text
7: capture.source: expected a recording, found a list
  write a recording; docs/guide/camera-config.md shows the form
7: capture.speed: "fast" is no speed
  write max, or a factor above 0 and up to 1000000 of recording time, such as 1.0
7: capture.window_ms: 0 cannot be used
  write milliseconds from 1 to 1000
9: captioning.captions_per_s: expected a number, found a text
  write a number such as 0.5, without quotes or unit
10: captioning.workers: 1.5 cannot be used
  write a whole number from 1 to 64
11: captioning.deadline: unknown key
  did you mean "deadline_s"?
13: spool: no file is named
  write file: and a path below it
13: spool.keep_hours: 0 cannot be used
  write hours above 0 and up to 8760
14: mqtt.queue_max: 0 cannot be used
  write a whole number from 1 to 65535
14: mqtt.topic: this is no topic
  write levels such as a/b, up to 200 characters without +, #, $ or empty ones
14: mqtt.url: this is no address of a broker
  write it as mqtt://HOST[:PORT], or mqtts:// for TLS
15: webhook.secret: the environment variable EMPTY is empty
  set it before starting: export EMPTY=...
15: webhook.url: this is no address
  write it as https://HOST/PATH, without a user or password
16: snapshots: no folder is named
  write folder: and a path below it
17: metrics: "nine" is no address
  write it as 127.0.0.1:8081, or as :8081 for all addresses of this machine
"""


def read(text: str) -> CameraConfig | list[str]:
    found = read_camera_text(text, file="camera.yaml", environ=ENVIRON)
    return [str(one) for one in found] if isinstance(found, list) else found


def test_every_key_becomes_a_setting_in_the_units_of_a_watch() -> None:
    config = read(WHOLE)
    assert isinstance(config, CameraConfig)
    assert (config.url, config.model) == (
        "http://gate:1",
        "anthropic/claude-sonnet-4-6",
    )
    assert config.key is not None
    assert config.key.reveal() == ENVIRON["KEY"]
    assert (config.source, config.speed) == ("dock.raw", inf)
    assert (config.size, config.follow) == (Size(1280, 720), True)
    assert config.watch == WatchSettings(
        camera="dock-3",
        delta_t_us=20_000,
        picture_tau_us=150_000,
        look_us=50_000,
        captions_per_s=0.5,
        again_us=30_000_000,
        deadline_s=8.0,
        connect_s=1.5,
        workers=2,
        queue_max=3,
        drain_s=5.0,
        patience_us=500_000,
        **ASKING,
        spool=SpoolSettings(
            Path("/var/lib/heliograph/spool.db"),
            rows_max=100,
            bytes_max=16 << 20,
            keep_s=1_800,
            captions_per_s=0.2,
        ),
        filters=FilterSettings(
            polarity="darker",
            regions=(Region(0, 0, 640, 300), Region(10, 20, 30, 40)),
            masks=(Path("hot.png"), Path("trees.png")),
            events_per_s_max=12_500_000,
            hot_pixel_hz=40.0,
            hot_period_us=2_000_000,
            flicker_periods=5,
            flicker_hz_min=95.0,
            flicker_hz_max=105.0,
            refractory_us=500,
            bursts="stc-cut",
            burst_us=3_000,
            background_us=0,
        ),
        detector=DetectorSettings("blobs"),
        mqtt=BROKER,
        webhook=HOOK,
        snapshots=SnapshotSettings(Path("shots"), bytes_max=100 << 20),
        clips=CLIPS,
        metrics=("127.0.0.1", 9101),
    )
    assert BROKER.address == ("broker.lan", 8883)


def test_what_is_left_out_is_as_without_a_file() -> None:
    assert read("camera: camera") == CameraConfig()
    assert read("captioning: {deadline_s: 3}") == CameraConfig(
        watch=WatchSettings(deadline_s=3.0)
    )


def test_again_after_no_time_means_never() -> None:
    config = read("captioning: {again_s: 0}")
    assert isinstance(config, CameraConfig)
    assert config.watch.again_us is None


def test_all_mistakes_are_told_at_once_by_line() -> None:
    told = read(
        "camera: dock 3\n"
        "gatewy: {url: http://x}\n"
        "gateway:\n"
        "  url: localhost:8080\n"
        "  key: env.MISSING\n"
        "  model: 4\n"
        "capture: {speed: fast, window_ms: 0, source: []}\n"
        "captioning:\n"
        "  captions_per_s: '2'\n"
        "  workers: 1.5\n"
        "  deadline: 3\n"
        "spool:\n"
        "  keep_hours: 0\n"
        "mqtt: {url: 'mqtt://me:secret@broker', topic: 'a/#', queue_max: 0}\n"
        "webhook: {url: 'http://me:hidden@host', secret: env.EMPTY}\n"
        "snapshots: {mb_max: 1}\n"
        "metrics: nine\n"
    )
    assert isinstance(told, list)
    shown = "\n".join(line.replace("; ", "\n  ", 1) for line in told)
    assert shown.replace("camera.yaml:", "") == MISTAKES.rstrip()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty; begin with"),
        ("- a", "expected a table, found a list; begin with"),
        ("gateway: 3", "gateway: expected a table of"),
        ("capture: {speed: -1}", "-1 cannot be used; write max, or a factor above 0"),
        ("capture: {size: 1280}", "expected a size such as 1280x720, found a number"),
        ("capture: {size: 1280x}", '"1280x" is no size; write WIDTHxHEIGHT, each from'),
        ("capture: {size: 0x720}", "each from 1 to 16383, such as 1280x720"),
        ("capture: {size: 1280x720x2}", '"1280x720x2" is no size'),
        ("capture: {size: 16384x720}", '"16384x720" is no size'),
        ("capture: {size: -1x720}", '"-1x720" is no size'),
        ("capture: {size: [1280, 720]}", "found a list; write a size such as 1280x"),
        ("capture: {follow: always}", "expected true or false, found a text"),
        ("capture: {speed: .inf}", "is not a finite number"),
        ("captioning: {answer: xml}", 'unknown answer "xml"; write line or json'),
        ("captioning: {picture: jpeg}", 'unknown kind of picture "jpeg"; write png'),
        ("captioning: {moments: 1}", "expected true or false, found a number"),
        ("captioning: {prompt: 'a {zone}'}", 'nothing is known by "{zone}"; use {pic'),
        ("captioning: {prompt: 'a {b'}", "its braces do not match; use {picture}"),
        ("captioning: {prompt: '{facts:>9999999999}'}", "its braces do not match"),
        ("captioning: {prompt: '{facts!r}'}", "its braces do not match; use {pict"),
        ("captioning: {prompt: '{facts.__class__}'}", "nothing is known by"),
        ('capture: {source: "a\\0b"}', "cannot hold a zero byte; remove it"),
        ('spool: {file: "a\\0b"}', "cannot hold a zero byte; remove it"),
        (f"mqtt: {{url: 'mqtt://b', topic: {'t' * 201}}}", "this is no topic; write"),
        ("mqtt: {url: 'mqtt://b', password: abc}", "with a username only; write user"),
        ("mqtt: {url: 'mqtt://b', topic: $SYS/x}", "this is no topic; write levels"),
        ("captioning: {prompt: 'a {}'}", "its braces do not match; use {picture}"),
        ("clips: {before_s: 3}", "clips: no folder is named; write folder: and a"),
        ("clips: {folder: a, before_s: 61}", "write seconds from 0 to 60"),
        (
            "clips: {folder: a, before_s: 0, after_s: 0}",
            "before_s and after_s are both 0; write seconds above 0 for one",
        ),
        ("gateway: {key: ''}", "expected a key, found an empty text"),
        ("gateway: {key: $KEY}", "looks like a variable"),
        ("gateway: {url: ftp://x}", "this is no address"),
        ("camera: [", "not valid YAML"),
        ("filters: 3", "filters: expected a table of filters, found a number"),
        ("filters: {polarity: up}", 'unknown polarity "up"; write both, brighter or'),
        ("filters: {bursts: stc_cut}", 'part of a burst "stc_cut"; did you mean "stc-'),
        (
            "filters: {regions: 3}",
            "a list, each item a rectangle [x, y, width, height]",
        ),
        ("filters: {regions: [[0, 0, 4]]}", "regions[0]: this is not a rectangle"),
        ("filters: {regions: [[0, 0, 4, 0]]}", "write it as [x, y, width, height] in"),
        ("filters: {masks: [3]}", "masks[0]: expected a mask's file, found a number"),
        ("filters: {background_ms: -1}", "write milliseconds from 0 to 60000"),
        ("filters: {flicker_hz_min: 200}", "the first below the second, not 200 and"),
    ],
)
def test_a_mistake_is_told_with_its_fix(text: str, told: str) -> None:
    found = read(text)
    assert isinstance(found, list)
    assert told in found[0]


def test_no_message_repeats_a_key_or_a_password() -> None:
    found = read(
        "gateway:\n  url: http://me:hunter2-hunter2@gate\n  key: hunter3 hunter3\n"
    )
    assert isinstance(found, list)
    assert "hunter" not in "\n".join(found)
    assert len(found) == 2


def test_a_file_that_is_missing_or_not_utf_8_is_a_problem_too(tmp_path: Path) -> None:
    path = tmp_path / "camera.yaml"
    (problem,) = found_at(path)
    assert problem.endswith("there is no such file; check the path")
    path.write_bytes(b"camera: dock\ngateway: \xff\n")
    (problem,) = found_at(path)
    assert problem == f"{path}:2: file: is not UTF-8; save it as UTF-8"
    path.write_text(WHOLE)
    assert isinstance(read_camera_file(path, environ=ENVIRON), CameraConfig)


def found_at(path: Path) -> list[str]:
    found = read_camera_file(path, environ=ENVIRON)
    assert isinstance(found, list)
    return [str(problem) for problem in found]


def test_the_summary_says_what_it_comes_to_without_the_key() -> None:
    config = read(WHOLE)
    assert isinstance(config, CameraConfig)
    assert config_summary(config, file="camera.yaml").splitlines() == [
        "camera.yaml: camera dock-3",
        "  watches dock.raw, 1280x720, as it grows",
        "  asks anthropic/claude-sonnet-4-6 at http://gate:1, with a key",
        "  captions: at most 0.5 a second, a track's next after 30 s",
        "  each is worth waiting for 8 s",
        "  finds what moves, as blobs",
        "  shows pictures that firenet.onnx makes of events",
        "  spool /var/lib/heliograph/spool.db: 100 pictures, 16 MB, 0.5 h",
        "  tells mqtts://broker.lan under site/heliograph/dock-3",
        "  posts captions to a webhook, signed",
        "  snapshots in shots: 100 MB",
        "  clips in clips: 5 s before and 0 s after, 2,000 MB",
        "  metrics at http://127.0.0.1:9101/metrics",
    ]
    assert "once a track" in config_summary(
        CameraConfig(watch=WatchSettings(again_us=None)), file="f"
    )
