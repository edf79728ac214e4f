"""Where a file keeps its ledger, and nothing else of it.

Who makes a key or asks what was spent need not have the keys of the providers at hand,
which the rest of the file would ask the environment for.
"""

from collections.abc import Mapping
from pathlib import Path

from heliograph.gateway.config.document import read_document
from heliograph.gateway.config.file import read_bytes
from heliograph.gateway.config.ledger import read_ledger
from heliograph.gateway.config.place import usual_keeping
from heliograph.gateway.config.problems import Problem
from heliograph.gateway.config.values import Reading
from heliograph.gateway.types import Keeping


def keeping_of(path: Path, environ: Mapping[str, str]) -> Keeping | list[Problem]:
    """Read where the ledger of the file at *path* is."""
    data = read_bytes(path)
    if isinstance(data, Problem):
        return [data]
    document, found = read_document(data.decode("utf-8-sig", "replace"), str(path))
    if document is None:
        return found
    entry = document.entries.get("ledger")
    if entry is None:
        return usual_keeping(environ)
    reading = Reading(str(path), environ, ())
    keeping = read_ledger(reading, entry.value, "ledger")
    return reading.problems() or keeping
