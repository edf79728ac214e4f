"""What is asked and what must be answered: one row a workload.

The answers are those of the mock. In the same dialect the gateway must hand them on
byte for byte; between dialects, and of a peer, it is asked that they say the same.
"""

import base64
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

CHAT_PATH = "/v1/chat/completions"
TEXT = "A person carrying a long object walks near the loading bay."
PICTURE_BYTES = 200_000
CHUNKS = 200

OPENAI_ANSWER = json.dumps(
    {
        "id": "chatcmpl-abc123",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": TEXT, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 1120,
            "completion_tokens": 14,
            "total_tokens": 1134,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "system_fingerprint": "fp_bench",
    }
)
ANTHROPIC_ANSWER = json.dumps(
    {
        "id": "msg_abc123",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-6",
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 1120,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 14,
        },
    }
)


@dataclass(frozen=True)
class Pace:
    """How the paced mock answers; it stands in the prompt, so all hand it on."""

    chunks: int = 0
    pause_ms: int = 0
    stamped: bool = False
    """Each chunk's word is the time at which it was sent."""

    @property
    def pause_s(self) -> float:
        """Seconds before each chunk."""
        return self.pause_ms / 1000

    def __str__(self) -> str:
        stamped = " stamped" if self.stamped else ""
        return f"[chunks={self.chunks} pause_ms={self.pause_ms}{stamped}]"


PACE = re.compile(rb"\[chunks=(\d+) pause_ms=(\d+)( stamped)?\]")


def pace_in(request: bytes) -> Pace:
    """Read the pace that *request* asks for; without one it is answered at once."""
    found = PACE.search(request)
    if found is None:
        return Pace()
    return Pace(int(found[1]), int(found[2]), bool(found[3]))


@dataclass(frozen=True)
class Workload:
    """One row: the request, and how its answer is judged.

    `judge` gets the answer and the name of the server that gave it: what passes
    bytes on is held to them, a peer to their meaning. A cost is counted for each of
    `units` parts of one answer.
    """

    name: str
    title: str
    body: bytes
    judge: Callable[[bytes, str], bool]
    connections: int = 64
    units: int = 1
    unit: str = "request"

    @property
    def streams(self) -> bool:
        """It needs the paced mock."""
        return bool(pace_in(self.body).chunks)

    @property
    def provider(self) -> str:
        """The provider that the request names."""
        model: str = json.loads(self.body)["model"]
        return model.partition("/")[0]


def chat(model: str, content: object, *, stream: bool = False) -> bytes:
    """Write a chat request.

    A stream asks for more tokens than the gateway holds back by default (256): what is
    measured is how it passes chunks on as they come.
    """
    system = {"role": "system", "content": "You describe scenes."}
    messages = [system, {"role": "user", "content": content}]
    request: dict[str, object] = {"model": model, "messages": messages}
    request["max_tokens"] = 1024 if stream else 64
    if stream:
        request["stream"] = True
    return json.dumps(request, separators=(",", ":")).encode()


def picture() -> list[object]:
    """Make the content of a message with one picture of 200 kB.

    It begins as a PNG does; the rest is noise, the same in every run.
    """
    noise = random.Random(1).randbytes(PICTURE_BYTES - 8)
    data = base64.b64encode(b"\x89PNG\r\n\x1a\n" + noise).decode()
    return [
        {"type": "text", "text": "Describe the scene in one sentence."},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
    ]


def chunk(number: int, chunks: int, word: str | None = None) -> bytes:
    """Write one event of the mock's stream; the last one says why it ended."""
    last = number == chunks - 1
    choice = {
        "index": 0,
        "delta": {} if last else {"content": word or f" word{number}"},
        "logprobs": None,
        "finish_reason": "stop" if last else None,
    }
    event = {
        "id": "chatcmpl-abc123",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4o",
        "system_fingerprint": "fp_bench",
        "choices": [choice],
    }
    return b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n"


PASS_BYTES = frozenset({"mock", "nginx", "gateway"})
"""Servers that hand an answer of the caller's dialect on byte for byte."""


def same_answer(answer: bytes, server: str) -> bool:
    """Judge an answer that goes on as it came."""
    if server in PASS_BYTES:
        return answer == OPENAI_ANSWER.encode()
    return says_the_same(answer, "gpt-4o")


def same_words(answer: bytes, server: str) -> bool:
    """Judge an answer that had to be translated; nginx knows no dialects."""
    if server == "nginx":
        return same_answer(answer, server)
    return says_the_same(answer, "claude-sonnet-4-6")


def says_the_same(answer: bytes, model: str) -> bool:
    """Compare what an answer says; a peer may put its provider before the model."""
    said = json.loads(answer)
    choice = said["choices"][0]
    told = (choice["message"]["content"], choice["finish_reason"])
    total: int = said["usage"]["total_tokens"]
    named: str = said["model"]
    return told == (TEXT, "stop") and total == 1134 and named.endswith(model)


def whole_stream(answer: bytes, server: str, *, chunks: int) -> bool:
    """Judge a stream: every chunk, in order, and its end."""
    if server in PASS_BYTES:
        events = [chunk(number, chunks) for number in range(chunks)]
        return answer == b"".join(events) + b"data: [DONE]\n\n"
    *events, done = re.findall(rb"^data: (.+)$", answer, re.MULTILINE)
    choices = [json.loads(event)["choices"][0] for event in events]
    words = "".join(choice["delta"].get("content") or "" for choice in choices)
    finished: bool = choices[-1]["finish_reason"] == "stop"
    wanted = "".join(f" word{number}" for number in range(chunks - 1))
    return words == wanted and finished and done == b"[DONE]"


QUESTION = "Describe what is happening in this event-camera reconstruction in one line."


def stream(name: str, title: str, pace: Pace, unit: str = "chunk") -> Workload:
    """Make a workload of streams."""
    return Workload(
        name,
        title,
        chat("openai/gpt-4o", f"{QUESTION} {pace}", stream=True),
        partial(whole_stream, chunks=pace.chunks),
        units=pace.chunks,
        unit=unit,
    )


WORKLOADS = (
    Workload("chat", "small chat", chat("openai/gpt-4o", QUESTION), same_answer),
    Workload(
        "picture",
        "chat with a 200 kB picture",
        chat("openai/gpt-4o", picture()),
        same_answer,
    ),
    Workload(
        "translated",
        "200 kB picture, OpenAI in → Anthropic out",
        chat("anthropic/claude-sonnet-4-6", picture()),
        same_words,
    ),
    stream("stream", f"stream of {CHUNKS} chunks, each a packet", Pace(CHUNKS, 4)),
    stream("burst", f"stream of {CHUNKS} chunks, all at once", Pace(CHUNKS, 0)),
    stream("first", "stream of 1 chunk", Pace(1, 40), unit="stream"),
)
"""For `translated`, nginx passes the same request to the same mock untranslated."""
