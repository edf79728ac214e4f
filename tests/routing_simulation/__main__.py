"""Plays many seeds: `make simulate`. Prints what broke, with the seed to play again."""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from routing_simulation.invariants import violations

SHOWN_MAX = 20


def main() -> int:
    """Play the seeds that were asked for; 1 when an invariant broke."""
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    broken: list[str] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for done, found in enumerate(pool.map(violations, seeds, chunksize=8), 1):
            broken += found
            if done % 100 == 0 or done == asked.seeds:
                said = f"\r{done} of {asked.seeds} seeds, {len(broken)} violations"
                sys.stderr.write(said)
    sys.stderr.write("\n")
    for said in broken[:SHOWN_MAX]:
        print(said)
    if len(broken) > SHOWN_MAX:
        print(f"and {len(broken) - SHOWN_MAX} more")
    print(f"{asked.seeds} seeds of 10 simulated minutes: {len(broken)} violations")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
