"""All the places where a watch's captions go, as one."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from heliograph.camera.config import WatchSettings
from heliograph.camera.reading.recording import Recording
from heliograph.camera.sinks.clips import ClipCounters, Clips
from heliograph.camera.sinks.jsonl import JsonLines, SinkError
from heliograph.camera.sinks.mqtt import Mqtt, MqttCounters
from heliograph.camera.sinks.snapshots import SnapshotCounters, Snapshots
from heliograph.camera.sinks.webhook import Webhook, WebhookCounters
from heliograph.camera.types import Caption, Packet, Track
from heliograph.clock import Clock


class Sink(Protocol):
    """Where captions go."""

    def append(
        self, caption: Caption, png: bytes = b"", *, in_doubt: bool = False
    ) -> None:
        """Take *caption*, with the picture it is about where that is at hand.

        *in_doubt*: it may be here already. Raises `SinkError` where it is lost.
        """


@dataclass(frozen=True, slots=True)
class OutletCounters:
    """What each sink counts; None for one that there is not."""

    mqtt: MqttCounters | None = None
    webhook: WebhookCounters | None = None
    snapshots: SnapshotCounters | None = None
    clips: ClipCounters | None = None


@dataclass(slots=True)
class Outlets:
    """The sinks of a watch; `error` is the first one that cannot be written."""

    sinks: list[Sink] = field(default_factory=list)
    mqtt: Mqtt | None = None
    webhook: Webhook | None = None
    snapshots: Snapshots | None = None
    clips: Clips | None = None
    error: SinkError | None = None

    @property
    def counters(self) -> OutletCounters:
        """What the sinks count, as it is now."""
        return OutletCounters(
            mqtt=None if self.mqtt is None else self.mqtt.counters,
            webhook=None if self.webhook is None else self.webhook.counters,
            snapshots=None if self.snapshots is None else self.snapshots.counters,
            clips=None if self.clips is None else self.clips.counters,
        )

    def append(self, caption: Caption, png: bytes, *, in_doubt: bool) -> bool:
        """Take *caption* to every sink; say whether all have it."""
        if self.error is None:
            try:
                for sink in self.sinks:
                    sink.append(caption, png, in_doubt=in_doubt)
            except SinkError as error:
                # The reader raises it: nobody would hear it from a caption's thread.
                self.error = error
        return self.error is None

    def packet(self, recording: Recording, packet: Packet) -> None:
        """Hold the window of *recording* that was just read for clips of it."""
        if self.clips is not None:
            self.clips.window(recording, packet)

    def end(self) -> None:
        """Say that the recording has ended: no clip waits for more of it."""
        if self.clips is not None:
            self.clips.end()

    def settle(self) -> None:
        """Have all clips written, so that their counters are the last ones."""
        if self.clips is not None:
            self.clips.close()

    def window(self, now_us: int, tracks: Sequence[Track]) -> None:
        """Tell who follows tracks of those at *now_us*."""
        if self.mqtt is not None:
            self.mqtt.window(now_us, tracks)


@contextmanager
def open_outlets(
    settings: WatchSettings,
    out: Path | None,
    *,
    mark: str,
    clock: Clock,
    clips: Clips | None = None,
) -> Iterator[Outlets]:
    """Open every sink that is asked for, *out* for JSON lines; close them at the end.

    *mark* is what the ids of this watch's alerts begin with. *clips* are opened too.
    """
    outlets = Outlets(clips=clips)
    with ExitStack() as stack:
        if clips is not None:
            stack.enter_context(clips)
        if settings.snapshots is not None:
            # Before the captions: who reads one finds its picture.
            outlets.snapshots = Snapshots(settings.snapshots, clock=clock)
            outlets.sinks.append(outlets.snapshots)
        if out is not None:
            outlets.sinks.append(stack.enter_context(JsonLines(out)))
        if settings.mqtt is not None:
            outlets.mqtt = stack.enter_context(
                Mqtt(settings.mqtt, camera=settings.camera, mark=mark, clock=clock)
            )
            outlets.sinks.append(outlets.mqtt)
        if settings.webhook is not None:
            outlets.webhook = stack.enter_context(
                Webhook(settings.webhook, camera=settings.camera, clock=clock)
            )
            outlets.sinks.append(outlets.webhook)
        yield outlets
