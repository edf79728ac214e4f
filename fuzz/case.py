"""A fuzzer's input as a case: two bytes that choose, and the bytes off the wire.

The first byte is the target's to read; the second seeds the places where the network
cuts. So a file of the corpus says all of its case, and can be written by hand.
"""

from random import Random
from typing import NamedTuple

PIECE_BYTES_MAX = 40
EACH_BYTE_MAX = 600


class Case(NamedTuple):
    """What a target is asked to judge."""

    choice: int
    seed: int
    wire: bytes


def case_of(data: bytes) -> Case | None:
    """Read the fuzzer's *data*; None when it is too short to choose anything."""
    return Case(data[0], data[1], data[2:]) if len(data) > 1 else None


def written(choice: int, seed: int, wire: bytes) -> bytes:
    """Write a case as the bytes that `case_of` reads."""
    return bytes((choice, seed)) + wire


def pieces_of(wire: bytes, seed: int) -> list[bytes]:
    """Cut *wire* as *seed* says; seed 0 leaves it whole, an empty piece never comes."""
    if not seed:
        return [wire] if wire else []
    random = Random(seed)
    pieces = []
    while wire:
        size = random.randint(1, PIECE_BYTES_MAX)
        pieces.append(wire[:size])
        wire = wire[size:]
    return pieces


def cuts_of(case: Case) -> list[list[bytes]]:
    """Cut a case's wire in all the ways that must not matter, the plain one first."""
    wire = case.wire
    ways = [pieces_of(wire, 0), pieces_of(wire, case.seed or 1)]
    if len(wire) <= EACH_BYTE_MAX:
        ways.append([wire[at : at + 1] for at in range(len(wire))])
    return ways
