"""OpenAI's answers as values, for whoever rewrites them in another dialect.

Only the first choice is read: no other dialect here can ask for more.
https://platform.openai.com/docs/api-reference/chat/object
"""

from msgspec import Raw, Struct, field, json

from heliograph.gateway.types import Failure, Usage
from heliograph.gateway.wire.blame import broken
from heliograph.gateway.wire.json_text import UNREADABLE
from heliograph.gateway.wire.openai_usage import read_usage

_NULL = Raw(b"null")
_ARGUMENTS = json.Decoder(dict[str, Raw])
CHAT_PREFIX = "chatcmpl-"


class _Part(Struct):
    type: str = ""
    text: str | None = None


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class CallPiece(Struct):
    """A call of a tool, or a piece of one in a stream."""

    id: str | None = None
    index: int | None = None
    function: _Function = _Function()


class Said(Struct):
    """A message, or a piece of one in a stream."""

    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[CallPiece] | None = None

    @property
    def text(self) -> str:
        """All the text of it; what was thought is left out."""
        if isinstance(self.content, str):
            return self.content
        parts = self.content or ()
        return "".join(part.text or "" for part in parts if part.type == "text")


class Choice(Struct):
    """One of the answers: whole as *message*, or a piece of it as *delta*."""

    index: int = 0
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None


class Answered(Struct):
    """A `chat.completion`, or a chunk of one."""

    id: str = ""
    model: str = ""
    choices: list[Choice] = field(default_factory=list)
    usage: Raw = _NULL
    error: Raw = _NULL

    @property
    def first(self) -> Choice | None:
        """The first choice, if this is about it."""
        return next((choice for choice in self.choices if choice.index == 0), None)

    @property
    def counted(self) -> Usage | None:
        """The tokens, if they were told."""
        return read_usage(self.usage)


class Call(Struct):
    """A call of a tool, gathered from its pieces."""

    place: int
    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    """The arguments as they came; a text that grew would be copied with each."""

    @property
    def arguments(self) -> str:
        """The JSON text of the arguments, as far as it has come."""
        return "".join(self.pieces)

    def add(self, piece: CallPiece) -> None:
        """Add what *piece* says; name and id are said once."""
        self.id = self.id or piece.id or ""
        self.name = self.name or piece.function.name or ""
        if piece.function.arguments:
            self.pieces.append(piece.function.arguments)

    def readable(self) -> bool:
        """Say whether the arguments are the JSON text of an object."""
        try:
            _ARGUMENTS.decode(self.arguments or "{}")
        except UNREADABLE:
            return False
        return bool(self.name)


class Calls:
    """The calls of one message, in their order, gathered from a stream's pieces."""

    __slots__ = ("_by_index", "listed")

    def __init__(self) -> None:
        self.listed: list[Call] = []
        self._by_index: dict[int, Call] = {}

    def take(self, piece: CallPiece) -> Call:
        """Add *piece* to the call it belongs to; return that call.

        Some providers send whole calls without an index, or with the same for all:
        another id begins another call.
        """
        call = self._by_index.get(piece.index or 0)
        if call is None or (piece.id and call.id and piece.id != call.id):
            call = Call(len(self.listed))
            self.listed.append(call)
            self._by_index[piece.index or 0] = call
        call.add(piece)
        return call


_ANSWERED = json.Decoder(Answered)


def read_completion(body: bytes) -> Answered | Failure:
    """Read a whole answer; a failure when it holds no message that we can read."""
    try:
        answered = _ANSWERED.decode(body)
    except UNREADABLE:
        return broken("malformed", "The provider's answer is not of its own dialect.")
    if answered.first is None or answered.first.message is None:
        return broken("no_choices", "The provider's answer holds no first choice.")
    return answered


def read_chunk(data: bytes) -> Answered | None:
    """Read one chunk of a stream; None when it cannot be read."""
    try:
        return _ANSWERED.decode(data)
    except UNREADABLE:
        return None


def usable_calls(calls: list[Call], finish: str) -> list[Call] | Failure:
    """Return the calls that another dialect can write: it holds objects, not texts.

    A call that the ceiling of tokens cut is none; the finish says so.
    """
    readable = [call for call in calls if call.readable()]
    if len(readable) < len(calls) and finish != "length":
        return broken(
            "malformed_call", "The model called a tool with arguments that are no JSON."
        )
    return readable


def message_calls(said: Said) -> list[Call]:
    """Return the calls of a whole message."""
    calls = []
    for place, piece in enumerate(said.tool_calls or ()):
        call = Call(place)
        call.add(piece)
        calls.append(call)
    return calls
