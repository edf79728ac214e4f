"""A file of settings: its bytes and its text."""

from pathlib import Path

from heliograph.yaml_reading.document import DOCUMENT_BYTES_MAX, Form, read_document
from heliograph.yaml_reading.problems import Problem


def read_bytes(path: str | Path) -> bytes | Problem:
    """Read no more than a configuration may have."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(DOCUMENT_BYTES_MAX + 1)
    except FileNotFoundError:
        reason, fix = "there is no such file", "check the path"
    except IsADirectoryError:
        reason, fix = "this is a directory", "name the file in it"
    except PermissionError:
        reason, fix = "may not be read", "check its owner and mode"
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or "not a path"
        reason, fix = f"cannot be read: {said}", "check the path"
    else:
        if len(data) <= DOCUMENT_BYTES_MAX:
            return data
        reason = f"the file has more than {DOCUMENT_BYTES_MAX} bytes"
        fix = "check that this is the configuration"
    return Problem(str(path), 1, "file", reason, fix)


def top_keys(path: str | Path) -> frozenset[str]:
    """Return the keys at the top of the file, none where it cannot be read."""
    data = read_bytes(path)
    if isinstance(data, Problem):
        return frozenset()
    form = Form(begin="", guide="")
    document, _ = read_document(data.decode("utf-8-sig", "replace"), str(path), form)
    return frozenset() if document is None else frozenset(document.entries)


def text_of(data: bytes, file: str) -> str | Problem:
    """Decode what a file holds; *file* is the name that a problem carries."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Problem(file, line, "file", "is not UTF-8", "save it as UTF-8")
