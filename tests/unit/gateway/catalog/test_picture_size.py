"""The size of a picture is read from its header; whatever else is there."""

import base64
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from heliograph.gateway.catalog.picture_size import size_of


def picture(kind: str, size: tuple[int, int], **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def measured(data: bytes) -> tuple[int, int] | None:
    return size_of(memoryview(base64.b64encode(data)))


@pytest.mark.parametrize("size", [(1, 1), (640, 480), (333, 1001), (4032, 30)])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("GIF", {}),
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\0\0" + b"x" * 40_000}),
        ("JPEG", {"icc_profile": b"p" * 150_000}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"}),
    ],
)
def test_the_header_says_the_size(
    kind: str, options: dict[str, object], size: tuple[int, int]
) -> None:
    assert measured(picture(kind, size, **options)) == size


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello, this is no picture at all, only text",
        picture("PNG", (9, 9))[:20],
        picture("JPEG", (9, 9))[:40],
        b"\xff\xd8\xff" + b"\xff" * 500,
        b"\x89PNG\r\n\x1a\n" + bytes(30),
    ],
)
def test_what_has_no_header_has_no_size(data: bytes) -> None:
    assert measured(data) is None


@pytest.mark.parametrize("text", [b"@@@@" * 20, b"iVBORw0KGgo\\nAAAA" * 4, b"=" * 64])
def test_what_is_no_base64_has_no_size(text: bytes) -> None:
    assert size_of(memoryview(text)) is None


@given(st.binary(max_size=200), st.sampled_from(["PNG", "GIF", "JPEG", "WEBP"]))
def test_nothing_that_a_caller_sends_raises(noise: bytes, kind: str) -> None:
    head = picture(kind, (64, 48))
    found = measured(head[:24] + noise)
    assert found is None or min(found) > 0
