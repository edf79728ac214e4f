"""Files that are no recording of ours: what the message says about them."""

from io import BytesIO

import pytest

from heliograph import camera


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"", "an empty file"),
        (b"\x89PNG\r\n\x1a\n\x00", "a PNG picture"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"#!AER-DAT2.0\r\n", "an AEDAT recording"),
        (b"\x1f\x8b\x08\x00", "a gzip file"),
        (b"\x00\x00\x00\x18ftypisom", "an MP4 video"),
        (b"t,x,y,p\n1,2,3,1\n", "a text file"),
        (b"\x01\x80\x02\x60", "unknown data beginning with 01 80 02 60"),
    ],
)
def test_a_foreign_file_is_named_with_what_is_supported(head: bytes, what: str) -> None:
    with pytest.raises(camera.ForeignFileError) as error:
        camera.open(BytesIO(head))
    assert str(error.value) == (
        f"the stream: looks like {what}, at byte 0; supported are RAW (EVT2, EVT2.1, "
        "EVT3), DAT, HDF5, AEDAT4, NPY and NPZ"
    )


@pytest.mark.parametrize(
    ("line", "format_name"),
    [
        ("evt 4.0", "EVT4"),
        ("format EVT4;height=1;width=1", "EVT4"),
        ("evt 9", "EVT 9"),
    ],
)
def test_a_raw_file_of_another_encoding_is_named(line: str, format_name: str) -> None:
    with pytest.raises(
        camera.ForeignFileError, match=f"the header says {format_name};"
    ):
        camera.open(BytesIO(f"% {line}\n% geometry 9x9\n% end\n".encode()))


def test_every_error_of_reading_is_a_recording_error() -> None:
    assert issubclass(camera.ForeignFileError, camera.RecordingError)
    assert issubclass(camera.BrokenRecordingError, camera.RecordingError)
