"""The demo's outage goes by the recording's time, however late the machine is."""

import asyncio
from math import inf

import numpy as np
import urllib3
from numpy.typing import NDArray

from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.screen import Facts
from heliograph.camera.summary import Tally
from heliograph.camera.types import Size
from heliograph.demo.report import Outage
from heliograph.demo.staging import Staging
from heliograph.simulation.providers import SimulatedProviders

BEGIN_US = 7_000_000
FACTS = Facts("street.raw", Size(96, 64), "EVT3", 1.0, BEGIN_US, None)
NOTHING = QueueCounters(waiting=0, in_flight=0, full=0, expired=0, unfinished=0)
OUTAGE = Outage(2.0, 3.0, 4.0)


def look(now_us: int) -> NDArray[np.uint8]:
    del now_us
    return np.zeros((64, 96), np.uint8)


async def test_each_phase_begins_with_its_window() -> None:
    async with SimulatedProviders() as sim:
        staging = Staging(sim.base_url, OUTAGE)

        def faults_at(*seconds: float) -> list[list[str]]:
            return [play(at_s) for at_s in seconds]

        def play(at_s: float) -> list[str]:
            staging.window(BEGIN_US + round(at_s * 1e6), 0, (), look)
            rules = urllib3.request("GET", f"{sim.base_url}/_control/rules").json()
            return [rule["name"] for rule in rules]

        def watch() -> list[list[str]]:
            with staging.shown(FACTS, Tally(), lambda: NOTHING):
                faults = faults_at(0.01, 1.99, 2.0, 2.5, 3.0)
                assert staging.played.back_s == inf
                return faults + faults_at(9.0)

        faults = await asyncio.to_thread(watch)
    before, down = ["thinking"], ["down", "thinking"]
    assert faults == [before, before, down, down, ["silent", "thinking"], before]
    played = staging.played
    assert 0 < played.down_s < played.silent_s < played.back_s < inf
