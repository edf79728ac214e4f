"""The nouns of the simulated providers. This file imports nothing of ours.

An *ask* is what a request wants, read out of whatever dialect it came in; an
*answer* is what is said to it; an *event* is one piece of a streamed answer.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

DialectName = Literal["openai", "anthropic", "gemini"]
Call = Literal["chat", "models", "unknown"]
Finish = Literal["stop", "stop_sequence", "length", "tool", "filter"]
EventRole = Literal["open", "text", "ping", "finish", "usage", "terminal"]


class Route(Struct, frozen=True):
    """Where a request goes. `model` is set where the path names it (Gemini)."""

    provider: str
    dialect: DialectName
    call: Call
    model: str = ""
    stream: bool = False


class Picture(Struct, frozen=True):
    """One picture of a request: base64 `data`, or a `url` that is never fetched."""

    data: str = ""
    media_type: str = ""
    url: str = ""


class Tool(Struct, frozen=True):
    """A function the caller offers; `schema` is JSON Schema, decoded."""

    name: str
    schema: dict[str, object]


class Ask(Struct, frozen=True):
    """What a chat request wants.

    `text` is the last user message's; `chars` counts all text sent. `pictures` are
    those of the last user message, in order. `tool` is set when the request forces a
    tool call. `prefill` is what the assistant's last turn has said already, in a
    dialect where an answer goes on from it.
    """

    model: str
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    text: str = ""
    chars: int = 0
    pictures: tuple[Picture, ...] = ()
    tool: Tool | None = None
    prefill: str = ""


class Refusal(Struct, frozen=True):
    """A request a real provider would turn down. `type` and `code` as in an error."""

    status: int
    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None


class Answer(Struct, frozen=True):
    """What is said. A token is one word with the space before it.

    `pieces` joined are the text. `arguments` belongs to `tool`, if that is set.
    `serial` is unique in one server; `created_at` is Unix time in seconds.
    """

    serial: str
    created_at: int
    model: str
    pieces: tuple[str, ...] = ()
    tool: str | None = None
    arguments: str = ""
    finish: Finish = "stop"
    stop_sequence: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


class Event(Struct, frozen=True):
    """One event of a stream, framed as server-sent event."""

    role: EventRole
    data: bytes


class End(Enum):
    """How a connection goes on when the last byte of an answer is out."""

    KEEP = "keep"  # keep-alive, unless the client asked otherwise
    CLOSE = "close"  # FIN
    RESET = "reset"  # RST
    HANG = "hang"  # nothing more is sent, until the client leaves


Step: TypeAlias = bytes | float | End
"""Bytes to write, seconds to wait, or how to end. An answer is a row of these."""


class Wire(Protocol):
    """How one wire format is read and written. Modules satisfy this."""

    JSON_TYPE: str
    OVERLOAD_STATUS: int
    """The status by which this provider says that it is overloaded."""
    PING: bytes
    """What keeps a silent stream of this dialect alive."""

    def read(self, body: bytes, route: Route) -> Ask | Refusal:
        """Read a chat request."""

    def whole(self, answer: Answer) -> bytes:
        """Write the body of an answer that is not streamed."""

    def events(self, answer: Answer, ask: Ask) -> Sequence[Event]:
        """Write a streamed answer, from its first event to its terminal one."""

    def models(self, names: Sequence[str]) -> bytes:
        """Write the list of models."""

    def error(self, refusal: Refusal, request_id: str) -> bytes:
        """Write the body of an error."""

    def error_event(self, refusal: Refusal) -> bytes:
        """Write an error inside a stream."""

    def malformed(self) -> bytes:
        """Write an event whose JSON is broken off."""

    def headers(self, request_id: str) -> bytes:
        """Write the headers that this provider puts on every answer."""

    def refuse_key(self, key: str, headers: dict[bytes, bytes]) -> Refusal | None:
        """Say what is wrong with a request's credentials, if anything is."""
