"""What an inbound dialect is: a module with these names.

Inside, everything is OpenAI's chat completions. Where another vendor's SDK asks,
its request is written as OpenAI's on the way in, and the answer, stream or error is
rewritten on the way out. OpenAI's own clients are passed by.
"""

from typing import Protocol

from heliograph.gateway.types import Chat, Failure


class Translator(Protocol):
    """Rewrites one stream of OpenAI's events as the dialect's.

    An error among them becomes the dialect's error; nothing follows it. Comments are
    left out: not every SDK can bear one.
    """

    def feed(self, data: bytes) -> bytes:
        """Take in *data*; return the bytes to hand on, empty when there are none."""

    def close(self) -> bytes:
        """Take note of the end: the dialect's error unless the answer was whole."""


class Inbound(Protocol):
    """How one wire format comes in and is answered. Modules satisfy this."""

    FILLER: bytes
    """What breaks a silence in a stream; empty where no SDK could bear it."""
    REQUEST_ID: bytes
    """Another header for the request's id, where the dialect's SDK looks for it."""

    def read(self, body: bytes, url: bytes, depth_max: int) -> Chat | Failure:
        """Read a request that was posted to *url*, its query included."""

    def answer(self, body: bytes) -> bytes | Failure:
        """Rewrite a whole `chat.completion`, or say why the dialect cannot."""

    def stream(self) -> Translator:
        """Begin to rewrite a stream."""

    def error(self, status: int, body: bytes, request_id: str) -> bytes:
        """Rewrite the body of an error that goes with *status*."""
