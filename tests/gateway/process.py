"""`heliograph` in a process of its own, as its operator starts it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from gateway.raw_client import Answer, RawClient
from gateway.running import request
from secret_hygiene import look, remember

PATIENCE_S = 15
COMMAND = (sys.executable, "-m", "heliograph")


class Served:
    """A gateway in a process of its own; what it says and logs is read as it comes."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        *,
        log_unread: bool,
        shows_keys: bool = False,
    ) -> None:
        self.process = process
        self.shows_keys = shows_keys  # it was made for that, to whoever runs it
        self.said = ""
        self.log = b""
        self.port = 0
        self._more = asyncio.Event()
        self._reading = [asyncio.ensure_future(self._hear())]
        if not log_unread:
            self._reading.append(asyncio.ensure_future(self._keep()))

    async def _hear(self) -> None:
        stderr = self.process.stderr
        assert stderr is not None
        while line := await stderr.readline():
            self.said += line.decode()
            self._more.set()
        self._more.set()

    async def _keep(self) -> None:
        stdout = self.process.stdout
        assert stdout is not None
        while data := await stdout.read(65536):
            self.log += data

    async def says(self, text: str, *, times: int = 1) -> None:
        """Wait until it has said *text*."""
        async with asyncio.timeout(PATIENCE_S):
            while self.said.count(text) < times:
                assert not self._reading[0].done(), self.said
                self._more.clear()
                await self._more.wait()

    async def listens(self) -> None:
        """Wait until it has said where it listens, and on."""
        await self.says(" serves on http://127.0.0.1:")
        self.port = int(self.said.rpartition("127.0.0.1:")[2].partition("/")[0])

    async def ends(self) -> tuple[int, str]:
        """Wait for its end; return exit status and the exchange log."""
        async with asyncio.timeout(PATIENCE_S):
            if len(self._reading) == 1:
                self._reading.append(asyncio.ensure_future(self._keep()))
            await asyncio.gather(*self._reading)
            code = await self.process.wait()
        return code, self.log.decode()

    async def accepts(self) -> bool:
        """Try to connect."""
        try:
            async with RawClient.to(self.port):
                return True
        except ConnectionError:  # refused, or dropped from the queue as it closed
            return False

    def send_signal(self, number: int) -> None:
        """Send a signal to the process itself."""
        self.process.send_signal(number)

    async def ask(self, secret: str = "", /, **members: object) -> Answer:
        """Send one request, with the *secret* of a virtual key if it is given."""
        extra = f"authorization: Bearer {secret}\r\n" if secret else ""
        async with RawClient.to(self.port) as client:
            client.send(request(members), extra=extra)
            return await client.answer()

    async def comes_to(self, status: int, secret: str = "") -> None:
        """Wait until a request is told *status*: keys are followed within a second."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.ask(secret)).status != status:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)

    async def get(self, path: str) -> Answer:
        """Get *path*."""
        async with RawClient.to(self.port) as client:
            client.get(path)
            return await client.answer()

    async def metrics(self) -> dict[str, float]:
        """Scrape: every sample by its name and labels, as they are written."""
        text = (await self.get("/metrics")).body.decode()
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        return {k: float(v) for k, _, v in (line.rpartition(" ") for line in lines)}

    async def close(self) -> None:
        """End it and all its workers, whatever state they are in."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.ends()
        look(self.said, "what a program says")
        if not self.shows_keys:
            look(self.log, "what a program writes")


@asynccontextmanager
async def heliograph(
    *arguments: str,
    environ: Mapping[str, str] | None = None,
    log_unread: bool = False,
    before: tuple[str, ...] = (),
) -> AsyncIterator[Served]:
    """Start a command with nothing in its environment but *environ*.

    *before* is what comes before it, such as another program that runs it.
    """
    for name, value in (environ or {}).items():
        if name.endswith("KEY"):
            remember(value)
    kept = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        *before,
        *COMMAND,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**kept, **(environ or {})},
        start_new_session=True,
    )
    served = Served(
        process, log_unread=log_unread, shows_keys=arguments[:1] == ("keys",)
    )
    try:
        yield served
    finally:
        await served.close()


def config_file(folder: Path, text: str) -> str:
    path = folder / "gateway.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)
