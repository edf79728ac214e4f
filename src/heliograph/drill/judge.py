"""What a caller makes of an answer: whole, refused, told to be broken, or a lie.

Bytes in, a verdict out. Nothing of the gateway's own is used to read its answers.
"""

from typing import Literal

import msgspec
from msgspec import Struct

Verdict = Literal["whole", "refused", "told", "broken", "truncated", "altered"]
"""*refused*: an error status. *told*: a stream that ended in an error event. *broken*:
the connection was lost, which every SDK notices. *truncated* and *altered*: it ended
like a success, and is not what was said: nobody would notice.
"""
SILENT = frozenset({"truncated", "altered"})
DONE = b"[DONE]"
OK = 200


class Part(Struct, frozen=True):
    """The text in a message or in a stream's delta."""

    content: str | None = None


class Choice(Struct):
    """The one choice that was asked for."""

    message: Part = Part()
    delta: Part = Part()
    finish_reason: str | None = None


class Body(Struct):
    """A completion, a chunk of one, or an error."""

    choices: list[Choice] = []
    error: msgspec.Raw | None = None


decode = msgspec.json.Decoder(Body).decode


class WholeJudge:
    """Judges an answer that is not a stream."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        self.pieces: list[bytes] = []

    def feed(self, data: bytes) -> bool:
        """Take in a piece of the body; return whether there is content now."""
        self.pieces.append(data)
        return True

    def verdict(self, status: int, *, ended: bool) -> Verdict:
        """Judge what came; *ended*: HTTP's own end came too."""
        if not ended:
            return "broken"
        if status != OK:
            return "refused"
        try:
            choices = decode(b"".join(self.pieces)).choices
        except msgspec.DecodeError:
            return "truncated"
        if not choices or choices[0].finish_reason is None:
            return "truncated"
        return judged(choices[0].message.content or "", self.expected)


class StreamJudge:
    """Judges a stream, event by event."""

    def __init__(self, expected: str) -> None:
        self.expected = expected
        self.rest = b""
        self.text: list[str] = []
        self.finished = self.done = self.errs = False

    def feed(self, data: bytes) -> bool:
        """Take in a piece of the stream; return whether there is content now."""
        *events, self.rest = (self.rest + data).split(b"\n\n")
        for event in events:
            for line in event.split(b"\n"):
                if line.startswith(b"data:"):
                    self.take(line[5:].strip())
        return bool(self.text)

    def take(self, data: bytes) -> None:
        """Take in one event."""
        if data == DONE:
            self.done = True
            return
        try:
            body = decode(data)
        except msgspec.DecodeError:
            self.errs = True  # an SDK raises
            return
        self.errs = self.errs or body.error is not None
        for choice in body.choices:
            if choice.delta.content:
                self.text.append(choice.delta.content)
            self.finished = self.finished or choice.finish_reason is not None

    def verdict(self, status: int, *, ended: bool) -> Verdict:
        """Judge what came; *ended*: HTTP's own end came too."""
        if status != OK:
            return "refused" if ended else "broken"
        if self.errs:
            return "told"
        if not ended:
            return "broken"
        if not (self.done and self.finished):
            return "truncated"
        return judged("".join(self.text), self.expected)


def judged(text: str, expected: str) -> Verdict:
    """Compare what ended like a success with what was said."""
    if text == expected:
        return "whole"
    return "truncated" if expected.startswith(text) else "altered"


def expected_text(words: int, max_tokens: int) -> str:
    """Write what a simulated model says to every request of a drill."""
    said = ["[simulated]", *(f"word{number}" for number in range(1, words + 1))]
    return " ".join(said[:max_tokens])
