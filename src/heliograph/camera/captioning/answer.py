"""The OpenAI dialect, as much of it as a caption needs. Values in, values out.

Wire reference: https://platform.openai.com/docs/api-reference/chat
"""

import base64
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Literal

from heliograph.camera.captioning.structure import RESPONSE_FORMAT, Told, read_told
from heliograph.camera.config.captioning import AnswerForm

TEXT_CHARS_MAX = 1_000
ERROR_CHARS_MAX = 160
NAME_CHARS_MAX = 100
ATTEMPTS_CHARS_MAX = 6
LINE_TOKENS_MAX = 60
JSON_TOKENS_MAX = 200
WEBP_MARK = b"RIFF"
# A run this long is no word: a picture or a key that a server sent back to us.
BLOB = re.compile(r"data:[^\s\"']+|\bsk-[\w-]+|[A-Za-z0-9+/=_-]{40,}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP answer says. Either `text` or `error` is set.

    `provider`, `model`, `attempts`, `fallback` and `cost_usd` are None where the server
    did not tell: they are headers of our gateway's.
    """

    text: str
    error: str | None
    provider: str | None
    model: str | None
    attempts: int | None
    fallback: bool | None
    status: int | None = None
    retry_after_s: float | None = None
    cost_usd: float | None = None
    actions: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    confidence: float | None = None


Outcome = Literal["answered", "away", "refused"]
"""What an answer means for asking later: there is a text; nobody could answer; it is
this picture that gets none."""

SCHEMA_REFUSED = frozenset({400, 404, 415, 422, 501})
PICTURE_REFUSED = frozenset({200, 400, 406, 411, 413, 414, 415, 422})
"""A 200 without a text, and what a gateway says of a request that it does not take."""


def judge(answer: Answer) -> Outcome:
    """Say whether *answer*'s question is worth asking once more, later."""
    if answer.error is None:
        return "answered"
    return "refused" if answer.status in PICTURE_REFUSED else "away"


def encode_question(
    model: str, prompt: str, png: bytes, *, answer: AnswerForm = "line", schema: bool
) -> bytes:
    """Return the body of a chat completion that asks *prompt* about *png*.

    *schema* binds the answer to that of a caption in JSON.
    """
    kind = "webp" if png.startswith(WEBP_MARK) else "png"
    picture = base64.b64encode(png).decode()
    url = f"data:image/{kind};base64,{picture}"
    content = [
        {"type": "text", "text": prompt},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    question: dict[str, object] = {
        "model": model,
        "max_tokens": LINE_TOKENS_MAX if answer == "line" else JSON_TOKENS_MAX,
        "messages": [{"role": "user", "content": content}],
    }
    if schema:
        question["response_format"] = RESPONSE_FORMAT
    return json.dumps(question, separators=(",", ":")).encode()


def is_schema_refused(status: int, body: bytes) -> bool:
    """Say whether an answer may be another without the schema.

    Gateways and servers name the parameter, and not always the same way.
    """
    named = b"response_format" in body or b"json_schema" in body
    return status in SCHEMA_REFUSED and named


def decode_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    answer: AnswerForm = "line",
) -> Answer:
    """Read what came for `encode_question`; never raises."""
    told, error = Told(""), None
    if status == 200:  # noqa: PLR2004 - HTTP's OK
        said, error = _read_completion(body)
        told = read_told(said) if answer == "json" else Told(said)
    else:
        error = f"HTTP {status}: {_read_error(body)}"
    attempts = headers.get("x-heliograph-attempts", "")
    is_count = attempts.isdecimal() and len(attempts) <= ATTEMPTS_CHARS_MAX
    fallback = headers.get("x-heliograph-fallback")
    return Answer(
        text=one_line(told.text)[:TEXT_CHARS_MAX],
        error=error,
        provider=_name(headers.get("x-heliograph-provider")),
        model=_name(headers.get("x-heliograph-model")),
        attempts=int(attempts) if is_count else None,
        fallback=None if fallback is None else fallback == "true",
        status=status,
        retry_after_s=_retry_after_s(headers),
        cost_usd=_number(headers.get("x-heliograph-cost-usd", "")),
        actions=tuple(map(one_line, told.actions)),
        carried=tuple(map(one_line, told.carried)),
        confidence=told.confidence,
    )


def decode_models(body: bytes) -> list[str]:
    """Return the names in a model list, an empty one where there are none."""
    listed = _at(_parse(body), "data")
    names = [_at(model, "id") for model in listed] if isinstance(listed, list) else []
    return [name for name in names if isinstance(name, str) and name]


def short_error(text: str) -> str:
    """Return *text* as one short printable line without pictures and keys."""
    line = one_line(BLOB.sub("[...]", text))
    if len(line) > ERROR_CHARS_MAX:
        return line[: ERROR_CHARS_MAX - 1] + "…"
    return line


def one_line(text: str) -> str:
    """Return *text* in one line that does nothing to a terminal but be shown."""
    shown = "".join(" " if _is_control(character) else character for character in text)
    return " ".join(shown.split())


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds a server asks to be left alone; a date is passed over."""
    for name, unit_s in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        told = _number(headers.get(name, ""))
        if told is not None:
            return told * unit_s
    return None


def _name(told: str | None) -> str | None:
    """Return what a header calls somebody, fit to be shown; None where it is not."""
    return one_line(told or "")[:NAME_CHARS_MAX] or None


def _number(text: str) -> float | None:
    """Return what a header says where it is a number that is not below 0."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and number >= 0 else None


def _is_control(character: str) -> bool:
    # Cf too: it holds the marks that turn the direction of a line around.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _read_completion(body: bytes) -> tuple[str, str | None]:
    answer = _parse(body)
    failure = _at(answer, "error")
    if failure is not None:
        # Some servers wrap a failure in a 200.
        return "", f"HTTP 200 with an error: {_read_error(body)}"
    choices = _at(answer, "choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if choice is None:
        return "", "HTTP 200, but the body is no chat completion"
    text = _at(_at(choice, "message"), "content")
    if isinstance(text, str) and one_line(text):
        return text, None
    reason = _at(choice, "finish_reason")
    return "", f"the model said nothing (finish_reason {short_error(str(reason))})"


def _read_error(body: bytes) -> str:
    answer = _parse(body)
    failure = _at(answer, "error")
    message = _at(failure, "message") if isinstance(failure, dict) else failure
    if isinstance(message, str) and message.strip():
        return short_error(message)
    return "no reason given" if answer is None else "a body without a message"


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _at(value: object, key: str) -> object:
    """Return what is at *key* where *value* is an object, else None."""
    return value.get(key) if isinstance(value, dict) else None
