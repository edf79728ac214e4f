"""Keeps N worker processes at work on one listening socket.

Workers are forked from this process, which stays what can be forked without danger: it
has one thread and no event loop, only a loop over `poll`. Forked after the imports, the
workers share the code's memory, start at once, and inherit the socket and the very
config that was judged; spawned ones would import everything again and read a file that
may have changed since.
"""

import select
import signal
import socket
import time

from heliograph.gateway.app.ears import Ears
from heliograph.gateway.app.messages import (
    Ask,
    Drain,
    End,
    Numbers,
    Ready,
    Simulated,
    State,
    Sum,
    Take,
    Tell,
    Upward,
)
from heliograph.gateway.app.reloads import Reloads
from heliograph.gateway.app.scrapes import Scrapes
from heliograph.gateway.app.seat import STAND, Birth, Seat
from heliograph.gateway.app.source import Read, Source
from heliograph.gateway.app.stand import stand_in
from heliograph.gateway.app.tally import Tally
from heliograph.gateway.app.voice import announce, say
from heliograph.gateway.app.watch import Watch
from heliograph.gateway.telemetry.fleet import FleetCounts
from heliograph.gateway.telemetry.snapshot import snapshot
from heliograph.gateway.types import Config

LAST_WORDS_S = 5.0
NEVER_S = float("inf")


def supervise(
    count: int, source: Source, read: Read, config: Config, listening: socket.socket
) -> int | Birth:
    """Run *count* workers to the end; return the exit status.

    In each process that is forked it returns too: what that process is for.
    """
    reloads = Reloads(config, read, say=say, wall_s=time.time)
    with Ears() as ears:
        supervisor = Supervisor(
            count,
            source=source,
            watch=Watch(read.marks),
            reloads=reloads,
            listening=listening,
            ears=ears,
        )
        try:
            return supervisor.run()
        finally:
            supervisor.close()


