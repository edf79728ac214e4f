"""What the simulated model says: a pure function of what was asked.

It always says that it is simulated. A token is one word with the space before it, so
usage can be checked by counting; a picture's tokens follow its provider's published
rule (OpenAI: tiles of 512; Anthropic: pixels / 750; Gemini: 258).
"""

import math
import re
from collections.abc import Callable

import msgspec

from heliograph.simulation.providers.picture import PictureError, look
from heliograph.simulation.providers.rules import Fault
from heliograph.simulation.providers.tool_arguments import make_arguments
from heliograph.simulation.providers.types import (
    Answer,
    Ask,
    DialectName,
    Finish,
    Picture,
    Refusal,
)

PREFIX = "[simulated]"
UNFETCHED_TOKENS = 85
_PIECE = re.compile(r"\s*\S+|\s+$")
_CUT: dict[str, Finish] = {"stop": "stop", "length": "length", "filter": "filter"}


def compose(
    ask: Ask, dialect: DialectName, *, serial: str, created_at: int, fault: Fault | None
) -> Answer | Refusal:
    """Answer *ask*, or refuse it because of its picture."""
    seen: str | None = None
    input_tokens = max(1, ask.chars // 4)
    for index, picture in enumerate(ask.pictures):
        looked = _look(picture, dialect)
        if isinstance(looked, Refusal):
            return looked
        input_tokens += looked[1]
        seen = looked[0] if index == 0 else seen
    answer = Answer(serial, created_at, ask.model, input_tokens=input_tokens)
    if ask.tool is not None:
        arguments = msgspec.json.encode(make_arguments(ask.tool.schema)).decode()
        return msgspec.structs.replace(
            answer,
            tool=ask.tool.name,
            arguments=arguments,
            finish="tool",
            output_tokens=max(1, len(arguments) // 4),
        )
    return _speak(answer, ask, _text(ask, seen, fault), fault)


def _speak(answer: Answer, ask: Ask, text: str, fault: Fault | None) -> Answer:
    finish: Finish = "stop"
    stop_sequence = None
    text = text.removeprefix(ask.prefill)
    hits = [(text.find(stop), stop) for stop in ask.stop if stop and stop in text]
    if hits:
        at, stop_sequence = min(hits)
        text, finish = text[:at], "stop_sequence"
    pieces = tuple(_PIECE.findall(text))
    if ask.max_tokens is not None and len(pieces) > ask.max_tokens:
        pieces, finish, stop_sequence = pieces[: ask.max_tokens], "length", None
    if fault is not None and fault.finish is not None:
        finish, stop_sequence = _CUT[fault.finish], None
    return msgspec.structs.replace(
        answer,
        pieces=pieces,
        finish=finish,
        stop_sequence=stop_sequence,
        output_tokens=len(pieces),
    )


def _text(ask: Ask, seen: str | None, fault: Fault | None) -> str:
    if fault is not None and fault.answer is not None:
        return f"{PREFIX} {fault.answer}"
    if fault is not None and fault.answer_words is not None:
        words = (f"word{number}" for number in range(1, fault.answer_words + 1))
        return f"{PREFIX} {' '.join(words)}"
    if seen is None:
        count = len(ask.text.split())
        return f"{PREFIX} Your last message has {count} words and no picture."
    more = len(ask.pictures) - 1
    also = f" (the first of {more + 1} pictures)" if more else ""
    return f"{PREFIX} I see {seen}{also}."


def _look(picture: Picture, dialect: DialectName) -> tuple[str, int] | Refusal:
    """Return what is seen and how many tokens that costs, or what is wrong."""
    if picture.url:
        return "nothing, for a picture behind a URL is not fetched", UNFETCHED_TOKENS
    try:
        sight = look(picture.data)
    except PictureError as error:
        return _invalid(str(error))
    if picture.media_type and picture.media_type != sight.media_type:
        return _invalid(f"it is {sight.media_type}, not {picture.media_type} as said")
    return sight.text, _TOKENS[dialect](sight.width, sight.height)


def _invalid(why: str) -> Refusal:
    return Refusal(400, f"Invalid image: {why}.", code="invalid_image")


def _openai_tokens(width: int, height: int) -> int:
    fit = min(1.0, 2048 / max(width, height))
    fit *= min(1.0, 768 / (min(width, height) * fit))
    return 85 + 170 * math.ceil(width * fit / 512) * math.ceil(height * fit / 512)


def _anthropic_tokens(width: int, height: int) -> int:
    return min(1600, math.ceil(width * height / 750))


def _gemini_tokens(width: int, height: int) -> int:
    del width, height  # one price for every picture
    return 258


_TOKENS: dict[DialectName, Callable[[int, int], int]] = {
    "openai": _openai_tokens,
    "anthropic": _anthropic_tokens,
    "gemini": _gemini_tokens,
}
