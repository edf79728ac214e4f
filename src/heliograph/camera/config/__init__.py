"""What a watch may be told: by arguments, or by a file that is checked as a whole.

A section of the file is a module here that reads it, beside the frozen settings it
becomes, a field of `WatchSettings` that holds them, and a line in `file.SECTIONS`.
"""

from heliograph.camera.config.clips import ClipSettings
from heliograph.camera.config.destinations import Destinations
from heliograph.camera.config.detector import DetectorChoice
from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.file import CameraConfig, read_camera_file
from heliograph.camera.config.gateway import GATEWAY_URL, clean_gateway_url
from heliograph.camera.config.mqtt import MqttSettings
from heliograph.camera.config.settings import WatchSettings
from heliograph.camera.config.snapshots import SnapshotSettings
from heliograph.camera.config.spool import SpoolSettings
from heliograph.camera.config.viewing import address
from heliograph.camera.config.webhook import WebhookSettings

__all__ = [
    "GATEWAY_URL",
    "CameraConfig",
    "ClipSettings",
    "Destinations",
    "DetectorChoice",
    "MqttSettings",
    "SettingError",
    "SnapshotSettings",
    "SpoolSettings",
    "WatchSettings",
    "WebhookSettings",
    "address",
    "clean_gateway_url",
    "read_camera_file",
]
