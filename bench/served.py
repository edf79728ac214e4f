"""The gateway as an operator starts it, for benches that end it themselves."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

PATIENCE_S = 60.0


@asynccontextmanager
async def served(
    config: Path, workers: int
) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """Run `heliograph serve`; yield its process and port. In the end it is killed.

    It has a group of its own: its workers end with it.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "heliograph", "serve", "-c", str(config)),
        *("--port", "0", "--workers", str(workers)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process, await port_of(process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def port_of(process: asyncio.subprocess.Process) -> int:
    """Wait until a gateway says where it listens."""
    assert process.stderr is not None  # noqa: S101 - it was asked for
    said = b""
    async with asyncio.timeout(PATIENCE_S):
        while b" serves on http://127.0.0.1:" not in said:
            line = await process.stderr.readline()
            if not line:
                raise RuntimeError(said.decode())
            said += line
    return int(said.rpartition(b"127.0.0.1:")[2].partition(b"/")[0])
