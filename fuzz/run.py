"""Fuzz the parsers: `make fuzz`, or one of them with `make fuzz TARGET=sse`.

Starts from the targets' own seeds and the corpus of the repository, works in `.fuzz/`,
and says what came of it. An input that breaks an invariant stays in `.fuzz/found`;
`fuzz/keep.py` brings what was new into the corpus.
"""

import argparse
import hashlib
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

from case import written

FUZZ = Path(__file__).resolve().parent
WORK = FUZZ.parent / ".fuzz"
FOUND = WORK / "found"
CORPUS = FUZZ / "corpus"
GATEWAY = ("sse", "openai", "anthropic", "messages", "lane")
CAMERA = ("raw", "arrays", "aedat4", "hdf5")
TARGETS = (*GATEWAY, *CAMERA)
INPUT_BYTES_MAX = 4096
HDF5_BYTES_MAX = 8192
"""The smallest file that h5py writes has 5 kB."""
HANG_S = 10
RSS_MB_MAX = 1024
SEED = 1
LAST = re.compile(r"^(?:#\d+.*\bDONE\b|Done) .*$", re.MULTILINE)


def main() -> int:
    """Fuzz what was asked for, one target after another."""
    options = read_options()
    names = TARGETS if options.target == "all" else (options.target,)
    broken = [name for name in names if fuzz(name, options.seconds, options.seed)]
    if broken:
        print(f"found something in {', '.join(broken)}: see {FOUND}")
    return bool(broken)


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Fuzz the parsers")
    parser.add_argument("target", choices=("all", *TARGETS), help="which parser")
    parser.add_argument("--seconds", type=int, default=600, help="for each parser")
    parser.add_argument("--seed", type=int, default=SEED, help="of libFuzzer's chance")
    options = parser.parse_args()
    if options.seconds < 1:
        parser.error("--seconds must be at least 1")
    return options


def fuzz(name: str, seconds: int, seed: int) -> int:
    """Fuzz one target; return the exit status of its process."""
    own = WORK / "corpus" / name
    for folder in (own, FOUND):
        folder.mkdir(parents=True, exist_ok=True)
    write_seeds(name, own)
    log = WORK / f"{name}.log"
    print(f"{name}: {seconds} s, seed {seed}, log in {log}", flush=True)
    with log.open("w", encoding="utf-8", errors="replace") as out:
        status = subprocess.call(
            [
                *(sys.executable, FUZZ / "under_atheris.py", name),
                f"-max_total_time={seconds}",
                f"-seed={seed}",
                f"-max_len={HDF5_BYTES_MAX if name == 'hdf5' else INPUT_BYTES_MAX}",
                f"-timeout={HANG_S}",
                f"-rss_limit_mb={RSS_MB_MAX}",
                f"-dict={FUZZ / 'dictionaries' / name}.dict",
                f"-artifact_prefix={FOUND / name}-",
                *(own, CORPUS / name),
            ],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    text = log.read_text(encoding="utf-8")
    print(*(LAST.findall(text) or text.splitlines()[-25:]), sep="\n", flush=True)
    return status


def write_seeds(name: str, folder: Path) -> None:
    """Write a target's own seeds where libFuzzer begins."""
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    for case in importlib.import_module(f"targets.{name}").seeds():
        data = written(*case)
        (folder / name_of(data)).write_bytes(data)


def name_of(data: bytes) -> str:
    """Name an input by what it holds, as libFuzzer does."""
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
