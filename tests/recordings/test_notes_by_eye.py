"""What was noted of pictures by eye, beside the pictures."""

from heliograph.simulation.scenes.by_eye import NOTHING, read_notes
from heliograph.simulation.scenes.masked_pictures import read_grey
from heliograph.simulation.scenes.peopled import coco_peopled, penn_fudan_peopled
from recordings.shared_data import images_path

COCO, PENN_FUDAN = "coco128", "PennFudanPed"


def test_every_note_is_of_a_picture_with_people_and_ends_in_its_labels() -> None:
    notes = read_notes()
    pictures = {
        picture.source: picture
        for picture in (
            *penn_fudan_peopled(images_path(PENN_FUDAN)),
            *coco_peopled(images_path(COCO)),
        )
    }
    assert notes.keys() <= pictures.keys()
    for source, picture in pictures.items():
        noted = notes.get(source, NOTHING)
        assert picture.boxed == len(noted.unmasked), source
        # An id that is no annotation's of this picture would be lost without a word.
        assert len(picture.hidden) == len(noted.hidden), source


def test_every_box_is_within_its_picture() -> None:
    coco, penn_fudan = images_path(COCO), images_path(PENN_FUDAN)
    for source, noted in read_notes().items():
        path = (
            coco / "train2017" / source
            if source.endswith(".jpg")
            else penn_fudan / "PNGImages" / f"{source}.png"
        )
        rows, columns = read_grey(path).shape
        for box in noted.unmasked:
            assert box.right <= columns, source
            assert box.bottom <= rows, source
