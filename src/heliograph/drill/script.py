"""The nouns of a drill: what is asked, what goes wrong when, what must hold."""

from msgspec import Struct

from heliograph.simulation.providers.rules import Rule


class Traffic(Struct, frozen=True):
    """Who asks what, all the time.

    `model` None: the first that has a fallback in the config, else the first listed.
    Every answer has `answer_words` words, so that a missing one is noticed.
    """

    requests_per_s: float = 2.0
    stream_share: float = 0.3
    max_tokens: int = 64
    answer_words: int = 24
    picture: bool = False
    model: str | None = None


class Phase(Struct, frozen=True):
    """A stretch of the drill; its rules' times count from its own begin."""

    name: str
    lasts_s: float
    rules: tuple[Rule, ...] = ()

    @property
    def sick(self) -> bool:
        """Something goes wrong in it."""
        return bool(self.rules)


class Objectives(Struct, frozen=True):
    """What must hold. None: it is measured, and nothing is asked of it.

    `onset_s`: how much of a sick phase's begin `added_p99_ms` leaves out, because a
    fault must be seen before it can be avoided.
    """

    availability: float | None = None
    added_p99_ms: float | None = None
    attempts_on_sick: int | None = None
    recovery_s: float | None = None
    silent_truncations: int = 0
    onset_s: float = 0.0


class Script(Struct, frozen=True):
    """A whole drill. Its first phase is what the others are compared with.

    `sick` is the provider, or the key (`NAME#1`), that the drill is about; `rules` are
    in force all the time, behind those of the phase.
    """

    name: str
    about: str
    sick: str
    traffic: Traffic
    phases: tuple[Phase, ...]
    rules: tuple[Rule, ...] = ()
    objectives: Objectives = Objectives()
    seed: int = 1
    source: str = ""

    @property
    def duration_s(self) -> float:
        """How long it is, in its own time."""
        return sum(phase.lasts_s for phase in self.phases)

    @property
    def requests(self) -> int:
        """How many requests are sent."""
        return round(self.duration_s * self.traffic.requests_per_s)

    @property
    def begins_s(self) -> tuple[float, ...]:
        """When each phase begins."""
        begins = [0.0]
        for phase in self.phases[:-1]:
            begins.append(begins[-1] + phase.lasts_s)
        return tuple(begins)
