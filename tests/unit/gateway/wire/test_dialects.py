"""The table of dialects, and the promise that nothing in it raises."""

import json
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.gateway.types import Blame, Failure, HttpReply, HttpRequest, Reply
from heliograph.gateway.wire.chat import read
from heliograph.gateway.wire.dialects import DIALECTS
from wire_cases import ANTHROPIC, FACTS, HELLO, OPENAI, chat_of, tell

CHAT: Final = chat_of(stream=True)
NAMES: Final = sorted(DIALECTS)
FEW: Final = settings(max_examples=150, deadline=None)
MEMBERS: Final = (
    *("choices", "delta", "error", "usage", "message", "type", "content", "index"),
    *("text", "finish_reason", "content_block", "role", "image_url", "url", "input"),
    *("tool_calls", "id", "function", "arguments", "name", "stop_reason"),
)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(MEMBERS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
WIRE: Final = st.lists(
    st.binary(max_size=30)
    | st.sampled_from(
        [
            b"data: ",
            b"event: error\n",
            b"event: message_start\n",
            b"\n\n",
            b"\r\n",
            b"\r",
            b"[DONE]",
            b'{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}',
            b'{"type":"message_start","message":{"id":"m","model":"c"}}',
            b'{"type":"message_delta","delta":{"stop_reason":"end_turn"}}',
            b'{"type":"message_stop"}',
            b"\xef\xbb\xbf",
        ]
    ),
    max_size=12,
)


def encode(body: object) -> bytes:
    """Write JSON as sloppily as Python does: NaN, and surrogates without a pair."""
    return json.dumps(body).encode()


def test_the_table_names_what_rows_may_name() -> None:
    assert NAMES == ["anthropic", "openai"]


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(body=JSON, text=st.binary(max_size=60), status=st.integers(100, 999))
def test_no_answer_makes_a_decoder_raise(
    name: str, body: object, text: bytes, status: int
) -> None:
    dialect = DIALECTS[name]
    for raw in (text, encode(body)):
        decoded = dialect.decode(HttpReply(200, {"date": "soon"}, raw), CHAT)
        assert isinstance(decoded, Reply | Failure)
        headers = {"retry-after": text.decode("latin-1"), "date": "now"}
        failure = dialect.decode_error(HttpReply(status, headers, raw))
        assert failure.message


@pytest.mark.parametrize("name", NAMES)
@FEW
@given(pieces=WIRE, body=JSON)
def test_no_stream_raises_and_each_ends_in_one_way(
    name: str, pieces: list[bytes], body: object
) -> None:
    pieces = [*pieces, b"data: " + encode(body) + b"\n\n", *pieces]
    told = tell(lambda: DIALECTS[name].stream(CHAT), *pieces)
    assert told.complete is (told.failure is None)
    assert told.complete is told.out.endswith(b"data: [DONE]\n\n")
    assert told == tell(lambda: DIALECTS[name].stream(CHAT), b"".join(pieces))


@FEW
@given(body=JSON, text=st.binary(max_size=60))
def test_no_request_makes_an_encoder_raise(body: object, text: bytes) -> None:
    assert isinstance(read(text), Failure)
    asked = {"model": "a/b", "messages": [body], "tools": body, "stop": body}
    chat = read(encode(asked))
    if isinstance(chat, Failure):
        assert chat.blame is Blame.CALLER
        return
    for name, row in (("openai", OPENAI), ("anthropic", ANTHROPIC)):
        request = DIALECTS[name].encode(chat, "model", row, FACTS)
        assert isinstance(request, HttpRequest | Failure)


@FEW
@given(content=JSON)
def test_no_content_makes_an_encoder_raise(content: object) -> None:
    messages = [*HELLO, {"role": "user", "content": content}]
    chat = read(encode({"model": "a/b", "messages": messages}))
    if not isinstance(chat, Failure):
        request = DIALECTS["anthropic"].encode(chat, "model", ANTHROPIC, FACTS)
        assert isinstance(request, HttpRequest | Failure)
