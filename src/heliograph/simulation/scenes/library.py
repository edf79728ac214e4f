"""All that scenes are made of, read once a process."""

from dataclasses import dataclass, field
from pathlib import Path

from heliograph.simulation.scenes.backgrounds import (
    Backdrop,
    picture_backdrops,
    video_backdrops,
)
from heliograph.simulation.scenes.masked_pictures import (
    PicturesMissingError,
    coco_sprites,
    penn_fudan_sprites,
)
from heliograph.simulation.scenes.peopled import (
    Peopled,
    coco_peopled,
    penn_fudan_peopled,
)
from heliograph.simulation.scenes.sprites import Kind, Split, Sprite, split_of

PENN_FUDAN = "PennFudanPed"
COCO = "coco128"


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """The sprites and backgrounds of one split."""

    split: Split
    sprites: dict[Kind, list[Sprite]] = field(default_factory=dict)
    backdrops: list[Backdrop] = field(default_factory=list)
    peopled: list[Peopled] = field(default_factory=list)

    def of(self, kind: Kind) -> list[Sprite]:
        """Return the sprites of one kind; empty where there are none."""
        return self.sprites.get(kind, [])


def load_library(images: Path, videos: Path, split: Split) -> Library:
    """Read masked pictures and videos; what is drawn is drawn later.

    `images` holds PennFudanPed/ and coco128/, `videos` the videos of static cameras.
    Raises `PicturesMissingError`, which says what was expected where.
    """
    missing = [
        f"{path}/" for path in (images / PENN_FUDAN, images / COCO) if not path.is_dir()
    ]
    if not videos.is_dir():
        missing.append(f"{videos}/")
    if missing:
        raise PicturesMissingError(
            f"not there: {', '.join(missing)}. --images is a folder with {PENN_FUDAN}/ "
            f"(PNGImages, PedMasks) and {COCO}/ (annotations, train2017), --videos "
            "one with .avi or .mp4 of static cameras"
        )
    library = Library(split)
    for sprites in (
        penn_fudan_sprites(images / PENN_FUDAN),
        coco_sprites(images / COCO),
    ):
        for sprite in sprites:
            if split_of(sprite.source) == split:
                library.sprites.setdefault(sprite.kind, []).append(sprite)
    for backdrops in (video_backdrops(videos), picture_backdrops(images / COCO)):
        library.backdrops.extend(b for b in backdrops if split_of(b.source) == split)
    for pictures in (
        penn_fudan_peopled(images / PENN_FUDAN),
        coco_peopled(images / COCO),
    ):
        library.peopled.extend(p for p in pictures if split_of(p.source) == split)
    if not library.of("person"):
        raise PicturesMissingError(
            f"no person is masked in the {split} part of {images}"
        )
    return library
