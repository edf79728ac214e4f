"""What a file of no format that is read looks like, for the error message."""

SIGNATURES = (
    (0, b"\x89PNG", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"#!AER-DAT", "an AEDAT recording"),
    (0, b"\x1f\x8b", "a gzip file"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard file"),
    (0, b"Event Stream", "an Event Stream recording"),
    (0, b"#ROSBAG", "a ROS bag"),
    (0, b"RIFF", "a RIFF file (AVI, WAV)"),
    (4, b"ftyp", "an MP4 video"),
)


def looks_like(head: bytes) -> str:
    """Name what the file beginning with *head* seems to be."""
    if not head:
        return "an empty file"
    for at, signature, what in SIGNATURES:
        if head[at : at + len(signature)] == signature:
            return what
    try:
        text = head[:256].decode("ascii")
    except UnicodeDecodeError:
        text = ""
    if text and all(letter.isprintable() or letter.isspace() for letter in text):
        return "a text file"
    return f"unknown data beginning with {head[:8].hex(' ')}"
