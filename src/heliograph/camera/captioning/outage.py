"""Whether the gateway is worth asking now. Values in, values out.

While it is away nobody waits for it: captions come from the template at once, and one
question at a time finds out whether it is back.
"""

from collections.abc import Callable
from dataclasses import dataclass

RETRY_AFTER_S_MAX = 300.0
"""A gateway that asks to be left alone for longer is asked all the same: budgets are
raised and clocks are wrong."""


@dataclass(frozen=True, slots=True)
class OutageSettings:
    """After `failures_max` failures in a row the gateway is left alone.

    For `rest_s_first` at first, twice as long after each probe that failed, and no
    longer than `rest_s_max`; for as long as it asks, where it tells. A probe may take
    `probe_s`: a gateway that hangs fails no sooner.
    """

    failures_max: int = 2
    rest_s_first: float = 1.0
    rest_s_max: float = 30.0
    probe_s: float = 10.0


class Outage:
    """What the last answers say of the gateway. *jitter* returns 0 to 1.

    Of many cameras that lost one gateway, no two shall come back at once.
    """

    def __init__(
        self, settings: OutageSettings | None = None, *, jitter: Callable[[], float]
    ) -> None:
        self.why = ""
        self._settings = settings or OutageSettings()
        self._jitter = jitter
        self._failures = 0
        self._due_s: float | None = None

    @property
    def is_on(self) -> bool:
        """Say whether the gateway is left alone but for probes."""
        return self._due_s is not None

    def may_ask(self, now_s: float) -> bool:
        """Say whether to ask at *now_s*. While it is away, who is told yes probes."""
        if self._due_s is None:
            return True
        if now_s < self._due_s:
            return False
        # Until the probe has come back nobody else goes.
        self._due_s = now_s + max(self._rest_s(), self._settings.probe_s)
        return True

    def wait_s(self, now_s: float) -> float:
        """Return how long it is until somebody may ask."""
        return 0.0 if self._due_s is None else max(0.0, self._due_s - now_s)

    def answered(self) -> None:
        """Take in that the gateway gave an answer to a question."""
        self._failures = 0
        self._due_s = None
        self.why = ""

    def failed(self, now_s: float, why: str, retry_after_s: float | None) -> None:
        """Take in that it did not, at *now_s*, and how long it asks to be left."""
        self._failures += 1
        self.why = why
        if retry_after_s is not None:
            self._due_s = now_s + min(retry_after_s, RETRY_AFTER_S_MAX)
        elif self._failures >= self._settings.failures_max:
            self._due_s = now_s + self._rest_s()

    def _rest_s(self) -> float:
        settings = self._settings
        # The exponent is bounded: an outage may last for weeks.
        doubled = min(max(0, self._failures - settings.failures_max), 30)
        rest_s = min(settings.rest_s_max, settings.rest_s_first * float(2**doubled))
        return rest_s * (0.5 + self._jitter() / 2)
