"""Masked pictures and videos so small that a test can make them itself."""

import json
from pathlib import Path

import cv2
import numpy as np

from heliograph.camera.types import Size
from heliograph.simulation.scenes.settings import SceneSettings

PICTURES = 12


def write_pictures(folder: Path) -> tuple[Path, Path]:
    """Write PennFudanPed, coco128 and two videos; return images and videos."""
    rng = np.random.default_rng(5)
    images, videos = folder / "images", folder / "videos"
    _penn_fudan(images / "PennFudanPed", rng)
    _coco(images / "coco128", rng)
    videos.mkdir()
    for name in ("hall.avi", "yard.avi"):
        _video(videos / name, rng)
    return images, videos


def settings(folder: Path, **changes: object) -> SceneSettings:
    """Return settings of two short small scenes from tiny pictures in `folder`."""
    if not (folder / "images").exists():
        write_pictures(folder)
    wanted: dict[str, object] = {
        "images": folder / "images",
        "videos": folder / "videos",
        "scenes": 2,
        "seconds": 0.2,
        "size": Size(96, 64),
    }
    return SceneSettings(**{**wanted, **changes})  # type: ignore[arg-type] # by name


def _penn_fudan(folder: Path, rng: np.random.Generator) -> None:
    for name in ("PNGImages", "PedMasks"):
        (folder / name).mkdir(parents=True)
    for number in range(1, PICTURES + 1):
        picture = rng.integers(0, 255, (120, 90), np.uint8)
        mask = np.zeros((120, 90), np.uint8)
        cv2.ellipse(mask, (25, 60), (14, 45), 0, 0, 360, 1, -1)
        cv2.ellipse(mask, (68, 60), (14, 40), 0, 0, 360, 2, -1)
        picture[mask > 0] //= 4
        name = f"FudanPed{number:05d}"
        cv2.imwrite(str(folder / "PNGImages" / f"{name}.png"), picture)
        cv2.imwrite(str(folder / "PedMasks" / f"{name}_mask.png"), mask)


def _coco(folder: Path, rng: np.random.Generator) -> None:
    (folder / "annotations").mkdir(parents=True)
    (folder / "train2017").mkdir()
    square = [[20, 20, 90, 20, 90, 60, 20, 60]]
    above = [[40, 5, 60, 5, 60, 50, 40, 50]]
    rows, names = [], []
    for number in range(PICTURES):
        names.append({"id": number, "file_name": f"{number:012d}.jpg"})
        picture = rng.integers(0, 255, (80, 120), np.uint8)
        cv2.imwrite(str(folder / "train2017" / f"{number:012d}.jpg"), picture)
        kinds = {0: [(1, above), (2, square)], 1: [(3, square)], 2: [(31, square)]}
        rows += [
            {"image_id": number, "category_id": at, "segmentation": s, "iscrowd": 0}
            for at, s in kinds.get(number % 4, [])
        ]
    for number, row in enumerate(rows, 1):
        row["id"] = number
    categories = [
        {"id": 1, "name": "person"},
        {"id": 2, "name": "bicycle"},
        {"id": 3, "name": "car"},
        {"id": 31, "name": "handbag"},
    ]
    told = {"images": names, "annotations": rows, "categories": categories}
    path = folder / "annotations" / "instances_train2017.json"
    path.write_text(json.dumps(told))


def _video(path: Path, rng: np.random.Generator) -> None:
    video = cv2.VideoWriter(
        str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10.0, (128, 96), isColor=True
    )
    place = rng.integers(0, 255, (96, 128, 3), np.uint8)
    for _ in range(3):
        video.write(place)
    video.release()
