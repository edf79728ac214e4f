"""What an exchange costs in byte codes of Python, by function: it holds still.

CPU time moves with the machine's other work; the number of byte codes does not. The
gateway runs in this process as a user runs it, and callers on threads each ask one
request after the other: what many share costs each of them less. Work in C is not
counted: `bench/measure.py` has the last word.
`--kept` takes a scene of `bench/kept.py`: what it adds on the request path is the
difference to `--kept off`.
"""

import argparse
import asyncio
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import TYPE_CHECKING

from kept import KEPT, SCENES, key_in
from servers import GATEWAY, HEADERS, KEYS, Cores, Server, cores, free_port, mock
from workloads import CHAT_PATH, WORKLOADS, Workload

from heliograph.gateway.app.composition import run
from heliograph.gateway.app.door import listen
from heliograph.gateway.app.keys import key_ring
from heliograph.gateway.app.loop import loop_factory
from heliograph.gateway.app.source import Source
from heliograph.gateway.types import Config

if TYPE_CHECKING:
    from _typeshed import TraceFunction

CALLERS = 32
WARM_UP = 256
COUNTED = 256
"""Metrics and log lines are made in rows of 64."""
OURS = str(Path(__file__).resolve().parent.parent / "src")


class Counts:
    """Byte codes and calls, by code object; a coroutine that goes on is called."""

    def __init__(self) -> None:
        self.opcodes: Counter[CodeType] = Counter()
        self.calls: Counter[CodeType] = Counter()

    def clear(self) -> None:
        """Forget what it cost to get warm."""
        self.opcodes.clear()
        self.calls.clear()

    def trace(self, frame: FrameType, event: str, _arg: object) -> "TraceFunction":
        """Count what one frame does; the interpreter calls this."""
        if event == "opcode":
            self.opcodes[frame.f_code] += 1
        elif event == "call":
            self.calls[frame.f_code] += 1
            frame.f_trace_lines = False
            frame.f_trace_opcodes = True
        return self.trace

    def table(self, requests: int) -> str:
        """List the functions, the dearest first, and the sum."""
        lines = []
        for code, opcodes in self.opcodes.most_common():
            where = code.co_filename.removeprefix(OURS).rpartition("site-packages/")[2]
            calls = self.calls[code] / requests
            row = f"{opcodes / requests:9.1f} {calls:7.2f}  {code.co_qualname}"
            lines.append(f"{row:60} {where.strip('/')}:{code.co_firstlineno}")
        codes = sum(self.opcodes.values()) / requests
        calls = sum(self.calls.values()) / requests
        return "\n".join((*lines, f"{codes:9.1f} {calls:7.2f}  in all, a request"))


class Callers:
    """Callers who keep their connections, as clients do, and each ask in turn."""

    def __init__(self, port: int, workload: Workload, headers: dict[str, str]) -> None:
        self.workload = workload
        self.headers = headers
        self.connections = [
            HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(CALLERS)
        ]

    def ask(self, times: int) -> None:
        """Ask *times* in all."""
        each = [times // CALLERS] * CALLERS
        with ThreadPoolExecutor(CALLERS) as threads:
            for _ in threads.map(self.ask_on, self.connections, each):
                pass

    def ask_on(self, connection: HTTPConnection, times: int) -> None:
        """Ask *times* over one connection."""
        for _ in range(times):
            connection.request("POST", CHAT_PATH, self.workload.body, self.headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or not self.workload.judge(body, "gateway"):
                raise SystemExit(
                    f"{self.workload.title}: {answer.status} {body[:300]!r}"
                )

    def close(self) -> None:
        """Hang up."""
        for connection in self.connections:
            connection.close()


def count(
    workload: Workload, where: Cores, folder: Path, times: int, kept: str | None
) -> Counts:
    """Run the gateway in this process and count what *times* requests cost it."""
    counts = Counts()
    headers = HEADERS
    if kept == KEPT:
        headers = HEADERS | {"authorization": f"Bearer {key_in(folder)}"}
    with ExitStack() as stack:
        behind = stack.enter_context(mock(folder, where, streams=workload.streams))
        scene = "" if kept is None else SCENES[kept]
        source, config = configured(folder, behind, scene)
        keys = key_ring(config.ledger, os.environ)
        if isinstance(keys, str):
            raise SystemExit(keys)
        port = free_port()

        async def serve() -> None:
            loop = asyncio.get_running_loop()

            def drive() -> None:
                callers = Callers(port, workload, headers)
                try:
                    # Traced from the beginning: who is suddenly slow is looked at.
                    call_in(loop, lambda: sys.settrace(counts.trace))
                    callers.ask(WARM_UP)
                    call_in(loop, counts.clear)
                    callers.ask(times)
                    call_in(loop, lambda: sys.settrace(None))
                finally:
                    callers.close()
                    loop.call_soon_threadsafe(serving.cancel)

            read = source.read()
            serving = asyncio.create_task(
                run(source, read, config, listen("127.0.0.1", port), keys)
            )
            threading.Thread(target=drive, daemon=True).start()
            await asyncio.wait({serving})

        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(serve())
    return counts


def call_in(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    """Call *what* in the loop's thread, and wait until it was called."""
    done = threading.Event()
    loop.call_soon_threadsafe(what)
    loop.call_soon_threadsafe(done.set)
    done.wait()


def configured(folder: Path, behind: Server, kept: str) -> tuple[Source, Config]:
    """Write the config of `bench/measure.py` and read it as the gateway does."""
    os.chdir(folder)  # where the ledgers of the scenes are
    os.environ.update(KEYS, HELIOGRAPH_LEDGER=str(folder / "ledger.db"))
    file = folder / "gateway.yaml"
    # Traced it is so slow, now and then, that the breaker would look at it.
    calm = "breaker:\n  slow_factor: 0\n"
    file.write_text(f"{GATEWAY.format(mock=behind.port)}{calm}{kept}\n")
    source = Source(file)
    config = source.read().found
    if not isinstance(config, Config):
        raise SystemExit(f"{file}: {config}")
    return source, config


def main() -> None:
    """Count and print; the exchange log goes to stderr's place."""
    parser = argparse.ArgumentParser(description="Byte codes of Python a request costs")
    parser.add_argument(
        "workload", nargs="?", default="chat", choices=[one.name for one in WORKLOADS]
    )
    parser.add_argument("--requests", type=int, default=COUNTED)
    parser.add_argument("--kept", choices=SCENES, help="a scene of bench/kept.py")
    asked = parser.parse_args()
    workload = next(one for one in WORKLOADS if one.name == asked.workload)
    with TemporaryDirectory(prefix="heliograph-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        told = os.dup(1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the exchange log goes to stdout
        counts = count(workload, cores(), folder, asked.requests, asked.kept)
        os.dup2(told, 1)
    print(counts.table(asked.requests))


if __name__ == "__main__":
    main()
