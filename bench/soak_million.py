"""A million requests through one gateway: what grows, and what is not given back."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from cpu_per_request import say
from load import drive
from process_tree import descriptors, rss_mb
from servers import Cores, Server, gateway, mock
from verdicts import Judged, at_most
from workloads import WORKLOADS

WARM_UP_S = 10
SLICE_S = 10
GROWTH_MB = 5.0
CALM_S_MAX = 45.0
"""The gateway keeps idle connections for half a minute; then they must be gone."""


def million(where: Cores, folder: Path, requests: int) -> Iterator[Judged]:
    """Load the gateway until it has answered *requests*, and compare it with before."""
    nowhere = Path(os.devnull)
    with (
        mock(folder, where, streams=False) as behind,
        gateway(folder, where, behind, log=nowhere) as ours,
    ):
        at_start = descriptors(ours.pid)
        load(ours, where, folder, WARM_UP_S)
        calm(ours, at_start)
        before_mb = rss_mb(ours.pid)
        done = 0
        while done < requests:
            done += load(ours, where, folder, SLICE_S)
            say(f"{done:,} of {requests:,} requests, {rss_mb(ours.pid):.1f} MB")
        after = calm(ours, at_start)
        grown_mb = rss_mb(ours.pid) - before_mb
        what = f"{done:,} requests after a warm-up of {WARM_UP_S} s"
        yield at_most(f"{what}: RSS grows by", GROWTH_MB, grown_mb, "{:.1f} MB")
        yield at_most(f"{what}: descriptors", at_start, after, "{:.0f}")


def load(ours: Server, where: Cores, folder: Path, seconds: int) -> int:
    """Load the gateway for a while; return how many answers there were."""
    saw = drive(ours, WORKLOADS[0], seconds=seconds, core=where.load, folder=folder)
    return saw.requests


def calm(ours: Server, at_start: int) -> int:
    """Wait until the connections kept idle are closed; return what is still open."""
    until = time.monotonic() + CALM_S_MAX
    while (still := descriptors(ours.pid)) > at_start and time.monotonic() < until:
        time.sleep(0.5)
    return still
