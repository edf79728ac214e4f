"""A configuration file: its bytes, and what they say."""

from collections.abc import Mapping
from pathlib import Path

from heliograph.gateway.config.document import DOCUMENT_BYTES_MAX
from heliograph.gateway.config.problems import Problem
from heliograph.gateway.config.reading import read_text
from heliograph.gateway.types import Config, Endpoint


def read_file(
    path: str | Path, *, endpoints: Mapping[str, Endpoint], environ: Mapping[str, str]
) -> Config | list[Problem]:
    """Read the file at *path*; every mistake in it is reported at once."""
    data = read_bytes(path)
    if isinstance(data, Problem):
        return [data]
    return read_data(data, file=str(path), endpoints=endpoints, environ=environ)


def read_data(
    data: bytes,
    *,
    file: str,
    endpoints: Mapping[str, Endpoint],
    environ: Mapping[str, str],
) -> Config | list[Problem]:
    """Read what a file holds; *file* is the name that problems carry."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [Problem(file, line, "file", "is not UTF-8", "save it as UTF-8")]
    return read_text(text, file=file, endpoints=endpoints, environ=environ)


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
