"""Alerts as a watch takes them in: counted."""

import threading
from dataclasses import dataclass

from heliograph.camera.captioning.alerts import Alerts
from heliograph.camera.summary import Tally
from heliograph.camera.types import CaptionJob


@dataclass(frozen=True, slots=True)
class CountedAlerts:
    """Alerts that are counted as they come. Setting *stop* ends a wait for room."""

    alerts: Alerts
    tally: Tally
    stop: threading.Event

    def accept(self, job: CaptionJob) -> CaptionJob | None:
        """Take *job* in as `Alerts.accept` does."""
        accepted = self.alerts.accept(job)
        self.tally.asked += accepted is not None
        self.tally.known += accepted is None
        return accepted

    def put(self, job: CaptionJob, *, redrawn: bool) -> None:
        """Ask about *job* as `Alerts.put` does."""
        self.alerts.put(job, redrawn=redrawn, stop=self.stop)
