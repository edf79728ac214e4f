"""What comes of reading the config again: a good one is taken, a bad one is told.

Everything here is values; who reads, and when, is `reloader` and `supervisor`.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from heliograph.gateway.app.source import FAULTS, Read, fault
from heliograph.gateway.config import Problem, render_problems, summary
from heliograph.gateway.server.standing import ConfigStanding
from heliograph.gateway.telemetry.reloads import ReloadCounts
from heliograph.gateway.types import Config

TLS_STAYS = (
    "warning: server.tls was turned on or off, which a reload cannot do: restart; the "
    "rest of the file is taken"
)
STAYS = "the last good config stays in force; nothing is lost but the change"


class Reloads:
    """The config in force and all that is told of it.

    *say* tells the operator; *wall_s* is the time.
    """

    def __init__(
        self,
        config: Config,
        read: Read,
        *,
        say: Callable[[str], None],
        wall_s: Callable[[], float],
    ) -> None:
        self.config = self.begun_with = config
        self.last_read = (read.data, read.beside)
        self.say = say
        self.wall_s = wall_s
        self.since_s = wall_s()
        self.counts = ReloadCounts()
        self.problems: tuple[str, ...] = ()

    @property
    def standing(self) -> ConfigStanding:
        """What `/health` tells."""
        since = datetime.fromtimestamp(int(self.since_s), UTC).isoformat()
        return ConfigStanding(self.config.source, since, self.problems)

    def take(self, read: Read, put: Callable[[Config], object], *, asked: bool) -> None:
        """Judge what was read; *put* a good config in force.

        Files that were touched and hold what they held are no news, unless somebody
        *asked* for them to be read.
        """
        last, self.last_read = self.last_read, (read.data, read.beside)
        if last == self.last_read and not asked:
            return
        found = read.found
        if not isinstance(found, list):
            found = put_or_stay(put, found, self.config) or found
        if isinstance(found, list):
            self.counts.failed += 1
            self.problems = tuple(map(str, found))
            self.say(f"{render_problems(found)}\n{STAYS}")
            return
        self.counts.ok += 1
        self.problems = ()
        if (found.server.tls is None) is not (self.begun_with.server.tls is None):
            self.say(TLS_STAYS)
        self.config = found
        self.since_s = self.wall_s()
        self.say(f"the config was read again and is in force\n{summary(self.config)}")

    def nothing_to_read(self) -> None:
        """Tell somebody who asked that there is no file."""
        self.say(
            "there is no config file to read again: the providers come from the "
            "environment, which cannot change while the gateway runs; restart it"
        )


def put_or_stay(
    put: Callable[[Config], object], config: Config, last: Config
) -> list[Problem]:
    """Put *config* in force; if we fail over it, the *last* one, and say why."""
    try:
        put(config)
    except FAULTS as error:
        put(last)
        return [fault(error, config.source)]
    return []
