"""Where a command line says that captions and pictures go: it wins over the file."""

from dataclasses import dataclass, replace
from pathlib import Path

from heliograph.camera.config.clips import ClipSettings
from heliograph.camera.config.mqtt import MqttSettings
from heliograph.camera.config.settings import WatchSettings
from heliograph.camera.config.snapshots import SnapshotSettings
from heliograph.camera.config.spool import SpoolSettings
from heliograph.camera.config.viewing import address
from heliograph.camera.config.webhook import WebhookSettings
from heliograph.yaml_reading.secret import Secret


@dataclass(frozen=True, slots=True)
class Destinations:
    """Files, folders and addresses; None says nothing."""

    spool: Path | None = None
    mqtt: str | None = None
    webhook: str | None = None
    snapshots: Path | None = None
    clips: Path | None = None
    metrics: str | None = None

    def over(self, settings: WatchSettings) -> WatchSettings:
        """Return *settings* with these. Raises `SettingError` for a bad address."""
        if self.spool is not None:
            settings = replace(settings, spool=SpoolSettings(self.spool))
        if self.mqtt is not None:
            before = settings.mqtt or MqttSettings(self.mqtt)
            settings = replace(settings, mqtt=replace(before, url=self.mqtt))
        if self.webhook is not None:
            url = Secret(self.webhook)
            hook = settings.webhook or WebhookSettings(url)
            settings = replace(settings, webhook=replace(hook, url=url))
        if self.snapshots is not None:
            shots = SnapshotSettings(self.snapshots)
            settings = replace(settings, snapshots=shots)
        if self.clips is not None:
            kept = settings.clips or ClipSettings(self.clips)
            settings = replace(settings, clips=replace(kept, folder=self.clips))
        if self.metrics is not None:
            settings = replace(settings, metrics=address(self.metrics))
        return settings
