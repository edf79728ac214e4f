"""A network's file, and the shapes of what goes into a network and comes out."""

from dataclasses import dataclass
from pathlib import Path

from heliograph.camera.config.errors import SettingError

BYTES_MAX = 64 << 20
"""What a camera runs has some megabytes at most; what is larger is something else."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What goes into a model, or comes out: its *name*, *type* and *sides*.

    A side that is free is a name, or None where the file has none for it.
    """

    name: str
    type: str
    sides: tuple[int | str | None, ...]

    def __str__(self) -> str:
        sides = ", ".join(str(side) for side in self.sides)
        return f"{self.name}, {self.type} [{sides}]"


def read_network(path: Path, *, what: str) -> bytes:
    """Return the bytes of the weights of *what* at *path*.

    Raises `SettingError` where there are none, or `OSError` is all that they give.
    """
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SettingError(f"cannot read the weights {path}: {why}") from error
    if len(data) > BYTES_MAX:
        raise SettingError(
            f"{path} holds no weights of {what}: it is larger than {BYTES_MAX >> 20} MB"
        )
    return data
