"""What the simulated provider sees in a picture: where the energy is, and its shape.

A picture of an event camera is mid-grey where nothing moves, brighter and darker
where something does. So the energy of a pixel is its distance from the median grey.
All of it is quantised coarsely: noise must not change the words, another scene should.

A picture at least 1.9 times as wide as high is taken to be a montage of two panels, a
close-up and the whole scene: the left half is described, and of the right half only
where its largest mover is. This file decodes bytes, and opens nothing.
"""

import base64
import binascii
import io
import math
import struct
import warnings
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from PIL.Image import Image

PIXELS_MAX = 40_000_000
SIDE = 64
BOX = 4  # PIL.Image.Resampling.BOX, which is loaded late
MONTAGE_ASPECT = 1.9
NOISE_LEVELS = 14
"""Grey levels around the background that count as nothing."""
CLUSTER_PIXELS_MIN = 10
_UNREADABLE = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
_MEDIA = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
_ROWS = ("top", "middle", "bottom")
_COLUMNS = ("left", "centre", "right")

Mask = list[list[bool]]


class PictureError(ValueError):
    """A picture no provider would take; the message says why."""


class Sight(Struct, frozen=True):
    """What was seen. `width` and `height` are the whole picture's, in pixels."""

    text: str
    width: int
    height: int
    media_type: str


@lru_cache(maxsize=16)
def look(data: str) -> Sight:
    """Read one base64 picture. Raise PictureError when it cannot be read."""
    try:
        raw = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise PictureError("the picture is not valid base64") from error
    picture = _open(raw)
    width, height = picture.size
    if width * height > PIXELS_MAX:
        raise PictureError(f"the picture has more than {PIXELS_MAX} pixels")
    try:
        panel = picture.convert("L")
    except _UNREADABLE as error:
        raise PictureError("the picture cannot be decoded") from error
    media_type = _MEDIA[picture.format or ""]
    return Sight(_read(panel), width, height, media_type)


def _open(raw: bytes) -> "Image":
    """Read the head of a picture; its pixels are left undecoded."""
    from PIL import Image  # noqa: PLC0415 - 40 ms that a text-only use never pays

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(raw), formats=tuple(_MEDIA))
    except Image.DecompressionBombError as error:
        raise PictureError(f"the picture has more than {PIXELS_MAX} pixels") from error
    except _UNREADABLE as error:
        raise PictureError("it is no PNG, JPEG, GIF or WebP picture") from error


def _read(picture: "Image") -> str:
    width, height = picture.size
    if width < MONTAGE_ASPECT * height:
        return describe(*_shrink(picture))
    close = describe(*_shrink(picture.crop((0, 0, width // 2, height))))
    scene = locate(*_shrink(picture.crop((width // 2, 0, width, height))))
    return f"{close}; on the right panel {scene}"


def _shrink(panel: "Image") -> tuple[bytes, int]:
    """Return the panel's grey levels at `SIDE` pixels, and its width then."""
    scale = SIDE / max(panel.size)
    size = (max(1, round(panel.width * scale)), max(1, round(panel.height * scale)))
    return panel.resize(size, resample=BOX).tobytes(), size[0]


def describe(grey: bytes, width: int) -> str:
    """Put a small grey picture, given row by row, into words."""
    mask = _mask(grey, width)
    clusters = _clusters(mask)
    kept = [cell for cluster in clusters for cell in cluster]
    if not kept:
        return "an empty scene: nothing stands out from the background"
    count = {1: "one mover", 2: "two movers"}.get(len(clusters), "several movers")
    size = _size(len(kept) / len(grey))
    place = _place(kept, width, len(mask))
    return f"{count}, {size} and {_shape(clusters[0])}, {place}"


def locate(grey: bytes, width: int) -> str:
    """Say where the largest mover of a small grey picture is."""
    mask = _mask(grey, width)
    clusters = _clusters(mask)
    return _place(clusters[0], width, len(mask)) if clusters else "nothing stands out"


def _mask(grey: bytes, width: int) -> Mask:
    background = sorted(grey)[len(grey) // 2]
    energetic = [abs(level - background) > NOISE_LEVELS for level in grey]
    return [energetic[at : at + width] for at in range(0, len(energetic), width)]


def _clusters(mask: Mask) -> list[list[tuple[int, int]]]:
    """Group energetic cells that touch or nearly touch, largest first; drop specks."""
    left = {
        (x, y) for y, row in enumerate(mask) for x, energy in enumerate(row) if energy
    }
    found = []
    while left:
        cluster = [left.pop()]
        for x, y in cluster:
            near = {
                (x + dx, y + dy) for dx in range(-2, 3) for dy in range(-2, 3)
            } & left
            left -= near
            cluster.extend(near)
        if len(cluster) >= CLUSTER_PIXELS_MIN:
            found.append(cluster)
    return sorted(found, key=len, reverse=True)


def _size(share: float) -> str:
    if share < 0.04:  # noqa: PLR2004 - the coarse scale itself
        return "small"
    return "medium" if share < 0.15 else "large"  # noqa: PLR2004 - the same scale


def _place(cells: list[tuple[int, int]], width: int, height: int) -> str:
    x = sum(cell[0] for cell in cells) / len(cells)
    y = sum(cell[1] for cell in cells) / len(cells)
    row = _ROWS[min(2, int(3 * (y + 0.5) / height))]
    column = _COLUMNS[min(2, int(3 * (x + 0.5) / width))]
    return (
        "in the middle"
        if (row, column) == ("middle", "centre")
        else (f"at the {row} {column}")
    )


def _shape(cells: list[tuple[int, int]]) -> str:
    """Name the longer axis of the second moments: upright, lying, or leaning."""
    count = len(cells)
    mean_x = sum(x for x, _ in cells) / count
    mean_y = sum(y for _, y in cells) / count
    xx = sum((x - mean_x) ** 2 for x, _ in cells) / count
    yy = sum((y - mean_y) ** 2 for _, y in cells) / count
    xy = sum((x - mean_x) * (mean_y - y) for x, y in cells) / count  # y points up
    spread = math.hypot((xx - yy) / 2, xy)
    mean = (xx + yy) / 2
    if mean + spread < 2.25 * max(mean - spread, 1e-9):  # axes within 1.5 to 1
        return "compact"
    angle = math.degrees(math.atan2(2 * xy, xx - yy) / 2) % 180
    if angle < 22.5 or angle >= 157.5:  # noqa: PLR2004 - eighths of a turn
        return "wide"
    if 67.5 <= angle < 112.5:  # noqa: PLR2004 - eighths of a turn
        return "tall"
    return "leaning right" if angle < 90 else "leaning left"  # noqa: PLR2004 - upright
