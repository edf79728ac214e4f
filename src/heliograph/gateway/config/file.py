"""A configuration file: its bytes, and what they say."""

from collections.abc import Mapping
from pathlib import Path

from heliograph.gateway.config.reading import read_text
from heliograph.gateway.types import Config, Endpoint
from heliograph.yaml_reading.problems import Problem
from heliograph.yaml_reading.text_file import read_bytes, text_of


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
    text = text_of(data, file)
    if isinstance(text, Problem):
        return [text]
    return read_text(text, file=file, endpoints=endpoints, environ=environ)
