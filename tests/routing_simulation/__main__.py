"""Plays many seeds: `make simulate`. Prints what broke, with the seed to play again."""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from routing_simulation.invariants import violations

SHOWN_MAX = 5  # of one seed


def main() -> int:
    """Play the seeds that were asked for; 1 when an invariant broke."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    broken = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, found in enumerate(pool.map(violations, seeds, chunksize=8), 1):
            broken += len(found)
            for said in found[:SHOWN_MAX]:
                print(f"\r{said}", flush=True)
            if done % 100 == 0 or done == asked.seeds:
                said = f"\r{done} of {asked.seeds} seeds, {broken} violations"
                sys.stderr.write(said)
    sys.stderr.write("\n")
    print(f"{asked.seeds} seeds of 10 simulated minutes: {broken} violations")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
