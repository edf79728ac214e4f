"""One answer out of two streams: the joint shows in nothing but a comment."""

import msgspec
import pytest

from heliograph.gateway.types import Chat
from heliograph.gateway.wire.reading import DONE
from heliograph.gateway.wire.splice import Splice
from heliograph.gateway.wire.transcript import Transcript, prefilled

ROLE: dict[str, object] = {"role": "assistant", "content": ""}


def chunk(
    delta: dict[str, object], finish: str | None = None, name: str = "one"
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": name, "created": 7, "model": name, "choices": [choice]}
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


def stream(*texts: str, name: str = "two", finish: bool = True) -> list[bytes]:
    pieces = [chunk(ROLE, name=name)]
    pieces += [chunk({"content": text}, name=name) for text in texts]
    if finish:
        pieces += [chunk({}, "stop", name=name), DONE]
    return pieces


def sent(*texts: str) -> Transcript:
    transcript = Transcript()
    for piece in stream(*texts, name="one", finish=False):
        transcript.take(piece)
    return transcript


def joined(splice: Splice, pieces: list[bytes]) -> tuple[str, bytes]:
    out = b"".join(splice.feed(piece) for piece in pieces)
    after = Transcript()
    text = ""
    for event in out.split(b"\n\n"):
        if event.startswith(b"data: {"):
            body = msgspec.json.decode(event[6:])
            assert (body["id"], body["created"]) == ("one", 7)
            assert body["model"] == "two"
            assert "role" not in body["choices"][0]["delta"]
            text += body["choices"][0]["delta"].get("content") or ""
    assert after.only_text
    return text, out


@pytest.mark.parametrize(
    ("before", "again", "rest"),
    [
        (["Hello", " wor"], ["Hello", " world", "!"], "ld!"),
        (["Hello"], ["Hel", "lo", " you"], " you"),
        (["Hello"], ["Hello you"], " you"),
        ([""], ["Hello"], "Hello"),
        (["Hello"], ["Hello"], ""),
    ],
)
def test_a_restart_says_only_what_is_new(
    before: list[str], again: list[str], rest: str
) -> None:
    splice = Splice(sent(*before), prefill=False, comment="restart p/m")
    text, out = joined(splice, stream(*again))
    assert splice.failure is None
    assert text == rest
    assert out.endswith(b": heliograph-rescue: restart p/m\n\ndata: [DONE]\n\n")


@pytest.mark.parametrize(
    "again", [["Hallo"], ["Hello", " you"], ["He"]], ids=["other", "later", "short"]
)
def test_a_restart_that_says_something_else_has_diverged(again: list[str]) -> None:
    splice = Splice(sent("Hello world"), prefill=False, comment="")
    text, out = joined(splice, stream(*again))
    assert text == ""
    assert b"[DONE]" not in out
    assert splice.failure is not None
    assert splice.failure.kind == "rescue_diverged"


@pytest.mark.parametrize(
    ("before", "after", "rest"),
    [
        (["Hello "], ["world"], "world"),
        (["Hello "], [" world"], "world"),
        (["Hello \n"], [" ", "\n", "world"], "world"),
        (["Hello"], [" world"], " world"),
        (["Hello "], [], ""),
    ],
)
def test_a_prefill_goes_on_where_the_text_ended(
    before: list[str], after: list[str], rest: str
) -> None:
    splice = Splice(sent(*before), prefill=True, comment="prefill p/m")
    text, out = joined(splice, stream(*after))
    assert (text, splice.failure) == (rest, None)
    assert out.endswith(DONE)


def test_a_call_of_a_tool_cannot_be_gone_on_with() -> None:
    transcript = sent("Let me see.")
    transcript.take(chunk({"tool_calls": [{"index": 0, "id": "a"}]}))
    assert not transcript.may_go_on
    splice = Splice(sent("Hello"), prefill=False, comment="")
    splice.feed(chunk({"tool_calls": [{"index": 0, "id": "a"}]}, name="two"))
    assert splice.failure is not None


@pytest.mark.parametrize(
    "piece",
    [
        chunk({"content": "x"}, "stop"),
        b'data: {"choices":[{"index":1,"delta":{"content":"b"}}]}\n\n',
        chunk({"reasoning_content": "hm"}),
        chunk({"refusal": "no"}),
        b"data: {\n\n",
    ],
    ids=["finish", "second-choice", "reasoning", "refusal", "garbled"],
)
def test_only_plain_text_can_be_gone_on_with(piece: bytes) -> None:
    transcript = sent("Hello")
    assert transcript.may_go_on
    transcript.take(piece)
    assert not transcript.may_go_on


def test_a_long_stream_is_kept_as_its_text() -> None:
    transcript = Transcript()
    for piece in stream(*["word " * 20] * 2000, finish=False):
        transcript.take(piece)
        assert transcript.bytes < 100_000
    assert transcript.text == "word " * 40_000
    assert len(transcript.texts) == 1


def test_a_text_beyond_the_bound_is_not_kept() -> None:
    transcript = Transcript()
    for piece in stream(*["word " * 5000] * 41, finish=False):
        transcript.take(piece)
    assert not transcript.may_go_on
    assert transcript.texts == []


def test_the_prefill_is_a_last_turn_of_the_assistant() -> None:
    raw = msgspec.Raw
    chat = Chat(
        {
            "messages": raw(b'[{"role":"user","content":"hi"} ] '),
            "max_tokens": raw(b"100"),
        },
        "m",
        max_tokens=100,
    )
    asked = prefilled(chat, "Some words here \n")
    assert msgspec.json.decode(asked.fields["messages"])[-1] == {
        "role": "assistant",
        "content": "Some words here",
    }
    assert bytes(asked.fields["max_tokens"]) == b"96"
    assert bytes(chat.fields["max_tokens"]) == b"100"
