"""What is said of a picture follows from the picture."""

import base64
import io
import random

import pytest
from PIL import Image, ImageDraw

from heliograph.simulation.providers.picture import PictureError, look

GREY = 128


def encode(picture: Image.Image, kind: str = "PNG") -> str:
    out = io.BytesIO()
    picture.save(out, kind)
    return base64.b64encode(out.getvalue()).decode()


def scene(
    *corners: tuple[int, int, int, int], size: tuple[int, int] = (320, 240)
) -> Image.Image:
    """Draw movers as an event camera shows them: a bright and a dark edge."""
    picture = Image.new("L", size, GREY)
    draw = ImageDraw.Draw(picture)
    for left, top, right, bottom in corners:
        middle = (left + right) // 2
        draw.rectangle((left, top, middle, bottom), fill=230)
        draw.rectangle((middle, top, right, bottom), fill=30)
    return picture


def leaning(start: tuple[int, int], end: tuple[int, int]) -> Image.Image:
    picture = Image.new("L", (320, 240), GREY)
    ImageDraw.Draw(picture).line([start, end], fill=240, width=24)
    return picture


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (scene((20, 20, 50, 70)), "one mover, small and tall, at the top left"),
        (scene((220, 190, 310, 215)), "one mover, small and wide, at the bottom right"),
        (scene((120, 80, 200, 160)), "one mover, medium and compact, in the middle"),
        (scene((60, 20, 260, 220)), "one mover, large and compact, in the middle"),
        (leaning((100, 200), (220, 60)), "leaning right"),
        (leaning((100, 60), (220, 200)), "leaning left"),
        (scene((20, 90, 60, 150), (250, 90, 290, 150)), "two movers"),
        (
            scene((20, 20, 60, 60), (250, 20, 290, 60), (140, 160, 180, 200)),
            "several movers",
        ),
        (scene(), "an empty scene"),
    ],
)
def test_the_words_say_where_how_large_and_which_way(
    picture: Image.Image, words: str
) -> None:
    assert words in look(encode(picture)).text


def noisy(picture: Image.Image, seed: int) -> Image.Image:
    chance = random.Random(seed)
    grey = bytes(
        min(255, max(0, round(level + chance.gauss(0, 8))))
        for level in picture.tobytes()
    )
    return Image.frombytes("L", picture.size, grey)


def test_the_same_scene_under_other_noise_gets_the_same_words() -> None:
    picture = scene((120, 60, 170, 180))
    texts = {look(encode(noisy(picture, seed))).text for seed in range(5)}
    assert texts == {look(encode(picture)).text}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_every_usual_format_is_read_alike_and_named(kind: str) -> None:
    sight = look(encode(scene((20, 10, 70, 110)), kind))
    assert sight.text == "one mover, medium and tall, at the top left"
    assert sight.media_type == f"image/{kind.lower()}"
    assert (sight.width, sight.height) == (320, 240)


def montage(left: Image.Image, right: Image.Image) -> str:
    both = Image.new("L", (640, 240), GREY)
    both.paste(left, (0, 0))
    both.paste(right, (320, 0))
    return encode(both)


def test_a_montage_is_described_by_its_left_half_and_located_by_its_right() -> None:
    left, right = scene((20, 10, 70, 110)), scene((250, 200, 300, 230))
    text = look(montage(left, right)).text
    assert text == f"{look(encode(left)).text}; on the right panel at the bottom right"
    empty = look(montage(left, scene())).text
    assert empty.endswith("; on the right panel nothing stands out")


def test_a_colour_picture_with_transparency_is_read() -> None:
    assert look(encode(scene((20, 10, 70, 110)).convert("RGBA"))).text.startswith("one")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("not base64!", "not valid base64"),
        (base64.b64encode(b"plain text").decode(), "no PNG, JPEG, GIF or WebP"),
        (encode(scene((20, 10, 70, 110)))[:200], "cannot be decoded"),
        (encode(Image.new("1", (7000, 7000))), "more than 40000000 pixels"),
        (encode(Image.new("1", (20000, 20000))), "more than 40000000 pixels"),
    ],
)
def test_a_picture_nobody_would_take_is_refused(data: str, words: str) -> None:
    with pytest.raises(PictureError, match=words):
        look(data)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (3, 2)])
def test_the_smallest_pictures_are_read(size: tuple[int, int]) -> None:
    assert look(encode(Image.new("L", size, GREY))).text.startswith("an empty scene")
