"""Fuzz one target in this process: the only file that knows atheris.

    .venv-fuzz/bin/python fuzz/under_atheris.py TARGET [libFuzzer's arguments]

`fuzz/run.py` starts it. The gateway's modules are instrumented as they are imported,
so the target must be imported here and not before.
"""

import importlib
import logging
import sys
from collections.abc import Callable
from functools import partial

import atheris
from case import written
from run import FOUND, name_of

READING = "heliograph.camera.reading"
INSTRUMENTED = ["heliograph.gateway", "uvicorn.protocols", READING, "plain_events"]
COMPILED = [
    f"{READING}.{name}"
    for name in ("dat", "ecf", "evt2", "evt21", "evt3", "records", "evt3_writer")
]
"""What numba compiles it must find as it was written."""


def main() -> None:
    """Instrument what is judged, import the target and fuzz it until told to stop."""
    _, name, *arguments = sys.argv
    logging.disable()
    with atheris.instrument_imports(include=INSTRUMENTED, exclude=COMPILED):
        target = importlib.import_module(f"targets.{name}")
    # What is compiled is loaded by now: on a busy machine that took so long as to be
    # taken for a hang of the first input.
    for case in target.seeds():
        target.judge(written(*case))
    keeping = partial(keep_if_condemned, name, target.judge)
    atheris.Setup([sys.argv[0], *arguments], keeping)
    atheris.Fuzz()


def keep_if_condemned(name: str, judge: Callable[[bytes], None], data: bytes) -> None:
    """Judge *data*; keep it when it is condemned, which libFuzzer does not always."""
    try:
        judge(data)
    except BaseException:
        (FOUND / f"{name}-{name_of(data)}").write_bytes(data)
        raise


if __name__ == "__main__":
    main()
