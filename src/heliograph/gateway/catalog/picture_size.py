"""Width and height of a picture, from the header of its base64 text.

Only the few bytes that say it are decoded; of a JPEG, the lengths of the segments
before it lead there.
"""

from binascii import Error, a2b_base64
from struct import unpack_from

Size = tuple[int, int]

_SEGMENTS_MAX = 256
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_MARK = 0xFF


def size_of(text: memoryview) -> Size | None:
    """Return width and height; None for what is no PNG, JPEG, GIF or WebP."""
    try:
        head = _piece(text, 0, 30)
        found = _size(head, text)
    except (Error, IndexError, ValueError):
        return None
    return found if found and min(found) > 0 else None


def _size(head: bytes, text: memoryview) -> Size | None:
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        width, height = unpack_from(">II", head, 16)
        return width, height
    if head.startswith((b"GIF87a", b"GIF89a")):
        width, height = unpack_from("<HH", head, 6)
        return width, height
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _webp(head)
    if head.startswith(b"\xff\xd8\xff"):
        return _jpeg(text)
    return None


def _webp(head: bytes) -> Size | None:
    """https://developers.google.com/speed/webp/docs/riff_container."""
    kind = head[12:16]
    if kind == b"VP8 " and head[23:26] == b"\x9d\x01\x2a":
        width, height = unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and head[20] == 0x2F:  # noqa: PLR2004 - its signature
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8X":
        width = int.from_bytes(head[24:27], "little") + 1
        return width, int.from_bytes(head[27:30], "little") + 1
    return None


def _jpeg(text: memoryview) -> Size | None:
    """Go from segment to segment until one begins a frame: ITU T.81, annex B."""
    at = 2
    for _ in range(_SEGMENTS_MAX):
        segment = _piece(text, at, 9)
        mark, code = segment[0], segment[1]
        if mark != _MARK or code == _SCAN:
            return None
        if code == _MARK:  # a byte of filling before the mark
            at += 1
        elif code in _FRAMES:
            height, width = unpack_from(">HH", segment, 5)
            return width, height
        else:
            at += 2 + int.from_bytes(segment[2:4], "big")
    return None


def _piece(text: memoryview, start: int, size: int) -> bytes:
    """Decode *size* bytes from *start*; a `ValueError` when they are not there."""
    begin = start // 3 * 4
    end = -(-(start + size) // 3) * 4
    decoded = a2b_base64(text[begin:end], strict_mode=True)
    piece = decoded[start % 3 : start % 3 + size]
    if len(piece) < size:
        raise ValueError("the text ends before")
    return piece
