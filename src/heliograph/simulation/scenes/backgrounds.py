"""What stands behind the actors: pictures, videos without what moved, drawn walls."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from heliograph.simulation.scenes.chance import chance
from heliograph.simulation.scenes.masked_pictures import (
    PicturesMissingError,
    coco_backgrounds,
    read_grey,
)
from heliograph.simulation.scenes.paint import Plane
from heliograph.simulation.scenes.sprites import Bytes2d

VIDEO_ENDINGS = frozenset({".avi", ".mp4"})
FRAMES = 25
"""How many pictures of a video the median is taken of, evenly spread."""

SOFT_SIGMA_PX = 0.6
"""Sharper than this a picture twinkles when it is moved by parts of a pixel."""

PICTURE_SHARE = 0.5
MIXED_SHARE = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Backdrop:
    """A grey picture in which nobody is, and where it is from."""

    grey: Bytes2d
    source: str


def video_backdrops(folder: Path) -> Iterator[Backdrop]:
    """Yield the median of each video: what moved is gone.

    Raises `PicturesMissingError` when there is no video.
    """
    paths = [p for p in sorted(folder.glob("*")) if p.suffix in VIDEO_ENDINGS]
    if not paths:
        raise PicturesMissingError(
            f"{folder} has no .avi or .mp4: videos of a static camera are expected"
        )
    for path in paths:
        yield Backdrop(_median(path), path.name)


def picture_backdrops(coco: Path) -> Iterator[Backdrop]:
    """Yield the pictures of a COCO folder that show no person, vehicle or bicycle."""
    for path in coco_backgrounds(coco):
        yield Backdrop(read_grey(path), path.name)


def _median(path: Path) -> Bytes2d:
    video = cv2.VideoCapture(str(path))
    try:
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        wanted = set(np.linspace(0, max(0, count - 1), FRAMES).astype(int).tolist())
        seen = []
        for at in range(count):
            if not video.grab():
                break
            if at in wanted:
                whole, picture = video.retrieve()
                if whole:
                    seen.append(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    finally:
        video.release()
    if not seen:
        raise PicturesMissingError(f"{path} cannot be read as a video")
    return np.asarray(np.median(np.stack(seen), axis=0), np.uint8)


def draw_backdrop(
    shape: tuple[int, int],
    horizon: float,
    pictures: list[Backdrop],
    rng: np.random.Generator,
) -> tuple[Plane, str]:
    """Return a grey background, 0 to 1, of `shape` (rows, columns), and its source.

    `horizon` is the row where the ground begins. A picture, a drawn place, or the
    ground of one below the other.
    """
    kind = rng.random()
    if pictures and kind < PICTURE_SHARE + MIXED_SHARE:
        chosen = pictures[int(rng.integers(len(pictures)))]
        picture = draw_crop(chosen.grey, shape, rng).grey(chosen.grey)
        source = chosen.source
        if kind > PICTURE_SHARE:
            row = int(np.clip(horizon, 0, shape[0]))
            picture[row:] = _ground(shape, rng)[row:]
            source += " over drawn ground"
    else:
        picture, source = _place(shape, horizon, rng), "drawn"
    return softened(picture), source


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a picture, mirrored or not, that becomes a background of `shape`.

    `scale` is how many of the picture's pixels one of the background's is wide.
    """

    shape: tuple[int, int]
    top: int
    left: int
    high: int
    wide: int
    scale: float
    mirrored: bool

    def grey(self, picture: Bytes2d) -> Plane:
        """Return the part, 0 to 1."""
        way = cv2.INTER_AREA if self.scale > 1 else cv2.INTER_CUBIC
        return np.asarray(self._resized(picture, way), np.float32) / np.float32(255)

    def numbers(self, picture: Bytes2d) -> Bytes2d:
        """Return the part of a picture whose pixels are no shades but numbers."""
        return np.asarray(self._resized(picture, cv2.INTER_NEAREST), np.uint8)

    def _resized(self, picture: Bytes2d, way: int) -> cv2.typing.MatLike:
        rows, columns = self.shape
        part = picture[self.top :, self.left :][: self.high, : self.wide]
        part = part[:, ::-1] if self.mirrored else part
        whole = np.ascontiguousarray(part)
        return cv2.resize(whole, (columns, rows), interpolation=way)


def draw_crop(
    picture: Bytes2d,
    shape: tuple[int, int],
    rng: np.random.Generator,
    *,
    smallest: float = 0.55,
) -> Crop:
    """Draw which part of a picture a background of `shape` (rows, columns) shows.

    It is at least `smallest` of what fits.
    """
    rows, columns = shape
    largest = min(picture.shape[0] / rows, picture.shape[1] / columns)
    scale = largest * rng.uniform(smallest, 1.0)
    high, wide = int(rows * scale), int(columns * scale)
    top = int(rng.integers(0, picture.shape[0] - high + 1))
    left = int(rng.integers(0, picture.shape[1] - wide + 1))
    return Crop(shape, top, left, high, wide, scale, chance(rng, 0.5))


def softened(picture: Plane) -> Plane:
    """Return a picture that does not twinkle when it is moved."""
    soft = cv2.GaussianBlur(picture, (0, 0), SOFT_SIGMA_PX)
    return np.asarray(np.clip(soft, 0.0, 1.0), np.float32)


