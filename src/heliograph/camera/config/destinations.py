"""Where a command line says that captions and pictures go: it wins over the file."""

from dataclasses import dataclass, replace
from pathlib import Path

from heliograph.camera.config.mqtt import MqttSettings
from heliograph.camera.config.settings import WatchSettings
from heliograph.camera.config.spool import SpoolSettings


@dataclass(frozen=True, slots=True)
class Destinations:
    """A spool's file, a broker's address; None says nothing."""

    spool: Path | None = None
    mqtt: str | None = None

    def over(self, settings: WatchSettings) -> WatchSettings:
        """Return *settings* with these. Raises `SettingError` for a bad address."""
        if self.spool is not None:
            settings = replace(settings, spool=SpoolSettings(self.spool))
        if self.mqtt is not None:
            before = settings.mqtt or MqttSettings(self.mqtt)
            settings = replace(settings, mqtt=replace(before, url=self.mqtt))
        return settings
