"""The servers of one run: the mock provider, the yardstick, the gateway.

All listen on free loopback ports and keep their files in one temporary folder.
Those that are measured share one core; the mock and the load have another.
"""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from workloads import ANTHROPIC_ANSWER, CHAT_PATH, OPENAI_ANSWER

HERE = Path(__file__).resolve().parent
START_S_MAX = 120.0
ASK_S_MAX = 60.0
STOP_S_MAX = 10.0
PORTS = (12_000, 32_000)
PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
HEADERS = {"content-type": "application/json", "authorization": "Bearer sk-bench"}
LEDGER = {"HELIOGRAPH_LEDGER": "ledger.db"}  # in the bench's own folder
KEYS = {"BENCH_OPENAI_KEY": "sk-bench-openai", "BENCH_ANTHROPIC_KEY": "sk-ant-bench"}

SHARED = """\
daemon off; worker_processes 1; pid {name}.pid; error_log {name}.err;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_max_body_size 50m; client_body_buffer_size 4m;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 100000000; keepalive_timeout 300s;
"""
MOCK = """\
  server {{
    listen 127.0.0.1:{port} backlog=4096; default_type application/json;
    location = /v1/chat/completions {{ return 200 '{openai}'; }}
    location = /v1/messages {{ return 200 '{anthropic}'; }}
  }}
}}
"""
YARDSTICK = """\
  upstream mock {{ server 127.0.0.1:{mock}; keepalive 512;
    keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://mock; proxy_http_version 1.1; {buffering}
      proxy_set_header Connection ""; proxy_set_header Authorization "Bearer up";
    }}
  }}
}}
"""
GATEWAY = """\
providers:
  openai:
    base_url: http://127.0.0.1:{mock}/v1
    keys:
      - value: env.BENCH_OPENAI_KEY
    models:
      - gpt-4o
  anthropic:
    base_url: http://127.0.0.1:{mock}/v1
    keys:
      - value: env.BENCH_ANTHROPIC_KEY
    models:
      - claude-sonnet-4-6
fallbacks:
  - from: anthropic/claude-sonnet-4-6
    to: openai/gpt-4o
"""


class BenchError(Exception):
    """The run cannot be trusted; the message says why."""


@dataclass(frozen=True)
class Cores:
    """Which core the measured servers have, and which the mock and the load."""

    measured: int
    load: int


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    name: str
    pid: int
    port: int
    started_in_s: float
    headers: Mapping[str, str] = field(default_factory=dict)
    """What a caller must send beside the request."""


def cores() -> Cores:
    """Choose two cores out of those this process may use."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise BenchError("two CPU cores are needed: one for the server measured")
    return Cores(usable[0], usable[1])


@contextmanager
def mock(folder: Path, cores: Cores, *, streams: bool) -> Iterator[Server]:
    """Run the provider: nginx for whole answers, the paced one for streams."""
    port = free_port()
    if streams:
        command = [sys.executable, str(HERE / "paced_mock.py"), str(port)]
    else:
        answers = {"openai": OPENAI_ANSWER, "anthropic": ANTHROPIC_ANSWER}
        text = SHARED.format(name="mock") + MOCK.format(port=port, **answers)
        command = nginx(folder, "mock", text)
    with running("mock", command, core=cores.load, port=port, folder=folder) as server:
        yield server


@contextmanager
def yardstick(
    folder: Path, cores: Cores, behind: Server, *, streams: bool
) -> Iterator[Server]:
    """Run nginx as a keep-alive reverse proxy; streams go through unbuffered."""
    port = free_port()
    buffering = "proxy_buffering off;" if streams else ""
    rest = YARDSTICK.format(port=port, mock=behind.port, buffering=buffering)
    command = nginx(folder, "nginx", SHARED.format(name="nginx") + rest)
    core = cores.measured
    with running("nginx", command, core=core, port=port, folder=folder) as server:
        yield server


@contextmanager
def gateway(
    folder: Path, cores: Cores, behind: Server, *, log: Path | None = None
) -> Iterator[Server]:
    """Run the gateway as a user does; its exchange log goes to a file."""
    port = free_port()
    config = folder / "gateway.yaml"
    config.write_text(GATEWAY.format(mock=behind.port))
    command = [sys.executable, "-m", "heliograph", "serve"]
    command += ["-c", str(config), "--port", str(port)]
    core = cores.measured
    with running(
        "gateway", command, core=core, port=port, folder=folder, out=log
    ) as server:
        yield server


def nginx(folder: Path, name: str, text: str) -> list[str]:
    """Write nginx's config and return the command that runs it."""
    place = folder / f"{name}.conf"
    place.write_text(text)
    return ["nginx", "-p", str(folder), "-e", f"{name}.err", "-c", str(place)]


@contextmanager
def running(
    name: str,
    command: list[str],
    *,
    core: int,
    port: int,
    folder: Path,
    out: Path | None = None,
    poll: str = "/health",
    env: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Start *command* on *core*, wait until *port* answers, and stop it at the end."""
    with ExitStack() as stack:
        told = stack.enter_context((out or folder / f"{name}.out").open("wb"))
        said = stack.enter_context((folder / f"{name}.said").open("wb"))
        began = time.monotonic()
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *command],
            stdout=told,
            stderr=said,
            cwd=folder,
            env=os.environ | KEYS | {"PATH": PATH} | LEDGER | dict(env or {}),
        )
        stack.callback(stop, process)
        while not is_open(port, poll):
            if process.poll() is not None or time.monotonic() > began + START_S_MAX:
                why = (folder / f"{name}.said").read_text()[-2000:]
                raise BenchError(f"{name} did not start: {why}")
            time.sleep(0.002)
        yield Server(
            name, process.pid, port, time.monotonic() - began, dict(headers or {})
        )


def stop(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """End a server; one that does not end in time is killed."""
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def is_open(port: int, path: str) -> bool:
    """Say whether the server answers a request, with whatever status."""
    connection = HTTPConnection("127.0.0.1", port, timeout=ASK_S_MAX)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


def ask(server: Server, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
    """Ask one chat; return status, headers (lower case) and body."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=ASK_S_MAX)
    try:
        headers = {**HEADERS, **server.headers}
        connection.request("POST", CHAT_PATH, body, headers)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, told, answer.read()
    finally:
        connection.close()


def free_port() -> int:
    """Find a port of loopback that nobody listens on.

    It lies below those that the system hands out: a server that takes a minute to
    start would find such a one taken.
    """
    while True:
        port = random.randrange(*PORTS)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def require_programs() -> None:
    """Raise `BenchError` unless what `bench/setup` installs is there."""
    for name in ("nginx", "wrk", "taskset"):
        if shutil.which(name, path=PATH) is None:
            raise BenchError(f"{name} is not installed; run bench/setup")
