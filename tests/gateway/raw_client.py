"""A client on a bare socket: what it reads are the bytes the gateway wrote."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self

from secret_hygiene import look

PATIENCE_S = 8.0
CHAT_PATH = "/v1/chat/completions"


class Answer(NamedTuple):
    """A whole answer. Header names are lower case; a chunked body is unframed."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON document
        """The body as a JSON document."""
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """The error, after a check that it has OpenAI's four members and no more."""
        assert self.headers["content-type"] == "application/json"
        assert list(self.json) == ["error"]
        error: dict[str, Any] = self.json["error"]
        assert sorted(error) == ["code", "message", "param", "type"]
        assert error["message"]
        return error

    @property
    def text(self) -> str:
        """What the model said, of a stream or of a whole answer."""
        if self.headers["content-type"] == "application/json":
            said: str = self.json["choices"][0]["message"]["content"]
            return said
        choices = [chunk["choices"] for chunk in self.chunks if "choices" in chunk]
        deltas = [choice[0]["delta"] for choice in choices if choice]
        return "".join(delta.get("content") or "" for delta in deltas)

    @property
    def events(self) -> list[str]:
        """The data of each event; comments are left out."""
        found = self.body.decode().split("\n\n")
        assert found.pop() == "", "the last event is cut"
        return [e.removeprefix("data: ") for e in found if not e.startswith(":")]

    @property
    def chunks(self) -> list[dict[str, Any]]:
        """The events that are JSON."""
        return [json.loads(event) for event in self.events if event != "[DONE]"]


def head_before(body: bytes, *, path: str = CHAT_PATH, extra: str = "") -> bytes:
    """Return the head that a client sends before *body*."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: localhost\r\n{extra}"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode()


class RawClient:
    """One connection to the gateway."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @asynccontextmanager
    async def to(cls, port: int) -> AsyncIterator[Self]:
        """Connect; leave the connection at the end, whatever state it is in."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()

    def send(self, body: bytes, *, path: str = CHAT_PATH, extra: str = "") -> None:
        """Write a POST."""
        self.writer.write(head_before(body, path=path, extra=extra) + body)

    def get(self, path: str, *, method: str = "GET", extra: str = "") -> None:
        """Write a request without a body."""
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{extra}\r\n".encode()
        )

    async def head(self) -> tuple[int, dict[str, str]]:
        """Read status and headers."""
        async with asyncio.timeout(PATIENCE_S):
            raw = await self.reader.readuntil(b"\r\n\r\n")
        look(raw, "the head of an answer")
        status, *lines = raw.decode().rstrip().split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs), f"a header is there twice: {pairs}"
        return int(status.split()[1]), headers

    async def answer(self) -> Answer:
        """Read one whole answer, however it is framed."""
        status, headers = await self.head()
        if headers.get("transfer-encoding") == "chunked":
            body = await self.chunked_rest()
        elif "content-length" not in headers:
            body = await self.to_the_close()
        else:
            async with asyncio.timeout(PATIENCE_S):
                body = await self.reader.readexactly(int(headers["content-length"]))
        look(body, "an answer")
        return Answer(status, headers, body)

    async def chunk(self) -> bytes:
        """Read one chunk; empty at the end."""
        async with asyncio.timeout(PATIENCE_S):
            size = int((await self.reader.readline()).strip(), 16)
            return (await self.reader.readexactly(size + 2))[:-2]

    async def chunked_rest(self) -> bytes:
        """Read chunks to the end."""
        pieces = []
        while piece := await self.chunk():
            pieces.append(piece)
        return b"".join(pieces)

    async def to_the_close(self) -> bytes:
        """Read until the gateway closes."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.read()