def _grain(shape: tuple[int, int], slope: float, rng: np.random.Generator) -> Plane:
    """Return noise whose finer scales are weaker by `slope`, about -1 to 1."""
    total = np.zeros(shape, np.float32)
    cells, weight = 3, 1.0
    while cells < shape[1]:
        grid = rng.uniform(-1, 1, (max(2, cells * shape[0] // shape[1]), cells))
        total += weight * cv2.resize(
            grid.astype(np.float32),
            (shape[1], shape[0]),
            interpolation=cv2.INTER_LINEAR,
        )
        cells, weight = cells * 2, weight * slope
    return np.asarray(total / max(1e-3, np.abs(total).max()), np.float32)


def _ground(shape: tuple[int, int], rng: np.random.Generator) -> Plane:
    """Return ground: grass or gravel, asphalt or slabs, with a line or two."""
    base = rng.uniform(0.15, 0.7)
    rough = rng.choice([0.05, 0.15, 0.4, 0.7])
    ground = base * (1 + rough * _grain(shape, rng.uniform(0.6, 1.15), rng))
    for _ in range(int(rng.integers(0, 4))):
        ends = rng.uniform(0, 1, 4) * np.tile(np.array([shape[1], shape[0]]), 2)
        x0, y0, x1, y1 = (int(v) for v in ends)
        shade = float(rng.uniform(0.1, 0.95))
        cv2.line(
            ground, (x0, y0), (x1, y1), shade, int(rng.integers(1, 7)), cv2.LINE_AA
        )
    return np.asarray(ground, np.float32)


def _place(shape: tuple[int, int], horizon: float, rng: np.random.Generator) -> Plane:
    """Return a drawn place: sky or wall with houses, windows, poles, and ground."""
    rows, columns = shape
    row = int(np.clip(horizon, 0, rows))
    picture = np.full(shape, rng.uniform(0.3, 0.95), np.float32)
    picture *= 1 + rng.uniform(0.0, 0.3) * _grain(shape, 0.5, rng)
    for _ in range(int(rng.integers(0, 7))):
        _house(picture, row, rng)
    picture[row:] = _ground(shape, rng)[row:]
    for _ in range(int(rng.integers(0, 5))):
        x = int(rng.integers(0, columns))
        top = int(rng.integers(0, max(1, row)))
        foot = (
            x + int(rng.integers(-6, 7)),
            min(rows - 1, row + int(rng.integers(0, rows // 4))),
        )
        thick = int(rng.integers(1, 8))
        cv2.line(
            picture, (x, top), foot, float(rng.uniform(0.02, 0.9)), thick, cv2.LINE_AA
        )
    for _ in range(int(rng.integers(0, 4))):
        _bush(picture, row, rng)
    if chance(rng, 0.25):
        _fence(picture, row, rng)
    return picture


def _house(picture: Plane, row: int, rng: np.random.Generator) -> None:
    columns = picture.shape[1]
    left, wide = int(rng.integers(-40, columns)), int(rng.integers(20, columns // 2))
    top = row - int(rng.integers(5, max(6, row + 6)))
    shade = float(rng.uniform(0.1, 0.9))
    cv2.rectangle(picture, (left, top), (left + wide, row), shade, -1)
    if chance(rng, 0.5):
        peak = (left + wide // 2, top - wide // 3)
        roof = np.array([(left - 3, top), peak, (left + wide + 3, top)], np.int32)
        cv2.fillPoly(picture, [roof], float(rng.uniform(0.05, 0.6)), cv2.LINE_AA)
    pitch = int(rng.integers(8, 40))
    glass = float(rng.uniform(0.03, 0.95))
    share = rng.uniform(0.4, 0.75)
    for y in range(top + pitch // 3, row - pitch // 2, pitch):
        for x in range(left + pitch // 4, left + wide - pitch // 2, pitch):
            end = (x + int(pitch * share * 0.8), y + int(pitch * share))
            cv2.rectangle(picture, (x, y), end, glass, -1)


def _bush(picture: Plane, row: int, rng: np.random.Generator) -> None:
    rows, columns = picture.shape
    centre = (int(rng.integers(0, columns)), row - int(rng.integers(0, max(1, row))))
    reach = int(rng.integers(8, max(9, rows // 4)))
    for _ in range(int(rng.integers(30, 160))):
        x, y = rng.normal(centre, reach / 2)
        spot = (int(x), int(y))
        cv2.circle(
            picture, spot, int(rng.integers(1, 6)), float(rng.uniform(0.05, 0.6)), -1
        )


def _fence(picture: Plane, row: int, rng: np.random.Generator) -> None:
    rows, columns = picture.shape
    high, pitch = int(rng.integers(8, max(9, rows // 4))), int(rng.integers(4, 14))
    shade = float(rng.uniform(0.02, 0.95))
    begin, end = sorted(int(v) for v in rng.integers(0, columns, 2))
    for x in range(begin, end, pitch):
        cv2.line(
            picture, (x, row - high), (x, row + high // 4), shade, max(1, pitch // 4)
        )
    cv2.line(picture, (begin, row - high), (end, row - high), shade, 2)
