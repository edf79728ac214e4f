"""What a watch may be told, in the units it reckons with."""

from dataclasses import dataclass, field
from pathlib import Path

from heliograph.camera.config.captioning import AnswerForm, PictureForm
from heliograph.camera.config.clips import ClipSettings
from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.filter_settings import FilterSettings
from heliograph.camera.config.mqtt import MqttSettings
from heliograph.camera.config.places import Line, Zone
from heliograph.camera.config.snapshots import SnapshotSettings
from heliograph.camera.config.spool import SpoolSettings
from heliograph.camera.config.webhook import WebhookSettings


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How a recording is watched. Times in sensor time unless they end in `_s`.

    `camera` is what captions, tags and topics call it. `picture_tau_us` is the age at
    which the model's picture has faded to 1/e. Views of a track are judged every
    `look_us`. At most `captions_per_s` captions are asked for, a track's next one not
    before `again_us`, and never where that is None. `deadline_s` bounds one caption
    from its picture to its answer, `connect_s` how long a connection may take,
    `workers` how many are asked for at once, `queue_max` how many wait, and `drain_s`
    how long the end waits for those under way. Without a `spool` nothing is kept of
    pictures that no model was there for; captions go to `mqtt` and
    `webhook` and their pictures to `snapshots` where there are such, the recording
    around them to `clips`, and Prometheus may ask at `metrics`, a host and a port.
    `filters` say what is left out of the stream, `detector` what finds things in it.
    `reconstruction` is a network's file that makes pictures of events for the montage.
    """

    camera: str = "camera"
    delta_t_us: int = 10_000
    picture_tau_us: int = 100_000
    look_us: int = 30_000
    captions_per_s: float = 2.0
    patience_us: int = 1_000_000
    again_us: int | None = 10_000_000
    deadline_s: float = 10.0
    connect_s: float = 3.0
    workers: int = 4
    queue_max: int = 4
    drain_s: float = 25.0
    spool: SpoolSettings | None = None
    filters: FilterSettings = field(default_factory=FilterSettings)
    detector: DetectorSettings = field(default_factory=DetectorSettings)
    prompt: str | None = None
    answer: AnswerForm = "line"
    picture_form: PictureForm = "png"
    moments: bool = False
    reconstruction: Path | None = None
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()
    mqtt: MqttSettings | None = None
    webhook: WebhookSettings | None = None
    snapshots: SnapshotSettings | None = None
    clips: ClipSettings | None = None
    metrics: tuple[str, int] | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float):
                continue
            if not value > 0:
                raise SettingError(f"{name} must be above 0, not {value}")
