"""Where a file keeps its ledger, and nothing else of it.

Who makes a key or asks what was spent need not have the keys of the providers at hand,
which the rest of the file would ask the environment for.
"""

from collections.abc import Mapping
from pathlib import Path

from heliograph.gateway.config.ledger import read_ledger
from heliograph.gateway.config.place import usual_keeping
from heliograph.gateway.config.schema import FORM
from heliograph.gateway.types import Keeping
from heliograph.yaml_reading.document import read_document
from heliograph.yaml_reading.problems import Problem
from heliograph.yaml_reading.text_file import read_bytes
from heliograph.yaml_reading.values import Reading


def keeping_of(path: Path, environ: Mapping[str, str]) -> Keeping | list[Problem]:
    """Read where the ledger of the file at *path* is."""
    data = read_bytes(path)
    if isinstance(data, Problem):
        return [data]
    document, found = read_document(
        data.decode("utf-8-sig", "replace"), str(path), FORM
    )
    if document is None:
        return found
    entry = document.entries.get("ledger")
    if entry is None:
        return usual_keeping(environ)
    reading = Reading(str(path), environ, (), FORM)
    keeping = read_ledger(reading, entry.value, "ledger")
    return reading.problems() or keeping
