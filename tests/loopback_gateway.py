"""A gateway on a real socket that answers what a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias

MODEL = "anthropic/claude-sonnet-4-6"
TOLD = {
    "x-heliograph-provider": "openai",
    "x-heliograph-model": "gpt-4o",
    "x-heliograph-attempts": "2",
    "x-heliograph-fallback": "true",
    "x-heliograph-cost-usd": "0.000500000",
}


@dataclass(frozen=True)
class Asked:
    """One request as it came in; `port` tells connections apart."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    port: int


@dataclass(frozen=True)
class Said:
    """One answer; `length` stands in for the true one, to cut an answer short."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


Answering: TypeAlias = Callable[[Asked], Said]


def completion(text: str, **headers: str) -> Said:
    """Return a chat completion that says *text*."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}}
    whole = {"choices": [{**choice, "finish_reason": "stop"}]}
    return Said(body=json.dumps(whole).encode(), headers=headers)


def one_line_about(asked: Asked) -> Said:
    """Answer as our gateway does after a failover."""
    del asked
    return completion("a person walks by", **TOLD)


class LoopbackGateway:
    """Its `url`, what it was `asked`, and how it goes on `answering`."""

    def __init__(self, answering: Answering, *, port: int = 0) -> None:
        self.answering = answering
        self.asked: list[Asked] = []
        gateway = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes; the second would wait for 40 ms.
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                body = json.dumps({"data": [{"id": MODEL}, {"id": "other"}]})
                asked = self._asked(None)
                gateway.asked.append(asked)
                self._say(Said(body=body.encode()))

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                asked = self._asked(json.loads(raw))
                gateway.asked.append(asked)
                self._say(gateway.answering(asked))

            def log_message(self, *parts: object) -> None:
                """Say nothing: a test's output is the test's."""

            def _asked(self, body: object) -> Asked:
                headers = {name.lower(): told for name, told in self.headers.items()}
                port = self.client_address[1]
                return Asked(self.command, self.path, headers, body, port)

            def _say(self, said: Said) -> None:
                self.send_response(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                length = len(said.body) if said.length is None else said.length
                self.send_header("content-length", str(length))
                self.close_connection = length != len(said.body)
                self.end_headers()
                self.wfile.write(said.body)

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Door)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    @property
    def questions(self) -> list[Asked]:
        """The captions that were asked for."""
        return [asked for asked in self.asked if asked.method == "POST"]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def loopback_gateway(
    answering: Answering = one_line_about,
) -> Iterator[LoopbackGateway]:
    """Run a gateway for as long as the block takes."""
    gateway = LoopbackGateway(answering)
    try:
        yield gateway
    finally:
        gateway.close()
