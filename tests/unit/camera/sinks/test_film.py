"""Films that other programs can read, and what is left when one goes wrong."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from heliograph.camera.sinks.film import frames_in, write_film
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.sinks.overlay import COLOURS, COLOURS_USED

YELLOW = COLOURS["confirmed"]


def frames(number: int) -> Iterator[NDArray[np.uint8]]:
    """A yellow square that moves ten pixels to the right with each frame."""
    for i in range(number):
        frame = np.full((96, 160, 3), 128, np.uint8)
        frame[20:60, 10 * i : 10 * i + 40] = YELLOW
        yield frame


def test_an_mp4_has_every_frame_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    assert write_film(path, frames(8), fps=25.0, colours=COLOURS_USED) == 8
    film = cv2.VideoCapture(str(path))
    assert film.get(cv2.CAP_PROP_FPS) == 25.0
    for frame in frames(8):
        read, shown = film.read()
        assert read
        assert np.abs(shown[..., ::-1].astype(int) - frame).mean() < 6
    assert not film.read()[0]
    assert [each.name for each in tmp_path.iterdir()] == ["film.mp4"]


def test_a_gif_has_every_frame_its_colours_and_its_pace(tmp_path: Path) -> None:
    path = tmp_path / "film.GIF"
    assert write_film(path, frames(5), fps=10.0, colours=COLOURS_USED) == 5
    with Image.open(path) as film:
        assert film.info["loop"] == 0
        for number, frame in enumerate(frames(5)):
            film.seek(number)
            assert film.info["duration"] == 100
            assert np.array_equal(np.asarray(film.convert("RGB")), frame)


@pytest.mark.parametrize("name", ["film.mp4", "film.gif"])
def test_what_breaks_off_leaves_the_old_film_and_nothing_else(
    tmp_path: Path, name: str
) -> None:
    def broken() -> Iterator[NDArray[np.uint8]]:
        yield from frames(3)
        raise ZeroDivisionError

    path = tmp_path / name
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError):
        write_film(path, broken(), fps=25.0, colours=COLOURS_USED)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["film.mp4", "film.gif"])
def test_no_frame_is_no_film(tmp_path: Path, name: str) -> None:
    with pytest.raises(SinkError, match="there is no frame to write"):
        write_film(tmp_path / name, iter(()), fps=25.0, colours=COLOURS_USED)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["film.mp4", "film.gif"])
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    path = tmp_path / "nowhere" / name
    with pytest.raises(SinkError, match=rf"cannot write .*{name}: no such file"):
        write_film(path, frames(3), fps=25.0, colours=COLOURS_USED)


def test_another_ending_is_told(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"a film's name ends in \.mp4 or \.gif"):
        write_film(tmp_path / "film.avi", frames(3), fps=25.0, colours=COLOURS_USED)


@pytest.mark.parametrize("name", ["film.mp4", "film.gif"])
def test_a_film_that_lacks_frames_is_noticed(tmp_path: Path, name: str) -> None:
    """As a full disk would leave it: the encoder itself says nothing."""
    path = tmp_path / name
    write_film(path, frames(16), fps=25.0, colours=COLOURS_USED)
    assert frames_in(path) == 16
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    try:
        left = frames_in(path)
    except OSError:
        left = 0
    assert left < 16
