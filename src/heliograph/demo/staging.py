"""Plays an outage to the simulated providers, in step with the recording.

By the recording's time and not by the clock: on a machine that falls behind, captions
are asked for in each phase all the same.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from math import inf
from types import MappingProxyType
from typing import Any, Self

import urllib3

from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.screen import Facts, Look
from heliograph.camera.summary import Tally
from heliograph.camera.types import Caption, Track
from heliograph.demo.report import Outage

THINKING_S = 0.12
PRIMARY = "anthropic"
THINKING: Mapping[str, Any] = MappingProxyType(
    {"name": "thinking", "fault": {"delay_s": THINKING_S}}
)
FAULTS: Mapping[str, tuple[Mapping[str, Any], ...]] = MappingProxyType(
    {
        "down_s": (
            {"name": "down", "when": {"provider": PRIMARY}, "fault": {"status": 503}},
        ),
        "silent_s": (
            {
                "name": "silent",
                "when": {"provider": PRIMARY},
                "fault": {"kind": "silent"},
            },
        ),
        "back_s": (),
    }
)
"""What is wrong from each time of an outage on."""


class Staging:
    """A screen of the watch that has *outage* played by the *providers* at that URL.

    `begin_s` is the clock's time when it was entered.
    """

    def __init__(self, providers: str, outage: Outage) -> None:
        self.begin_s = time.monotonic()
        self._rules_url = f"{providers}/_control/rules"
        self._due = list(zip(FAULTS, outage, strict=True))
        self._begun = dict.fromkeys(FAULTS, inf)
        self._begin_us = 0

    @property
    def played(self) -> Outage:
        """The outage as it came, in seconds since `begin_s`; inf for what did not."""
        return Outage(**self._begun)

    def shown(
        self, facts: Facts, tally: Tally, counters: Callable[[], QueueCounters]
    ) -> Self:
        """Be the screen of a watch."""
        del tally, counters
        self._begin_us = facts.begin_us
        return self

    def window(
        self, now_us: int, events: int, tracks: Sequence[Track], picture: Look
    ) -> None:
        """Change what is wrong if it is time to."""
        del events, tracks, picture
        while self._due and now_us - self._begin_us >= self._due[0][1] * 1e6:
            name, _ = self._due.pop(0)
            self._put(FAULTS[name])
            self._begun[name] = time.monotonic() - self.begin_s

    def caption(self, caption: Caption) -> None:
        """Do nothing: a caption changes no outage."""

    def __enter__(self) -> Self:
        self._put(())
        self.begin_s = time.monotonic()
        return self

    def __exit__(self, *raised: object) -> None:
        """Leave what is wrong as it is: the providers end with the demo."""

    def _put(self, faults: Sequence[Mapping[str, Any]]) -> None:
        rules = json.dumps([dict(rule) for rule in (*faults, THINKING)])
        urllib3.request("PUT", self._rules_url, body=rules.encode(), retries=False)
