"""The picture a model is shown: the track up close, and where it is in the scene.

The left half shows the track up close, as a grey picture and as the signed events of
the last moment, side by side where it is upright and one above the other where it is
wide. The right half shows the whole scene with the track in a frame. Under both there
may be a strip of moments: the track when it was first seen, at its best and last. The
size is always the same, and so is the price of a picture. Mid-grey is where nothing
changed, and fills what a panel has left over. Where a network reckons pictures, its own
stands in place of the grey close-up: it shows what that one shows, without the trails,
and a third close-up would leave each too small.

All is grey but the frame, so the PNG has a palette: a third of the bytes and of the
time that three channels cost. A lossless WebP is an eighth smaller and takes five
times as long.
"""

import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from heliograph.camera.captioning.sight import (
    MID_GREY,
    SCENE_HEIGHT,
    SCENE_WIDTH,
    Grey,
    Scene,
    Sight,
    scaled,
)
from heliograph.camera.config.captioning import PictureForm
from heliograph.camera.types import Box

MOMENTS = 3
STRIP_HEIGHT = 192
SCALE_MAX = 6.0
"""Beyond it a crop shows only how large its pixels are."""
SEAM = 64
"""The grey of the line between two close-ups."""
FRAME_RGB = (255, 220, 0)
FRAME_INDEX = 255
"""The one palette entry that is no grey; white gives way to it by one level."""
PALETTE = bytes(level for grey in range(255) for level in (grey,) * 3) + bytes(
    FRAME_RGB
)
WEBP_LOSSLESS = 101


def montage_size(*, moments: bool = False) -> tuple[int, int]:
    """Return width and height of every montage, with a strip of moments or without."""
    return 2 * SCENE_WIDTH, SCENE_HEIGHT + (STRIP_HEIGHT if moments else 0)


def montage(
    sight: Sight,
    *,
    moments: Sequence[Sight] = (),
    form: PictureForm = "png",
    reckoned: Grey | None = None,
) -> bytes:
    """Return *sight* as a *form* file: up close, and in the scene with its box drawn.

    Of *moments*, the earliest first, three are shown. *reckoned*, the same part of the
    scene as a network makes it out, takes the place of the picture up close.
    """
    scene = _panel(sight.scene.grey, SCENE_WIDTH, SCENE_HEIGHT, scale_max=1.0)
    close = sight.close if reckoned is None else reckoned
    close_ups = _close_ups(close, sight.events, wide=sight.is_wide)
    drawn = np.minimum(np.hstack([close_ups, scene]), FRAME_INDEX - 1)
    _draw(drawn[:, SCENE_WIDTH:], sight.box, sight.scene)
    if moments:
        drawn = np.vstack([drawn, np.minimum(_strip(moments), FRAME_INDEX - 1)])
    return _with_palette(drawn) if form == "png" else _webp(drawn)


def _close_ups(close: Grey, events: Grey | None, *, wide: bool) -> Grey:
    """Return the left half: one close-up, or two with a seam between them."""
    if events is None:
        return _panel(close, SCENE_WIDTH, SCENE_HEIGHT)
    if wide:
        above = _panel(close, SCENE_WIDTH, SCENE_HEIGHT // 2)
        below = _panel(events, SCENE_WIDTH, SCENE_HEIGHT // 2)
        below[0, :] = SEAM
        return np.vstack([above, below])
    left = _panel(close, SCENE_WIDTH // 2, SCENE_HEIGHT)
    right = _panel(events, SCENE_WIDTH // 2, SCENE_HEIGHT)
    right[:, 0] = SEAM
    return np.hstack([left, right])


def _strip(moments: Sequence[Sight]) -> Grey:
    """Return three close-ups in a row; a place that nothing is there for is grey."""
    strip = np.full((STRIP_HEIGHT, 2 * SCENE_WIDTH), MID_GREY, np.uint8)
    edges = [round(n * 2 * SCENE_WIDTH / MOMENTS) for n in range(MOMENTS + 1)]
    for moment, (begin, end) in zip(moments, pairwise(edges), strict=False):
        strip[:, begin:end] = _panel(moment.close, end - begin, STRIP_HEIGHT)
        strip[:, begin] = SEAM
    strip[0, :] = SEAM
    return strip


def _webp(drawn: Grey) -> bytes:
    colours = np.frombuffer(PALETTE, np.uint8).reshape(-1, 3)[:, ::-1]
    lossless = [cv2.IMWRITE_WEBP_QUALITY, WEBP_LOSSLESS]
    return bytes(cv2.imencode(".webp", colours[drawn], lossless)[1])


def _with_palette(drawn: Grey) -> bytes:
    """Return an 8-bit grey PNG with its levels read as entries of `PALETTE`.

    Both kinds have the same rows, so only the header changes and one chunk is added.
    PNG specification, https://www.w3.org/TR/png-3/#11IHDR and #11PLTE
    """
    png = bytes(cv2.imencode(".png", drawn)[1])
    indexed = 3
    size_and_depth, rest = png[16:25], png[26:29]
    header = _chunk(b"IHDR", size_and_depth + bytes([indexed]) + rest)
    return png[:8] + header + _chunk(b"PLTE", PALETTE) + png[33:]


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG."""
    length = struct.pack(">I", len(data))
    return length + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _panel(
    picture: Grey, width: int, height: int, *, scale_max: float = SCALE_MAX
) -> Grey:
    """Scale *picture* into the middle of a grey panel."""
    scale = min(width / picture.shape[1], height / picture.shape[0], scale_max)
    made = scaled(picture, scale)
    high, wide = made.shape
    panel = np.full((height, width), MID_GREY, np.uint8)
    left, top = (width - wide) // 2, (height - high) // 2
    panel[top : top + high, left : left + wide] = made
    return panel


def _draw(panel: Grey, box: Box, scene: Scene) -> None:
    """Draw *box* on the scene's *panel*."""
    high, wide = scene.grey.shape
    left, top = (SCENE_WIDTH - wide) // 2, (SCENE_HEIGHT - high) // 2
    first = (round(left + box.x * scene.scale), round(top + box.y * scene.scale))
    last = (
        round(left + (box.x + box.width) * scene.scale) - 1,
        round(top + (box.y + box.height) * scene.scale) - 1,
    )
    cv2.rectangle(panel, first, last, (FRAME_INDEX,), 2)
