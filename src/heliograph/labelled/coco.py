"""COCO's JSON whose images are recordings: `file_name` names NPY, NPZ, RAW, ...

Labels hold for the end of the recording, or for the time that an image says as `t_us`,
which is ours: so several images may stand for moments of one recording. Crowds
(`iscrowd`) are ignored, as COCO does.

Source: https://cocodataset.org, "Data format".
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from heliograph import camera
from heliograph.camera.types import Size
from heliograph.labelled.boxes import Label, by_time, class_of, parted
from heliograph.labelled.classes import COCO
from heliograph.labelled.errors import LabelError
from heliograph.labelled.history import History
from heliograph.labelled.request import Request
from heliograph.labelled.window import LabelledWindow

READ_US = 10_000


class _Image(msgspec.Struct, frozen=True):
    id: int | str
    file_name: str
    width: int
    height: int
    t_us: int | None = None


class _Annotation(msgspec.Struct, frozen=True):
    image_id: int | str
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


class _Category(msgspec.Struct, frozen=True):
    id: int
    name: str


class _Instances(msgspec.Struct, frozen=True):
    images: list[_Image]
    annotations: list[_Annotation]
    categories: list[_Category]


def read_coco(path: Path, request: Request) -> Iterator[LabelledWindow]:
    """Yield a window for each image of the file *path*, recording by recording.

    Raises `LabelError` where it is no COCO file or names a recording that is not there,
    and what `camera.open` raises.
    """
    read = _read(path)
    names = {one.id: one.name.lower() for one in read.categories}
    of_image: defaultdict[int | str, list[_Annotation]] = defaultdict(list)
    for annotation in read.annotations:
        if annotation.category_id not in names:
            raise LabelError(
                f"{path}: a label of image {annotation.image_id} has category_id "
                f"{annotation.category_id}, which is not among the categories"
            )
        of_image[annotation.image_id].append(annotation)
    classes = COCO if request.classes is None else request.classes
    labels = {
        image.id: [
            Label(
                *one.bbox,
                our_class=class_of(classes, names[one.category_id], one.category_id),
                counts=not one.iscrowd,
            )
            for one in of_image[image.id]
        ]
        for image in read.images
    }
    of_file: defaultdict[str, list[_Image]] = defaultdict(list)
    for image in read.images:
        of_file[image.file_name].append(image)
    for name, images in of_file.items():
        yield from _of_recording(_find(path, name), images, labels, request)


def _read(path: Path) -> _Instances:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Instances)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LabelError(
            f"{path}: expected COCO's JSON with images, annotations and categories: "
            f"{error}"
        ) from error


def _find(path: Path, name: str) -> Path:
    for folder in (path.parent, path.parent.parent):
        if (folder / name).is_file():
            return folder / name
    raise LabelError(
        f"{path}: names the recording {name}, which is neither in its folder nor in "
        "the one above"
    )


def _of_recording(
    path: Path,
    images: Sequence[_Image],
    labels: dict[int | str, list[Label]],
    request: Request,
) -> Iterator[LabelledWindow]:
    """Yield the windows of one recording, those with a time first and in its order."""
    by_t = {image.t_us: image for image in images}
    if len(by_t) < len(images):
        raise LabelError(
            f"{path}: two images stand for one moment of it; give each its t_us"
        )
    size = Size(images[0].width, images[0].height)
    with camera.open(path, READ_US, size=size) as recording:
        history = History(recording, request.history_us)
        skip_us = recording.begin_us + request.judging.skip_us
        known = [t for t in by_t if t is not None and t >= skip_us]
        for t_us in by_time(known, request.every_us):
            events = history.until(t_us)
            boxes, ignored = parted(labels[by_t[t_us].id], size, request.judging)
            yield LabelledWindow(str(path), size, events, t_us, boxes, ignored)
        if None in by_t:
            t_us, events = history.whole()
            boxes, ignored = parted(labels[by_t[None].id], size, request.judging)
            yield LabelledWindow(str(path), size, events, t_us, boxes, ignored)
