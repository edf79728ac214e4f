"""What is asked and what must be answered: one row a workload.

The answers are those of the mock. In the same dialect the gateway must hand them on
byte for byte; between dialects it must have said the same.
"""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

CHAT_PATH = "/v1/chat/completions"
TEXT = "A person carrying a long object walks near the loading bay."
PICTURE_BYTES = 200_000
CHUNKS = 200
CHUNK_PAUSE_S = 0.004

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
class Workload:
    """One row: the request, and how its answer is judged.

    `judge` gets the answer and whether the gateway gave it (nginx knows no
    dialects). A cost is counted for each of `units` parts of one answer.
    """

    name: str
    title: str
    body: bytes
    judge: Callable[[bytes, bool], bool]
    connections: int = 64
    units: int = 1
    unit: str = "request"


def chat(model: str, content: object, **more: object) -> bytes:
    """Write a chat request."""
    system = {"role": "system", "content": "You describe scenes."}
    messages = [system, {"role": "user", "content": content}]
    request = {"model": model, "messages": messages, "max_tokens": 64, **more}
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


def chunk(number: int) -> bytes:
    """Write one event of the mock's stream; the last one says why it ended."""
    last = number == CHUNKS - 1
    choice = {
        "index": 0,
        "delta": {} if last else {"content": f" word{number}"},
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


def same_bytes(answer: bytes, _by_gateway: bool) -> bool:  # noqa: FBT001 - a judge's shape
    """Judge an answer that goes on as it came."""
    return answer == OPENAI_ANSWER.encode()


def same_words(answer: bytes, by_gateway: bool) -> bool:  # noqa: FBT001 - a judge's shape
    """Judge an answer that the gateway had to translate."""
    if not by_gateway:
        return same_bytes(answer, by_gateway)
    said = json.loads(answer)
    choice = said["choices"][0]
    told = (choice["message"]["content"], choice["finish_reason"], said["model"])
    total: int = said["usage"]["total_tokens"]
    return told == (TEXT, "stop", "claude-sonnet-4-6") and total == 1134


def whole_stream(answer: bytes, _by_gateway: bool) -> bool:  # noqa: FBT001 - a judge's shape
    """Judge a stream: every chunk, in order, and its end."""
    return answer == b"".join(map(chunk, range(CHUNKS))) + b"data: [DONE]\n\n"


QUESTION = "Describe what is happening in this event-camera reconstruction in one line."
WORKLOADS = (
    Workload("chat", "small chat", chat("openai/gpt-4o", QUESTION), same_bytes),
    Workload(
        "picture",
        "chat with a 200 kB picture",
        chat("openai/gpt-4o", picture()),
        same_bytes,
    ),
    Workload(
        "translated",
        "200 kB picture, OpenAI in → Anthropic out",
        chat("anthropic/claude-sonnet-4-6", picture()),
        same_words,
    ),
    Workload(
        "stream",
        f"stream of {CHUNKS} chunks",
        chat("openai/gpt-4o", QUESTION, stream=True),
        whole_stream,
        units=CHUNKS,
        unit="chunk",
    ),
)
"""For `translated`, nginx passes the same request to the same mock untranslated."""
