"""How much text a stream has said, from one of its pieces and the size of the rest."""

import json

import pytest

from heliograph.gateway.wire.said import Said, answer_bytes


def chunk(delta: dict[str, object]) -> bytes:
    body = {"id": "c", "choices": [{"index": 0, "delta": delta}]}
    return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"


ROLE = chunk({"role": "assistant", "content": ""})


def counted(sample: list[bytes], *after: bytes) -> int:
    said = Said(b"".join(sample), len(sample))
    said.bytes = sum(map(len, after))
    return said.text_bytes(len(sample) + len(after))


@pytest.mark.parametrize("sample", [["hello"], ["hel", "lo"], ["", "hello"]])
def test_text_is_counted_whatever_the_size_of_its_pieces(sample: list[str]) -> None:
    first = [ROLE, *(chunk({"content": text}) for text in sample)]
    rest = [chunk({"content": text}) for text in (" there", ", you", "!" * 50)]
    assert counted(first) == 5
    assert counted(first, *rest) == 5 + 6 + 5 + 50


def test_calls_count_by_their_arguments() -> None:
    call = {"index": 0, "function": {"arguments": '{"a":1}'}}
    assert counted([chunk({"tool_calls": [call]})]) == 7


def test_thinking_that_is_shown_counts() -> None:
    assert counted([chunk({"reasoning_content": "hmm", "content": None})]) == 3


@pytest.mark.parametrize("sample", [b"", b"data: {\n\n", b"data: 7\n\n", b": ping\n\n"])
def test_a_piece_that_says_nothing_teaches_nothing(sample: bytes) -> None:
    assert Said(sample, 1).text_bytes(1) == 0


def test_a_whole_answer_is_counted_by_its_message() -> None:
    message = {"role": "assistant", "content": "zürich", "refusal": None}
    body = json.dumps({"choices": [{"message": message}]}, ensure_ascii=False)
    assert answer_bytes(body.encode()) == 7
    assert answer_bytes(b"<html>") == 0
