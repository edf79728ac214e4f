"""The header of a RAW file: ASCII lines `% key value`, then the payload.

Ended by `% end` or by the first line that is none. Newer files name format and
geometry; files of 2020 have only `evt 3.0` and the plugin of the camera, which
implies the geometry.

Source: https://docs.prophesee.ai/stable/data/file_formats/raw.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.types import Size

LINE_START = b"% "
HEADER_BYTES_MAX = 64 * 1024
LINE_BYTES_MAX = 1024
SIDE_PX_MAX = 2048  # coordinates have eleven bits

# The first part that occurs in the plugin's name decides, so the longer come first.
PLUGIN_SIZES = (
    ("genx320", Size(320, 320)),
    ("imx636", Size(1280, 720)),
    ("imx646", Size(1280, 720)),
    ("gen41", Size(1280, 720)),
    ("gen4", Size(1280, 720)),
    ("gen31", Size(640, 480)),
    ("gen3", Size(640, 480)),
)
EVT_VERSIONS = MappingProxyType(
    {"2.0": "EVT2", "2.1": "EVT21", "3.0": "EVT3", "4.0": "EVT4"}
)
REWRITTEN = frozenset({"evt", "format", "geometry", "end"})
"""The fields that tell how words and pixels are to be read."""


@dataclass(frozen=True, slots=True)
class RawHeader:
    """What a RAW header says. `size` is None where nothing tells the geometry.

    `payload_at` is the byte at which the events begin. `legacy` words of 64 bits have
    their halves swapped.
    """

    format: str
    legacy: bool
    size: Size | None
    payload_at: int
    fields: MappingProxyType[str, str]


def parse(head: bytes, *, name: str) -> RawHeader:
    """Parse the first `HEADER_BYTES_MAX` bytes of the file called *name*.

    Raises `ForeignFileError` where the header is endless, names no event format or
    a geometry that cannot be.
    """
    fields, payload_at = split(head, name)
    options = _options(fields.get("format", ""))
    return RawHeader(
        format=_format(fields, options, name),
        legacy=options.get("endianness", "") == "legacy",
        size=_size(fields, options, name),
        payload_at=payload_at,
        fields=MappingProxyType(fields),
    )


def written(fields: Mapping[str, str], format_name: str, size: Size) -> bytes:
    """Return a header of *format_name* and *size*, else with *fields* as they were."""
    options = _options(fields.get("format", ""))
    kept = {
        key: value
        for key, value in options.items()
        if key not in ("", "width", "height")
    }
    told = {"height": size.height, "width": size.width, **kept}
    lines = [
        *(f"{key} {value}" for key, value in fields.items() if key not in REWRITTEN),
        f"evt {next(v for v, name in EVT_VERSIONS.items() if name == format_name)}",
        ";".join([f"format {format_name}", *(f"{k}={v}" for k, v in told.items())]),
        f"geometry {size.width}x{size.height}",
        "end",
    ]
    return "".join(f"% {line}\n" for line in lines).encode()


def is_whole(head: bytes) -> bool:
    """Say whether *head* reaches two bytes or more beyond its header lines."""
    at = 0
    while (line := _line_at(head, at)) is not None:
        at += len(line)
        if line.split()[1:2] == [b"end"]:
            return len(head) >= at + 2
    rest = head[at : at + LINE_BYTES_MAX]
    # A line that has not come to its end may still become one.
    unfinished = b"\n" not in rest and len(rest) < LINE_BYTES_MAX
    return len(rest) > 1 and not (rest.startswith(LINE_START) and unfinished)


def split(head: bytes, name: str) -> tuple[dict[str, str], int]:
    """Return the header's fields and the byte behind its last line."""
    fields: dict[str, str] = {}
    at = 0
    while (line := _line_at(head, at)) is not None:
        at += len(line)
        key, _, value = line[2:].decode().strip().partition(" ")
        if key == "end":
            return fields, at
        fields[key] = value.strip()
    if len(head) >= HEADER_BYTES_MAX and at > HEADER_BYTES_MAX - LINE_BYTES_MAX:
        raise ForeignFileError(
            f"{name}: the header does not end within {HEADER_BYTES_MAX} bytes; "
            "a RAW header is a few lines of '% key value'"
        )
    return fields, at


def _line_at(head: bytes, at: int) -> bytes | None:
    """Return the header line at *at* with its end, or None where there is none.

    Binary payload may begin with "% " too, so a line must be printable text.
    """
    if head[at : at + 2] != LINE_START:
        return None
    end = head.find(b"\n", at, at + LINE_BYTES_MAX)
    if end < 0:
        return None
    line = head[at : end + 1]
    try:
        printable = line.decode().strip().replace("\t", " ").isprintable()
    except UnicodeDecodeError:
        return None
    return line if printable else None


def _options(format_value: str) -> dict[str, str]:
    """Cut `EVT3;height=720;width=1280` into its parts; the name stands under ""."""
    parts = [part.strip() for part in format_value.split(";")]
    pairs = (part.partition("=") for part in parts[1:])
    return {"": parts[0]} | {key: value for key, _, value in pairs}


def _format(fields: dict[str, str], options: dict[str, str], name: str) -> str:
    if options[""]:
        return options[""].upper()
    if (version := fields.get("evt")) is None:
        raise ForeignFileError(
            f"{name}: the header has neither 'format' nor 'evt'; "
            f"found {', '.join(fields) or 'nothing'}"
        )
    return EVT_VERSIONS.get(version, f"EVT {version}")


def _size(fields: dict[str, str], options: dict[str, str], name: str) -> Size | None:
    if "width" in options and "height" in options:
        return checked_size(options["width"], options["height"], name)
    if "geometry" in fields:
        width, _, height = fields["geometry"].partition("x")
        return checked_size(width, height, name)
    plugin = fields.get("plugin_name", "").lower()
    return next((size for part, size in PLUGIN_SIZES if part in plugin), None)


def checked_size(width: str, height: str, name: str) -> Size:
    """Read a geometry that is told; raises `ForeignFileError`."""
    sides = [
        int(side) if side.isascii() and side.isdigit() else 0
        for side in (width.strip()[:9], height.strip()[:9])
    ]
    if not all(1 <= side <= SIDE_PX_MAX for side in sides):
        raise ForeignFileError(
            f"{name}: a geometry of {width!r} by {height!r} is told; "
            f"each side must be a number from 1 to {SIDE_PX_MAX}"
        )
    return Size(sides[0], sides[1])
