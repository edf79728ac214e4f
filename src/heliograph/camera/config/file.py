"""A camera's file, read into a frozen `CameraConfig`, or every mistake in it."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from heliograph.camera.config.captioning import read_captioning
from heliograph.camera.config.capture import read_capture
from heliograph.camera.config.clips import read_clips
from heliograph.camera.config.detector import read_detector
from heliograph.camera.config.filters import read_filters
from heliograph.camera.config.gateway import GATEWAY_URL, read_gateway
from heliograph.camera.config.mqtt import read_mqtt
from heliograph.camera.config.places import read_lines, read_zones
from heliograph.camera.config.settings import WatchSettings
from heliograph.camera.config.snapshots import read_snapshots
from heliograph.camera.config.spool import read_spool
from heliograph.camera.config.viewing import read_metrics, read_view
from heliograph.camera.config.webhook import read_webhook
from heliograph.camera.types import Size
from heliograph.yaml_reading.document import (
    Entry,
    Form,
    MappingNode,
    Node,
    read_document,
)
from heliograph.yaml_reading.names import SHORT_NAME_FIX, is_short_name
from heliograph.yaml_reading.problems import Problem
from heliograph.yaml_reading.secret import Secret
from heliograph.yaml_reading.text_file import read_bytes, text_of
from heliograph.yaml_reading.values import (
    Reading,
    read_text,
    refuse_unknown_keys,
    shown,
)

FORM = Form(
    begin='begin with "gateway:" and its "url:" below it',
    guide="docs/guide/camera-config.md",
)


@dataclass(frozen=True, slots=True)
class CameraConfig:
    """What a file says: whom to ask, what to watch, and how.

    *model* None is the first one that the gateway lists. *size* is the sensor's where
    the recording does not tell it, *follow* waits for what is written to a file that
    grows. *speed* is a factor of recording time, infinite as fast as it goes, None
    where the file does not say.
    *view* is where a browser may look on, with *view_token*; None is nowhere.
    """

    url: str = GATEWAY_URL
    model: str | None = None
    key: Secret | None = None
    source: str | None = None
    size: Size | None = None
    follow: bool = False
    speed: float | None = None
    view: tuple[str, int] | None = None
    view_token: Secret | None = None
    watch: WatchSettings = field(default_factory=WatchSettings)


def _read_camera(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Read the camera's name."""
    name = read_text(reading, node, key, what="a name")
    if name is None:
        return {}
    if is_short_name(name):
        return {"camera": name}
    message = f"{shown(name)} cannot be a camera's name"
    reading.report(node, key, message, fix=SHORT_NAME_FIX)
    return {}


def _refuse_shared_ids(reading: Reading, document: MappingNode) -> None:
    """Report lines that are called like a zone: events name places by their ids."""
    zones, lines = (_entries(document, name) for name in ("zones", "lines"))
    for id_ in zones.keys() & lines.keys():
        message = "a zone has this id already"
        fix = "give one of them another"
        reading.report(lines[id_].key, f"lines.{id_}", message, fix=fix)


def _entries(document: MappingNode, name: str) -> Mapping[str, Entry]:
    """Return what the table *name* holds, nothing where it is no table."""
    entry = document.entries.get(name)
    node = None if entry is None else entry.value
    return node.entries if isinstance(node, MappingNode) else {}


SECTIONS: Mapping[str, Callable[[Reading, Node, str], Mapping[str, Any]]] = (
    MappingProxyType(
        {
            "camera": _read_camera,
            "gateway": read_gateway,
            "capture": read_capture,
            "filters": read_filters,
            "detector": read_detector,
            "captioning": read_captioning,
            "spool": read_spool,
            "zones": read_zones,
            "lines": read_lines,
            "view": read_view,
            "mqtt": read_mqtt,
            "webhook": read_webhook,
            "snapshots": read_snapshots,
            "clips": read_clips,
            "metrics": read_metrics,
        }
    )
)
"""The file's keys, and what reads each: fields of `CameraConfig` or `WatchSettings`.

What is bad is reported and left out.
"""


def read_camera_file(
    path: str | Path, *, environ: Mapping[str, str]
) -> CameraConfig | list[Problem]:
    """Read the file at *path*; every mistake in it is reported at once."""
    data = read_bytes(path)
    if isinstance(data, Problem):
        return [data]
    text = text_of(data, str(path))
    if isinstance(text, Problem):
        return [text]
    return read_camera_text(text, file=str(path), environ=environ)


def read_camera_text(
    text: str, *, file: str, environ: Mapping[str, str]
) -> CameraConfig | list[Problem]:
    """Read *text*; problems carry the name *file*."""
    document, found = read_document(text, file, FORM)
    if document is None:
        return found
    reading = Reading(file, environ, found, FORM)
    refuse_unknown_keys(reading, document, "", known=tuple(SECTIONS))
    told: dict[str, Any] = {}
    for name, read in SECTIONS.items():
        if name in document.entries:
            told |= read(reading, document.entries[name].value, name)
    _refuse_shared_ids(reading, document)
    if problems := reading.problems():
        return problems
    own = {one.name for one in dataclasses.fields(CameraConfig)}
    watch = {name: value for name, value in told.items() if name not in own}
    ours = {name: value for name, value in told.items() if name in own}
    return CameraConfig(**ours, watch=WatchSettings(**watch))
