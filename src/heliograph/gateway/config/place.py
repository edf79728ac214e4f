"""Where a ledger may be: what a file or variable says, or else the home."""

from collections.abc import Mapping
from pathlib import Path

from heliograph.gateway.config.postgres_url import (
    fault_of_postgres_url,
    is_postgres_url,
)
from heliograph.gateway.types import Keeping, Secret

VARIABLE = "HELIOGRAPH_LEDGER"
OFF = "off"
SQLITE = "sqlite://"
PLACE_FIX = (
    'write "off", the path of a file, sqlite:///PATH, or '
    "postgresql://user:password@host:5432/database"
)


def usual_keeping(environ: Mapping[str, str]) -> Keeping:
    """Say where the ledger is when the file does not: a variable, or the home.

    A value of the variable that cannot be used is for whoever starts the gateway to
    refuse.
    """
    named = environ.get(VARIABLE, "").strip()
    if named:
        return keeping(named, Path(), environ)
    state = state_folder(environ)
    return Keeping() if state is None else Keeping(Secret(str(state / "ledger.db")))


def state_folder(environ: Mapping[str, str]) -> Path | None:
    """Say where the user keeps what programs remember; None without a home."""
    state = environ.get("XDG_STATE_HOME")
    home = environ.get("HOME")
    if not state and not home:
        return None
    folder = Path(state) if state else Path(str(home)) / ".local/state"
    return (folder / "heliograph").absolute()


def keeping(text: str, folder: Path, environ: Mapping[str, str]) -> Keeping:
    """Read a place that has no fault; a path is relative to *folder*."""
    if text == OFF:
        return Keeping()
    path = text.removeprefix(SQLITE)
    if not is_postgres_url(path):
        if path.startswith("~/"):
            path = environ.get("HOME", "") + path.removeprefix("~")
        path = str((folder / path).absolute())
    return Keeping(Secret(path))


def fault_of_place(text: str) -> tuple[str, str] | None:
    """Return message and fix for what keeps a ledger from being at *text*.

    What was written is never repeated: it may hold a password.
    """
    if is_postgres_url(text):
        return fault_of_postgres_url(text)
    path = text.removeprefix(SQLITE)
    if "://" in path:
        return "no ledger can be kept behind this kind of address", PLACE_FIX
    if path != text and not path.startswith("/"):
        return "the path after sqlite:// does not begin with /", PLACE_FIX
    if not path or path.endswith("/") or "\0" in path:
        return "this is no path of a file", PLACE_FIX
    return None


def fault_of_variable(environ: Mapping[str, str]) -> str | None:
    """Say what is wrong with the variable that names the place, if it is set."""
    named = environ.get(VARIABLE, "").strip()
    fault = fault_of_place(named) if named else None
    return None if fault is None else f"{VARIABLE}: {fault[0]}; {fault[1]}"
