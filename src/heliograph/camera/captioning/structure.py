"""A caption as JSON: the schema that is asked for, and what is read of an answer.

Models that do not know the schema are asked in words, and give an object in a fence, in
prose, or none at all. Whatever they say, something of it is a caption.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

WORDS_MAX = 8
"""How many actions or things of one caption are kept."""
WORD_CHARS_MAX = 60
PERCENT = 100
READ_CHARS_MAX = 16_000
"""How much of an answer is read: one that never closes a brace takes its square."""
SCHEMA = {
    "type": "object",
    "properties": {
        "caption": {"type": "string"},
        "actions": {"type": "array", "items": {"type": "string"}},
        "carried": {"type": "array", "items": {"type": "string"}},
        "confidence": {"type": "number"},
    },
    "required": ["caption", "actions", "carried", "confidence"],
    "additionalProperties": False,
}
RESPONSE_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "caption", "strict": True, "schema": SCHEMA},
}
"""https://platform.openai.com/docs/guides/structured-outputs"""
# An answer that was cut off still begins with its caption.
CUT = re.compile(r'"caption"\s*:\s*"((?:[^"\\]|\\.)+)')


@dataclass(frozen=True, slots=True)
class Told:
    """What a model told. `confidence` is from 0 to 1, None where it told none."""

    text: str
    actions: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    confidence: float | None = None


def read_told(text: str) -> Told:
    """Read a model's *text*; what holds no JSON object is a caption as it is."""
    text = text[:READ_CHARS_MAX]
    for found in _objects(text):
        caption = found.get("caption")
        if isinstance(caption, str) and caption.strip():
            return Told(
                caption,
                _words(found.get("actions")),
                _words(found.get("carried")),
                _share(found.get("confidence")),
            )
    cut = CUT.search(text)
    if cut is None:
        return Told(text)
    try:
        return Told(str(json.loads(f'"{cut[1]}"')))
    except ValueError:  # cut off within an escape
        return Told(cut[1].partition("\\")[0])


def _objects(text: str) -> Iterator[dict[str, object]]:
    """Yield the objects in *text*, the first one first."""
    decoder = json.JSONDecoder()
    begin = text.find("{")
    while begin >= 0:
        try:
            found, end = decoder.raw_decode(text, begin)
        except (ValueError, RecursionError):
            begin = text.find("{", begin + 1)
            continue
        if isinstance(found, dict):
            yield found
        begin = text.find("{", end)


def _words(value: object) -> tuple[str, ...]:
    """Return the texts of a list; some models write one text, with commas."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        return ()
    words = (" ".join(word.split()) for word in items if isinstance(word, str))
    return tuple(word[:WORD_CHARS_MAX] for word in words if word)[:WORDS_MAX]


def _share(value: object) -> float | None:
    """Return a number from 0 to 1; what is above was meant as a percentage."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it is divided: a model may write a whole number past any float.
    if not 0 <= value <= PERCENT:
        return None
    return value / PERCENT if value > 1 else float(value)
