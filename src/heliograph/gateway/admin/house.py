"""What the admin's answers are made from: one per process, made by `app`."""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct
from starlette.requests import Request

from heliograph.clock import Clock
from heliograph.gateway.admin.desk import Desk
from heliograph.gateway.admin.entrance import Entrance
from heliograph.gateway.engine import Engine
from heliograph.gateway.ledger.key_ring import KeyRing


class Process(Protocol):
    """How the process and those beside it stand; `app` knows."""

    @property
    def config(self) -> Struct:
        """The config in force."""

    @property
    def workers(self) -> Sequence[Struct]:
        """The workers; empty when the process works alone."""


class House:
    """The engine, its keys, its process, and the way to the ledger."""

    def __init__(
        self,
        engine: Engine,
        keys: KeyRing,
        process: Process,
        address_of: Callable[[Request], str],
        say: Callable[[str], object],
    ) -> None:
        self.engine = engine
        self.keys = keys
        self.process = process
        self.address_of = address_of
        self.say = say
        ledger = engine.ledger
        self.desk = Desk(None if ledger is None else ledger.store)
        self.entrance = Entrance(keys, self.desk, engine.clock, address_of)

    def note(self, request: Request, done: str) -> None:
        """Tell the operator's log what was changed, and from where."""
        self.say(f"admin at {self.address_of(request) or 'a socket'}: {done}")

    @property
    def clock(self) -> Clock:
        """The one clock."""
        return self.engine.clock