class Supervisor:
    """One per program; it serves nobody, so that it can look after those who do."""

    def __init__(
        self,
        count: int,
        *,
        source: Source,
        watch: Watch,
        reloads: Reloads,
        listening: socket.socket,
        ears: Ears,
    ) -> None:
        self.seats = [Seat(number) for number in range(1, count + 1)]
        self.stand = Seat(STAND)
        self.source = source
        self.watch = watch
        self.look_s = time.monotonic() + self.watch.wait_s
        self.reloads = reloads
        self.listening = listening
        self.ears = ears
        self.tally = Tally()
        self.scrapes = Scrapes()
        self.counts = FleetCounts()
        self.announced = False
        self.ending = False
        self.killed_s = NEVER_S
        self.code = 0
        self.told = self.state()

    def run(self) -> int | Birth:
        """Look after the workers until they are told to end and have ended."""
        while True:
            birth = self.start_due()
            if birth is not None:
                return birth
            if self.is_over():
                return self.code
            self.wait()
            for number in self.ears.take():
                self.obey(number)
            for seat in (self.stand, *self.seats):
                self.listen_to(seat)
                self.look_after(seat)
            self.watch_files()
            self.answer_scrapes()
            self.tell_state()

    def close(self) -> None:
        """Close every link; workers that are left end when they find theirs closed."""
        for seat in (self.stand, *self.seats):
            if seat.link is not None:
                seat.link.close()

    # waiting

    def wait(self) -> None:
        """Wait for a message, a signal, or the next thing that is due."""
        poll = select.poll()
        poll.register(self.ears.wakes, select.POLLIN)
        for seat in (self.stand, *self.seats):
            if seat.link is not None and not seat.link.ended:
                unsent = select.POLLOUT if seat.link.unsent else 0
                poll.register(seat.link, select.POLLIN | unsent)
        starts = [seat.due_s for seat in self.seats if seat.pid is None]
        due_s = min(self.look_s, self.scrapes.due_s, self.killed_s)
        if not self.ending and self.reloads.config.providers:
            due_s = min(due_s, *starts, NEVER_S)
        poll.poll(max(0.0, due_s - time.monotonic()) * 1000)

    # processes

    def start_due(self) -> Birth | None:
        """Fork for the seats that are due; workers wait until there is a provider."""
        if self.ending:
            return None
        simulated = not self.reloads.config.providers
        for seat in [self.stand] if simulated else self.seats:
            if seat.pid is not None or seat.due_s > time.monotonic():
                continue
            try:
                link = seat.fork(time.monotonic())
            except OSError as error:
                self.start_again(seat, 0.0, f"cannot be started: {error.strerror}")
                continue
            if link is not None:
                state = self.state()
                return Birth(seat.number, link, self.reloads.config, state)
        return None

    def look_after(self, seat: Seat) -> None:
        """Replace a process that has ended, unless it was told to."""
        status = seat.reap()
        if status is None or seat.pid is None:
            return
        pid = seat.pid
        self.listen_to(seat)  # its last words
        self.tally.retire(pid)
        self.scrapes.gone(pid)
        seat.leave()
        if self.ending:
            return
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        if seat is self.stand:
            say(f"error: the simulated provider ended {how}")
            self.fail()
            return
        self.counts.died += 1
        lived_s = time.monotonic() - seat.born_s
        self.start_again(seat, lived_s, f"(process {pid}) ended {how}")

    def start_again(self, seat: Seat, lived_s: float, what: str) -> None:
        """Have a seat taken again after a while, or give up."""
        wait_s = seat.restarts.died(lived_s)
        seat.due_s = time.monotonic() + wait_s
        when = f"in {wait_s:g} s" if wait_s else "now"
        if self.announced or not seat.restarts.hopeless:
            say(f"worker {seat.number} {what}; another is started {when}")
            return
        say(
            f"error: worker {seat.number} {what}, as did {seat.restarts.quick - 1} "
            "before it, and none has come up; what they said stands above"
        )
        self.fail()

    def fail(self) -> None:
        """End everything, and say that it was no success."""
        self.code = 1
        self.drain()

    def is_over(self) -> bool:
        """Tell whether everything has ended; the simulated provider goes last."""
        if not self.ending:
            return False
        if time.monotonic() > self.killed_s:
            for seat in (self.stand, *self.seats):
                if seat.kill():
                    say(f"process {seat.pid} did not end in time: it is killed")
            self.killed_s = NEVER_S
        if any(seat.pid for seat in self.seats):
            return False
        if self.stand.pid is not None and self.stand.state != "draining":
            self.stand.state = "draining"
            self.stand.send(Drain())
        return self.stand.pid is None

    # signals

    def obey(self, number: int) -> None:
        """Do what a signal asks for."""
        if number == signal.SIGHUP:
            self.reload(asked=True)
        elif number in {signal.SIGTERM, signal.SIGINT}:
            if self.ending:
                self.end()
            else:
                self.drain()

    def drain(self) -> None:
        """Let nobody new in; have the workers finish what is under way."""
        self.ending = True
        self.listening.close()
        drain_s = self.reloads.config.server.drain_s
        self.killed_s = time.monotonic() + drain_s + LAST_WORDS_S
        for seat in self.seats:
            if seat.pid is not None:
                seat.state = "draining"
            seat.send(Drain())

    def end(self) -> None:
        """Have the workers end at once."""
        self.killed_s = time.monotonic() + LAST_WORDS_S
        for seat in self.seats:
            seat.send(End())

    # the config

    def watch_files(self) -> None:
        """Look at the config's files when it is time to."""
        now_s = time.monotonic()
        if now_s < self.look_s:
            return
        if self.watch.look(self.source.marks()):
            self.reload(asked=False)
        self.look_s = now_s + self.watch.wait_s

    def reload(self, *, asked: bool) -> None:
        """Read the config here first, so that all workers swap it or none does."""
        if self.source.path is None:
            self.reloads.nothing_to_read()
            return
        read = self.source.read()
        self.watch.read(read.marks)

        def put(config: Config) -> None:
            for seat in self.seats:
                seat.send(Take(read.data or b"", config.source))

        self.reloads.take(read, put, asked=asked)

    # messages

    def listen_to(self, seat: Seat) -> None:
        """Hear what a process tells, and send what it had not taken."""
        if seat.link is not None:
            seat.link.flush()
            for message in seat.link.receive():
                self.hear(seat, message)

    def hear(self, seat: Seat, message: Upward) -> None:
        """Take in one message."""
        pid = seat.pid or 0
        match message:
            case Ready():
                self.ready(seat)
            case Numbers(scrape, numbers):
                self.tally.note(pid, numbers)
                self.scrapes.told(scrape, pid)
            case Ask(scrape, numbers):
                self.tally.note(pid, numbers)
                others = [s for s in self.seats if s.pid and s is not seat]
                pids = {other.pid for other in others if other.pid}
                count = self.scrapes.begin(pid, scrape, pids, time.monotonic())
                for other in others:
                    other.send(Tell(count))
            case Simulated(base_url):
                self.reloads.config = stand_in(self.reloads.config, base_url)

    def ready(self, seat: Seat) -> None:
        """Note that a worker serves; the first one is news."""
        if self.ending:
            return
        seat.state = "ready"
        if not self.announced:
            self.announced = True
            announce(self.reloads.config, self.listening)
            say(f"{len(self.seats)} workers")

    def answer_scrapes(self) -> None:
        """Send the sum to those who asked for it."""
        for scrape in self.scrapes.done(time.monotonic()):
            own = snapshot((*self.counts.collect(), *self.reloads.counts.collect()))
            for seat in self.seats:
                if seat.pid == scrape.asker:
                    seat.send(Sum(scrape.number, self.tally.sum(own)))

    def state(self) -> State:
        """Say what `/health` tells."""
        workers = tuple(seat.standing for seat in self.seats)
        return State(self.reloads.standing, workers)

    def tell_state(self) -> None:
        """Tell all workers when something has changed that `/health` tells."""
        self.counts.ready = sum(seat.state == "ready" for seat in self.seats)
        state = self.state()
        if state != self.told:
            self.told = state
            for seat in self.seats:
                seat.send(state)
