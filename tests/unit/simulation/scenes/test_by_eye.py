"""What was seen of pictures by eye."""

import pytest

from heliograph.simulation.scenes.by_eye import Notes, Unmasked, read_notes
from heliograph.simulation.scenes.sprites import CLASSES

NOTES = read_notes()


@pytest.mark.parametrize("picture", sorted(NOTES))
def test_a_note_says_something_of_a_picture(picture: str) -> None:
    notes = NOTES[picture]
    assert notes != Notes()
    of_penn_fudan = picture.startswith(("FudanPed", "PennPed"))
    assert of_penn_fudan != picture.endswith(".jpg")
    # Penn-Fudan's masks have no ids, and are of people who show well.
    assert not (of_penn_fudan and notes.hidden)
    for box in notes.unmasked:
        assert box.kind in CLASSES
        assert 0 <= box.left < box.right
        assert 0 <= box.top < box.bottom


def test_what_is_noted_of_one_picture() -> None:
    """Somebody goes half hidden behind the one who has a mask."""
    (box,) = NOTES["FudanPed00002"].unmasked
    assert box == Unmasked("person", 119, 101, 229, 371)
