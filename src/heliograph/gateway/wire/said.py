"""How much text a stream has said, learnt from one of its pieces.

The pieces are our own framing. All chunks of a stream have the same frame, so that one
of them tells how many bytes of the others were text: nothing is read of the others.
"""

from msgspec import Raw, Struct, field, json

from heliograph.gateway.wire.json_text import UNREADABLE
from heliograph.gateway.wire.transcript import events


class _Function(Struct, frozen=True):
    arguments: str | None = None


class _Call(Struct):
    function: _Function = _Function()


class _Choice(Struct):
    delta: dict[str, Raw] | None = None
    message: dict[str, Raw] | None = None


class _Chunk(Struct):
    choices: list[_Choice] = field(default_factory=list)


_CHUNK = json.Decoder(_Chunk)
_CALLS = json.Decoder(list[_Call])
_FRAMING = len(b"data: \n\n")


class Said:
    """Counts what comes after the piece that it learns from."""

    __slots__ = ("bytes", "events_before", "sample")

    def __init__(self, sample: bytes, events_before: int) -> None:
        self.sample = sample
        self.events_before = events_before
        self.bytes = 0

    def text_bytes(self, events_now: int) -> int:
        """Return the bytes of text so far, the sample's included."""
        text = frame = 0
        for payload in events(self.sample):
            said = answer_bytes(payload)
            text += said
            if said:
                frame = len(payload) + _FRAMING - said
        after = self.bytes - (events_now - self.events_before) * frame
        return text + max(after, 0)


def answer_bytes(body: bytes) -> int:
    """Count the text of a whole answer, or of one chunk.

    That is what was said, thought, or put into a call.
    """
    try:
        choices = _CHUNK.decode(body).choices
    except UNREADABLE:
        return 0
    return sum(
        _value_bytes(bytes(value))
        for choice in choices
        for name, value in (choice.delta or choice.message or {}).items()
        if name != "role"
    )


def _value_bytes(value: bytes) -> int:
    if value.startswith(b'"'):
        return len(value) - 2
    try:
        calls = _CALLS.decode(value)
    except UNREADABLE:
        return 0
    return sum(len((call.function.arguments or "").encode()) for call in calls)
