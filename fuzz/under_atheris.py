"""Fuzz one target in this process: the only file that knows atheris.

    .venv-fuzz/bin/python fuzz/under_atheris.py TARGET [libFuzzer's arguments]

`fuzz/run.py` starts it. The gateway's modules are instrumented as they are imported,
so the target must be imported here and not before.
"""

import importlib
import logging
import sys

import atheris


def main() -> None:
    """Instrument the gateway, import the target and fuzz it until told to stop."""
    _, name, *arguments = sys.argv
    logging.disable()
    with atheris.instrument_imports(
        include=["heliograph.gateway", "uvicorn.protocols"]
    ):
        target = importlib.import_module(f"targets.{name}")
    atheris.Setup([sys.argv[0], *arguments], target.judge)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
