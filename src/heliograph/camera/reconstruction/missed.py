"""Why a picture was not reckoned: a value, for its caption goes on without it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

MissKind: TypeAlias = Literal["few", "late", "behind", "failed"]
"""Too few events; too slow; too many pictures before it; a fault of the network's."""


@dataclass(frozen=True, slots=True)
class Missed:
    """There is no picture; *why* says it in words where *kind* is not all."""

    kind: MissKind
    why: str = ""
