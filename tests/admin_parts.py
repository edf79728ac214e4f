"""A gateway with an admin key and a ledger, for the tests of its administration."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from gateway.raw_client import Answer, RawClient
from gateway.running import Gateway, config_of, plain, running, until
from heliograph.clock import Clock
from heliograph.gateway.ledger import virtual_keys
from heliograph.gateway.ledger.key_hash import ADMIN_PREFIX, new_secret
from heliograph.gateway.ledger.key_ring import KeyRing
from heliograph.gateway.ledger.key_secret import KeySecret
from heliograph.gateway.ledger.ledger import Ledger
from heliograph.gateway.ledger.stores.place import ServerStore
from heliograph.gateway.ledger.stores.sqlite_file import SqliteFile
from heliograph.simulation.providers import SimulatedProviders
from secret_hygiene import look

API = "/admin/api/v1"
MAKES_SECRET = re.compile(f"{API}/keys(/[^/]+/rotate)?")
TOLD_ONCE = re.compile(rb'"secret":"[^"]*"')
CONFIG = """
providers:
  openai:
    base_url: {sim}/openai/v1
    keys: [sk-oai-first-b111]
    models: [gpt-4o, gpt-4o-mini, of-our-own]
  anthropic:
    base_url: {sim}/anthropic/v1
    keys: [sk-ant-first-a111]
    models: [claude-haiku-4-5]
budgets:
  - name: everything
    for: {model: openai/gpt-4o}
    usd: 5
    per: day
"""


class Administered:
    """The gateway, its keys and its ledger, and short ways to ask as its operator."""

    def __init__(self, gateway: Gateway, ledger: Ledger, keys: KeyRing) -> None:
        self.gateway = gateway
        self.ledger = ledger
        self.keys = keys
        self.admin = ""

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.gateway.port

    def make_admin(self, *, grace_s: int = 0) -> str:
        """Make the admin key, or another one in its place."""
        secret = new_secret(ADMIN_PREFIX)
        database = self.ledger.store.open()
        assert self.keys.secret is not None
        now_s = int(self.gateway.engine.clock.wall_s())
        virtual_keys.set_admin(
            database, secret, self.keys.secret.make(), now_s=now_s, grace_s=grace_s
        )
        self.keys.follow(database)
        database.close()
        self.admin = secret
        return secret

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] = {},
    ) -> Answer:
        """Ask with the admin key, or with *key*; an empty one is not sent."""
        key = self.admin if key is None else key
        sent = {"authorization": f"Bearer {key}"} if key else {}
        data = b"" if body is None else json.dumps(body).encode()
        if data:
            sent["content-type"] = "application/json"
        lines = {**sent, **headers, "content-length": str(len(data))}
        extra = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        async with RawClient.to(self.port) as client:
            head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{self.port}\r\n{extra}"
            client.writer.write(f"{head}\r\n".encode() + data)
            status, answered = await client.head()
            length = int(answered["content-length"])
            said = await client.reader.readexactly(length)
        makes_secret = method == "POST" and MAKES_SECRET.fullmatch(path)
        look(TOLD_ONCE.sub(b"", said) if makes_secret else said, "an answer")
        return Answer(status, answered, said)

    async def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON document
        """Get a document of the API that is there."""
        answer = await self.ask("GET", f"{API}/{path}")
        assert answer.status == 200, answer.body
        return answer.json

    async def post(self, path: str, body: object = None) -> Any:  # noqa: ANN401 - the same
        """Have something changed."""
        answer = await self.ask("POST", f"{API}/{path}", body)
        assert answer.status in {200, 201}, answer.body
        return answer.json

    async def chat(self, model: str, key: str = "", tags: str = "") -> Answer:
        """Ask a model, as a caller with a virtual *key*."""
        lines = f"authorization: Bearer {key}\r\n" if key else ""
        lines += f"x-heliograph-tags: {tags}\r\n" if tags else ""
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
        return await self.gateway.post(json.dumps(body).encode(), extra=lines)

    async def written(self, count: int) -> None:
        """Wait until so many exchanges are in the ledger."""
        await until(lambda: self.ledger.recorder.written >= count)


@asynccontextmanager
async def administered(
    sim: SimulatedProviders,
    folder: Path,
    *,
    clock: Clock | None = None,
    given: str | None = None,
    url: str | None = None,
    bodies: bool = False,
) -> AsyncIterator[Administered]:
    """Run a gateway before *sim*; *given* is an admin key of the operator's own.

    Its ledger is a file, or in the database at *url*; with *bodies* it keeps them.
    """
    keys = KeyRing(KeySecret(folder / "ledger.secret"), admin=given)
    store = SqliteFile(folder / "ledger.db") if url is None else ServerStore(url)
    ledger = Ledger(store, print, keys)
    ledger.start()
    text = f"{CONFIG}\nledger:\n  url: {folder / 'ledger.db'}\n"
    text += "  bodies: {}\n" if bodies else ""
    try:
        config = plain(config_of(text, sim.base_url))
        async with running(config, clock, keys=keys, ledger=ledger) as gateway:
            made = Administered(gateway, ledger, keys)
            if given is None:
                made.make_admin()
            made.admin = given or made.admin
            try:
                yield made
            finally:
                gateway.server.beside.close()
    finally:
        ledger.close()
