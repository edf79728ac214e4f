"""Where a ledger may be: what a file or variable says, or else the home."""

from collections.abc import Mapping
from pathlib import Path

from heliograph.gateway.types import Keeping, Secret

VARIABLE = "HELIOGRAPH_LEDGER"
OFF = "off"
SQLITE = "sqlite://"
PLACE_FIX = 'write "off", the path of a file, or sqlite:///PATH'


def usual_keeping(environ: Mapping[str, str]) -> Keeping:
    """Say where the ledger is when the file does not: a variable, or the home.

    A value of the variable that cannot be used is for whoever starts the gateway to
    refuse.
    """
    named = environ.get(VARIABLE, "").strip()
    if named:
        return keeping(named, Path(), environ)
    state = environ.get("XDG_STATE_HOME") or (
        environ.get("HOME", "") and "~/.local/state"
    )
    if not state:
        return Keeping()
    return keeping(f"{state}/heliograph/ledger.db", Path(), environ)


def keeping(text: str, folder: Path, environ: Mapping[str, str]) -> Keeping:
    """Read a place that has no fault; a path is relative to *folder*."""
    if text == OFF:
        return Keeping()
    path = text.removeprefix(SQLITE)
    if "://" not in path:
        if path.startswith("~/"):
            path = environ.get("HOME", "") + path.removeprefix("~")
        path = str((folder / path).absolute())
    return Keeping(Secret(path))


def fault_of_place(text: str) -> str | None:
    """Say what keeps a ledger from being at *text*, without quoting it."""
    path = text.removeprefix(SQLITE)
    if "://" in path:
        return "no ledger can be kept behind this kind of address"
    if path != text and not path.startswith("/"):
        return "the path after sqlite:// does not begin with /"
    if not path or path.endswith("/") or "\0" in path:
        return "this is no path of a file"
    return None


def fault_of_variable(environ: Mapping[str, str]) -> str | None:
    """Say what is wrong with the variable that names the place, if it is set."""
    named = environ.get(VARIABLE, "").strip()
    fault = fault_of_place(named) if named else None
    return None if fault is None else f"{VARIABLE}: {fault}; {PLACE_FIX}"
