"""RAW headers, old and new, and what makes one unreadable."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.camera.reading.errors import ForeignFileError
from heliograph.camera.reading.raw_header import HEADER_BYTES_MAX, parse
from heliograph.camera.types import Size


def test_the_format_line_gives_format_and_geometry() -> None:
    head = b"% date 2026-01-01\n% format EVT3;height=720;width=1280\n% end\nxx"
    header = parse(head, name="a.raw")
    assert (header.format, header.size) == ("EVT3", Size(1280, 720))
    assert head[header.payload_at :] == b"xx"
    assert header.fields["date"] == "2026-01-01"


def test_the_geometry_line_serves_where_the_format_line_is_silent() -> None:
    header = parse(b"% evt 2.0\n% geometry 304x240\n% end\n", name="a.raw")
    assert (header.format, header.size) == ("EVT2", Size(304, 240))


@pytest.mark.parametrize(
    ("plugin", "size"),
    [
        ("hal_plugin_gen41_evk3", Size(1280, 720)),
        ("hal_plugin_imx636_evk4", Size(1280, 720)),
        ("hal_plugin_gen31_fx3", Size(640, 480)),
        ("hal_plugin_gen3_fx3", Size(640, 480)),
        ("hal_plugin_genx320_cx3", Size(320, 320)),
        ("something_new", None),
    ],
)
def test_old_files_have_the_geometry_of_their_plugin(
    plugin: str, size: Size | None
) -> None:
    head = f"% evt 3.0\n% plugin_name {plugin}\n".encode()
    header = parse(head, name="a.raw")
    assert header.size == size


def test_without_an_end_line_the_payload_begins_at_the_first_other_line() -> None:
    head = b"% evt 3.0\n\x0a% \x80"
    assert parse(head, name="a.raw").payload_at == 10


def test_payload_that_begins_like_a_header_line_is_payload() -> None:
    head = b"% evt 3.0\n% \x00\x80\x01\x60\n"
    assert parse(head, name="a.raw").payload_at == 10


def test_windows_line_ends_are_read() -> None:
    header = parse(b"% evt 3.0\r\n% geometry 640x480\r\n% end\r\n\x01", name="a.raw")
    assert header.size == Size(640, 480)
    assert header.payload_at == 38


def test_an_endless_header_is_refused() -> None:
    line = b"% note " + b"x" * 90 + b"\n"
    with pytest.raises(ForeignFileError, match="does not end within 65536 bytes"):
        parse((line * 1000)[:HEADER_BYTES_MAX], name="a.raw")


def test_a_header_without_a_format_names_what_it_has() -> None:
    with pytest.raises(
        ForeignFileError, match="neither 'format' nor 'evt'; found date"
    ):
        parse(b"% date today\n% end\n", name="a.raw")


@pytest.mark.parametrize(
    "geometry", ["0x480", "640", "axb", "640x-1", "99999x480", "²x1"]
)
def test_a_geometry_that_cannot_be_is_refused(geometry: str) -> None:
    head = f"% evt 3.0\n% geometry {geometry}\n% end\n".encode()
    with pytest.raises(ForeignFileError, match="a number from 1 to 2048"):
        parse(head, name="a.raw")


@given(head=st.binary(max_size=300))
@settings(deadline=None)
def test_any_bytes_are_parsed_or_refused(head: bytes) -> None:
    try:
        header = parse(b"% " + head, name="a.raw")
    except ForeignFileError as error:
        assert str(error).startswith("a.raw: ")  # noqa: PT017 - either end is fine
    else:
        assert header.payload_at <= len(head) + 2
