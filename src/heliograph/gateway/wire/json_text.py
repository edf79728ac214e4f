"""What every reader of foreign JSON here agrees on: its errors, UTF-8, its depth.

msgspec skips over what a struct does not name without looking at its UTF-8, and
gives up with a `RecursionError` on hostile nesting: both are settled here.
"""

import re

from msgspec import DecodeError

UNREADABLE = (DecodeError, UnicodeDecodeError, RecursionError)
"""All that msgspec raises on foreign bytes; a validation error is a `DecodeError`."""

_ONLY_BRACKETS = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)")


def is_utf8(text: bytes) -> bool:
    """Say whether *text* is UTF-8, at the cost of one scan when it is ASCII."""
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def nests_within(text: bytes, depth_max: int) -> bool:
    """Say whether well-formed JSON *text* nests at most *depth_max* levels deep."""
    if text.count(b"[") + text.count(b"{") <= depth_max:
        return True
    # What is left between the quotes when no quote is an escaped one: the strings.
    plain = text.replace(rb"\\", b"").replace(rb"\"", b"")
    structure = b"".join(plain.split(b'"')[::2])
    brackets = structure.translate(_ONLY_BRACKETS, _ALL_BUT_BRACKETS)
    # translate deletes first, so both kinds arrive as square ones; each pass
    # then removes exactly the innermost level.
    for _ in range(depth_max):
        if not brackets:
            return True
        brackets = brackets.replace(b"[]", b"")
    return not brackets


def where(error: Exception, root: str) -> str:
    """Name the member a validation *error* is about: `messages[0].content`."""
    _, found, path = str(error).rpartition(" - at `$")
    if not found:
        return root
    steps = _STEP.finditer(path.rstrip("`"))
    return root + "".join(step.group(0) for step in steps)


def why(error: Exception) -> str:
    """Say what a validation *error* is about, without the path."""
    return str(error).partition(" - at `")[0]
