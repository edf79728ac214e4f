"""The folder that a section must name."""

from pathlib import Path

from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.values import Reading, read_text


def read_folder(reading: Reading, node: Node, key: str) -> Path | None:
    """Return the section's `folder`, where it is written and good."""
    if not isinstance(node, MappingNode):
        return None
    if "folder" not in node.entries:
        fix = "write folder: and a path below it"
        reading.report(node, key, "no folder is named", fix=fix)
        return None
    written = node.entries["folder"].value
    text = read_text(reading, written, f"{key}.folder", what="a path")
    return None if text is None else Path(text)
