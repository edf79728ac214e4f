"""A camera that is killed at each of its steps in turn, and one that comes after it.

`python dying_camera.py FOLDER GATEWAY`: for each step in which a caption passes from
the alert to the sinks, one process is killed by SIGKILL as it begins that step, and
another one takes over what is left. Prints how many steps there were. It forks, which
a test's own process with its threads had better not.
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from caption_parts import job
from heliograph.camera.captioning.alerts import Alerts, AlertSettings, Origin, Stream
from heliograph.camera.captioning.client import Captioner, GatewayClient
from heliograph.camera.captioning.spool import Spool
from heliograph.camera.captioning.spool_file import SpoolFile
from heliograph.camera.config import SpoolSettings
from heliograph.camera.sinks.jsonl import JsonLines
from heliograph.camera.types import Caption
from heliograph.clock import SystemClock

ALERTS = 4
NEVER = 1_000
STEPS = ("insert", "redraw", "decide", "settle", "keep")


class Steps:
    """Counts steps, and dies as the one of this number begins."""

    def __init__(self, dies_at: int) -> None:
        self._left = dies_at

    def step(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1

    def before(self, owner: type, name: str) -> None:
        """Make each call of a method a step."""
        does: Callable[..., object] = getattr(owner, name)

        def stepped(*parts: object, **named: object) -> object:
            self.step()
            return does(*parts, **named)

        setattr(owner, name, stepped)


def run(folder: Path, url: str, dies_at: int) -> None:
    """Be a camera that sees the same each time, and asks about what the spool holds."""
    steps, clock = Steps(dies_at), SystemClock()
    for name in STEPS:
        steps.before(SpoolFile, name)
    steps.before(JsonLines, "append")
    spool = Spool(SpoolSettings(folder / "spool.db", captions_per_s=1e6), clock=clock)
    client = GatewayClient(url, clock=clock)
    sink = JsonLines(folder / "captions.jsonl")

    def deliver(caption: Caption, png: bytes, origin: Origin) -> bool:
        sink.append(caption, png, in_doubt=origin == "recovered")
        steps.step()
        return True

    alerts = Alerts(
        Captioner(client, "m", clock=clock, timeout_s=5.0),
        deliver,
        clock=clock,
        settings=AlertSettings(workers=1, patient=True),
        stream=Stream("door", "door.raw", 0),
        spool=spool,
        resume=True,
    )
    with alerts:
        for number in range(1, ALERTS + 1):
            accepted = alerts.accept(job(number))
            if accepted is not None:
                # As when a network took its time with the picture.
                alerts.put(replace(accepted, prompt="what is it?"), redrawn=True)
        alerts.close(drain_s=5.0)
    spool.close()


def forked(folder: Path, url: str, dies_at: int) -> int:
    """Run a camera in a process of its own; return how that ended."""
    child = os.fork()
    if child == 0:
        run(folder, url, dies_at)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path, url: str) -> None:
    """Kill a camera at step 0, 1, 2 and so on, until one lives."""
    for at in range(NEVER):
        place = folder / str(at)
        place.mkdir()
        ended = forked(place, url, at)
        if ended == 0:
            print(at)  # noqa: T201 - what the test reads
            return
        assert ended == -signal.SIGKILL, ended
        ended = forked(place, url, NEVER)
        assert ended == 0, ended


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
