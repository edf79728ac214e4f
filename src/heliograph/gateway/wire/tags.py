"""What a caller calls an exchange: the header `x-heliograph-tags: a,b=c`.

A tag is a row in the record and a name in questions asked of it, so its number, length
and characters are bounded. What is wrong is told by its place, never quoted.
"""

import re
from functools import lru_cache

from heliograph.gateway.types import Failure
from heliograph.gateway.wire.chat import refuse

TAGS_HEADER = b"x-heliograph-tags"
TAGS_MAX = 16
TAG_CHARACTERS_MAX = 64
TAG_FORM = (
    f"a name, or name=value, of at most {TAG_CHARACTERS_MAX} letters, digits and"
    " . _ : / @ + -"
)
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*(=[A-Za-z0-9._:/@+-]+)?")


def is_tag(text: str) -> bool:
    """Tell whether *text* can be a tag."""
    return len(text) <= TAG_CHARACTERS_MAX and _TAG.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def read_tags(value: bytes) -> tuple[str, ...] | Failure:
    """Read the header's *value*; callers tend to say the same each time."""
    texts = [text.strip() for text in value.decode("latin-1").split(",")]
    tags = dict.fromkeys(text for text in texts if text)
    if len(tags) > TAGS_MAX:
        return _refuse(f"holds {len(tags)} tags; send at most {TAGS_MAX}")
    for place, text in enumerate(texts, start=1):
        if text and not is_tag(text):
            return _refuse(f"tag {place} cannot be used; write {TAG_FORM}")
    return tuple(tags)


def _refuse(said: str) -> Failure:
    name = TAGS_HEADER.decode()
    return refuse(f"The header `{name}`: {said}.", param=name)
