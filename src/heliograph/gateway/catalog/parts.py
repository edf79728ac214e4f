"""What of a prompt is no text: pictures, sound, and documents of unknown size.

They are found by the names of members in the bytes of `messages`, which go on to the
provider as they are: it may read more than OpenAI's own page says. A quote inside a
JSON text is escaped, so that nothing a caller *says* is taken for a member.
"""

import re

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from heliograph.gateway.catalog.picture_size import size_of
from heliograph.gateway.catalog.picture_tokens import Detail, Tokens, picture_tokens

HEARD = b'"input_audio"'
PICTURED = b'"image_url"'
_MEMBER = re.compile(
    rb'"(?:(?P<picture>(?:image_)?url|image)|(?P<heard>input_audio)|(?P<data>data)|'
    rb"(?P<document>document|document_url|file|file_id|file_url|file_data|input_file|"
    rb'video|video_url|input_video|audio|audio_url))"\s*:(?!\s*null\b)\s*(?P<text>")?'
)
_ESCAPED_NAME = re.compile(rb'\\u00[2-7][0-9A-Fa-f][^"\\]*"\s*:')
_ESCAPE = re.compile(rb"\\(?:u00([2-7][0-9A-Fa-f])|.)", re.DOTALL)
_NEEDED = b'"\\\x7f'
_DETAIL = re.compile(rb'"detail"\s*:\s*"(\w+)"')
_AROUND = 64
_HEAD_BYTES = 128
_SOUND = re.compile(rb"(?:data:[\w/\\.;=+-]*,)?([A-Za-z0-9+/=\\]*)")
_SOUND_CHARS_LEAST = 8  # for one token: no codec takes so few
_SOUND_CHARS_USUAL = 400


class Text(Struct, forbid_unknown_fields=True, gc=False):
    """A part of a message that is text."""

    type: str
    text: str


class Message(Struct, forbid_unknown_fields=True, gc=False):
    """A message of text alone."""

    role: str
    content: str | list[Text] | None = None
    name: str | None = None


_MESSAGES = Decoder(list[Message])


class Parts(Struct):
    """The tokens of pictures and sound, and the bytes that are text.

    *documents*: there are some as well; their tokens are in no number here.
    """

    text: bytes
    likely: int = 0
    worst: int = 0
    documents: bool = False


def is_text(messages: bytes) -> bool:
    """Say whether the JSON text *messages* is seen to hold nothing but text.

    That takes a tenth of the time of looking for all that there may be besides.
    """
    try:
        _MESSAGES.decode(messages)
    except (DecodeError, UnicodeDecodeError):
        return False
    return True


def parts_of(messages: bytes, vendor: str, model: str) -> Parts:
    """Take the JSON text *messages* apart, for *model* of *vendor*."""
    if is_text(messages):
        return Parts(messages)
    found = _parts(messages, (vendor, model))
    if b"\\" in found.text and _ESCAPED_NAME.search(found.text) is not None:
        # Nobody writes the names of members so; but who reads them knows them.
        return _parts(_plain(messages), (vendor, model))
    return found


def lineage(vendor: str, model: str) -> tuple[str, str]:
    """Name who made a model that somebody else hosts as `vendor/model`."""
    maker, slash, name = model.partition("/")
    if vendor != "openrouter" or not slash:
        return vendor, model
    name = name.partition(":")[0]
    return maker, name.replace(".", "-") if maker == "anthropic" else name


def _parts(messages: bytes, source: tuple[str, str]) -> Parts:
    """Go from member to member, over payloads in one step."""
    parts, texts = Parts(messages), []
    at = done = 0
    heard = False
    while (member := _MEMBER.search(messages, at)) is not None:
        at = member.end()
        heard = heard or member["heard"] is not None
        parts.documents = parts.documents or member["document"] is not None
        end = messages.find(b'"', at) if member["text"] else -1
        if end < 0:
            continue
        at = end + 1
        if member["picture"]:
            found = _picture(messages, member, end, source)
        elif heard and not member["document"]:
            found = _sound(messages, member.end(), end)
        else:
            continue
        if found is None:
            parts.documents = True
            continue
        payload, tokens = found
        parts.likely += tokens[0]
        parts.worst += tokens[1]
        texts.append(messages[done:payload])
        done = end
    if texts:
        parts.text = b"".join([*texts, messages[done:]])
    return parts


def _picture(
    messages: bytes, member: re.Match[bytes], end: int, source: tuple[str, str]
) -> tuple[int, Tokens] | None:
    """Return where a picture begins, and its tokens; None when it is none."""
    begin, detail = member.end(), _detail(messages, member.start(), end)
    if detail == "low" and member["picture"] != b"url":
        detail = "auto"  # beside a URL alone it is nowhere said to count
    head = _plain(messages[begin : min(end, begin + _HEAD_BYTES)]).lstrip().lower()
    if head.startswith(b"data:") and not head.startswith(b"data:image"):
        return None
    source = lineage(*source)
    comma = messages.find(b",", begin, end)
    if not head.startswith(b"data:") or comma < 0:
        return end, picture_tokens(*source, None, detail)
    payload = memoryview(messages)[comma + 1 : end]
    if messages.find(b"\\", comma, end) >= 0:  # as PHP writes it: `\/`
        payload = memoryview(bytes(payload).replace(b"\\/", b"/"))
    return comma + 1, picture_tokens(*source, size_of(payload), detail)


def _sound(messages: bytes, begin: int, end: int) -> tuple[int, Tokens] | None:
    """Return where sound begins, and its tokens; None when it is elsewhere."""
    match = _SOUND.fullmatch(messages, begin, end)
    if match is None:
        return None
    chars = end - match.start(1)
    return match.start(1), (chars // _SOUND_CHARS_USUAL, chars // _SOUND_CHARS_LEAST)


def _detail(messages: bytes, key: int, end: int) -> Detail:
    """Read the detail beside a URL; the dearest, when it is said twice."""
    before = messages[max(0, key - _AROUND) : key].rpartition(b"{")[2]
    after = messages[end : end + _AROUND].partition(b"}")[0]
    said = {*_DETAIL.findall(before), *_DETAIL.findall(after)}
    if said == {b"low"}:
        return "low"
    return "high" if said and said <= {b"low", b"high"} else "auto"


def _plain(text: bytes) -> bytes:
    """Undo the escapes in a JSON text that it could do without."""
    return _ESCAPE.sub(_unescaped, text) if b"\\" in text else text


def _unescaped(escape: re.Match[bytes]) -> bytes:
    if escape[1] is None:
        return b"/" if escape[0] == b"\\/" else escape[0]
    char = bytes.fromhex(escape[1].decode())
    return escape[0] if char in _NEEDED else char
