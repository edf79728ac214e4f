"""What supervisor and workers tell each other, and how it is framed: pure."""

from collections.abc import Iterator

from msgspec import Struct, msgpack

from heliograph.gateway.server.standing import ConfigStanding, WorkerStanding
from heliograph.gateway.telemetry.snapshot import Snapshot

LENGTH_BYTES = 4


class Ready(Struct, frozen=True, tag=True):
    """A worker serves."""


class Numbers(Struct, frozen=True, tag=True):
    """A worker's numbers; *scrape* is the one they answer to, or 0."""

    scrape: int
    numbers: Snapshot


class Ask(Struct, frozen=True, tag=True):
    """A worker is being scraped: it gives its numbers and asks for the sum."""

    scrape: int
    numbers: Snapshot


class Simulated(Struct, frozen=True, tag=True):
    """The process with the simulated provider tells where it is."""

    base_url: str


class Tell(Struct, frozen=True, tag=True):
    """Send your numbers now."""

    scrape: int


class Sum(Struct, frozen=True, tag=True):
    """The numbers of all workers."""

    scrape: int
    numbers: Snapshot


class Take(Struct, frozen=True, tag=True):
    """Put this config in force; the supervisor has read it without a complaint."""

    data: bytes
    file: str


class State(Struct, frozen=True, tag=True):
    """What `/health` tells, whichever worker is asked."""

    config: ConfigStanding
    workers: tuple[WorkerStanding, ...]


class Drain(Struct, frozen=True, tag=True):
    """Let nobody new in, finish, and end."""


class End(Struct, frozen=True, tag=True):
    """Do not finish: end now."""


Upward = Ready | Numbers | Ask | Simulated
Downward = Tell | Sum | Take | State | Drain | End
UPWARD: msgpack.Decoder[Upward] = msgpack.Decoder(Upward)
DOWNWARD: msgpack.Decoder[Downward] = msgpack.Decoder(Downward)


def framed(message: Upward | Downward) -> bytes:
    """Write *message* with its length before it."""
    data = msgpack.encode(message)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


class Frames:
    """Takes a stream of bytes apart into frames."""

    def __init__(self) -> None:
        self.rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take in what came; yield each frame that is whole."""
        self.rest += data
        while len(self.rest) >= LENGTH_BYTES:
            end = LENGTH_BYTES + int.from_bytes(self.rest[:LENGTH_BYTES], "big")
            if len(self.rest) < end:
                return
            frame = bytes(self.rest[LENGTH_BYTES:end])
            del self.rest[:end]
            yield frame
