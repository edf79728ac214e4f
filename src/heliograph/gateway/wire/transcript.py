"""What a caller has been sent of a stream, read only when somebody must go on from it.

The bytes are our own framing: whole events, `data: ` and one line of JSON each.
"""

from collections.abc import Iterator

from msgspec import Raw, Struct, json

from heliograph.gateway.types import Chat
from heliograph.gateway.wire.json_text import UNREADABLE

FOLD_BYTES = 64 * 1024
TEXT_CHARS_MAX = 1_000_000
_NULL = Raw(b"null")
_LEAD = b"data: "


class _Choice(Struct):
    index: int = 0
    delta: dict[str, Raw] | None = None
    finish_reason: str | None = None


class Chunk(Struct):
    """One chunk of a stream, as far as going on from it needs."""

    id: str = ""
    created: Raw = _NULL
    choices: list[_Choice] | None = None


_CHUNK = json.Decoder(Chunk)
_TEXT = json.Decoder(str | None)


def events(data: bytes) -> Iterator[bytes]:
    """Yield the payload of each event in *data*; comments are left out."""
    for event in data.split(b"\n\n"):
        if event.startswith(_LEAD):
            yield event[len(_LEAD) :]


def text_of(chunk: Chunk) -> str | None:
    """Return the text that *chunk* adds; None when it says anything but text."""
    text = ""
    for choice in chunk.choices or ():
        if choice.index:
            return None
        for name, value in (choice.delta or {}).items():
            if value == _NULL or (name == "tool_calls" and bytes(value) == b"[]"):
                continue
            if name == "content":
                text += _TEXT.decode(value) or ""
            elif name != "role":
                return None
    return text


class Transcript:
    """The text sent so far, and whether it is all that was sent."""

    __slots__ = ("bytes", "created", "id", "only_text", "pieces", "texts")

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.bytes = 0
        self.texts: list[str] = []
        self.id = ""
        self.created = _NULL
        self.only_text = True

    def take(self, data: bytes) -> None:
        """Note what goes to the caller; it is read later, if ever."""
        self.pieces.append(data)
        self.bytes += len(data)
        if self.bytes >= FOLD_BYTES:
            self.fold()

    def fold(self) -> None:
        """Read what was noted: the text takes a tenth of the room."""
        data = b"".join(self.pieces)
        self.pieces.clear()
        self.bytes = 0
        if not self.only_text:
            return
        for payload in events(data):
            self.read(payload)
        self.texts = ["".join(self.texts)]
        if len(self.texts[0]) > TEXT_CHARS_MAX:
            self.only_text = False
            self.texts = []

    def read(self, payload: bytes) -> None:
        """Read one event of ours."""
        try:
            chunk = _CHUNK.decode(payload)
            text = text_of(chunk)
        except UNREADABLE:
            self.only_text = False
            return
        if text is None or any(c.finish_reason for c in chunk.choices or ()):
            self.only_text = False
            return
        self.id = self.id or chunk.id
        if self.created == _NULL:
            self.created = chunk.created
        self.texts.append(text)

    @property
    def text(self) -> str:
        """All the text sent so far."""
        self.fold()
        return self.texts[0] if self.texts else ""

    @property
    def may_go_on(self) -> bool:
        """Only text of one choice was sent, and no finish: another can go on."""
        self.fold()
        return self.only_text


def prefilled(chat: Chat, text: str) -> Chat:
    """Ask *chat* again with *text* as the beginning of the answer.

    White space at the end is left out, which Anthropic demands of a final assistant
    turn; what was sent counts against the caller's bound on tokens, by a rough measure.
    """
    turn = json.encode({"role": "assistant", "content": text.rstrip()})
    messages = bytes(chat.fields["messages"]).rstrip()[:-1].rstrip()
    fields = dict(chat.fields)
    fields["messages"] = Raw(messages + b"," + turn + b"]")
    left = None
    if chat.max_tokens is not None:
        left = max(1, chat.max_tokens - len(text) // 4)
        for name in ("max_tokens", "max_completion_tokens"):
            if name in fields:
                fields[name] = Raw(b"%d" % left)
    return Chat(
        fields=fields,
        model=chat.model,
        stream=chat.stream,
        include_usage=chat.include_usage,
        max_tokens=left,
        fallbacks=chat.fallbacks,
    )
