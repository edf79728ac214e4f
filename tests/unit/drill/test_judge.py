"""What callers make of an answer: above all, whether they would notice a cut."""

import json

import pytest

from heliograph.drill.judge import (
    SILENT,
    StreamJudge,
    Verdict,
    WholeJudge,
    expected_text,
)

SAID = expected_text(3, 64)


def whole(text: str | None, finish: str | None = "stop") -> bytes:
    choice = {"message": {"content": text}, "finish_reason": finish}
    return json.dumps({"choices": [choice]}).encode()


def delta(text: str | None, finish: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


DONE = b"data: [DONE]\n\n"
END = delta(None, "stop") + DONE
ERROR = b'data: {"error":{"message":"broke"}}\n\n'
USAGE = b'data: {"choices":[],"usage":{}}\n\n'


def test_the_text_is_what_the_simulated_model_says() -> None:
    assert SAID == "[simulated] word1 word2 word3"
    assert expected_text(3, 2) == "[simulated] word1"


@pytest.mark.parametrize(
    ("body", "status", "ended", "verdict"),
    [
        (whole(SAID), 200, True, "whole"),
        (whole(SAID), 200, False, "broken"),
        (b"{}", 502, True, "refused"),
        (whole("[simulated] word1", "stop"), 200, True, "truncated"),
        (whole(SAID, None), 200, True, "truncated"),
        (b"", 200, True, "truncated"),
        (b'{"choices":[]}', 200, True, "truncated"),
        (whole("[simulated] word1 word3"), 200, True, "altered"),
    ],
)
def test_a_whole_answer(
    body: bytes, status: int, *, ended: bool, verdict: Verdict
) -> None:
    judge = WholeJudge(SAID)
    judge.feed(body)
    assert judge.verdict(status, ended=ended) == verdict


@pytest.mark.parametrize(
    ("body", "ended", "verdict"),
    [
        (delta(SAID) + END, True, "whole"),
        (delta(SAID) + delta(None, "stop") + USAGE + DONE, True, "whole"),
        (delta(SAID) + END, False, "broken"),
        (delta(SAID) + ERROR, True, "told"),
        (delta("[simulated] word1") + ERROR, True, "told"),
        (ERROR + DONE, True, "told"),
        (b"data: {bro\n\n" + END, True, "told"),
        (delta(SAID) + DONE, True, "truncated"),
        (delta(SAID) + delta(None, "stop"), True, "truncated"),
        (delta("[simulated] word1") + END, True, "truncated"),
        (b"", True, "truncated"),
        (delta(SAID) + delta(" word3") + END, True, "altered"),
    ],
)
def test_a_stream(body: bytes, *, ended: bool, verdict: Verdict) -> None:
    judge = StreamJudge(SAID)
    for place in range(len(body)):
        judge.feed(body[place : place + 1])
    assert judge.verdict(200, ended=ended) == verdict


def test_a_stream_that_was_refused() -> None:
    assert StreamJudge(SAID).verdict(503, ended=True) == "refused"
    assert StreamJudge(SAID).verdict(0, ended=False) == "broken"


def test_content_is_noticed_when_there_is_some() -> None:
    judge = StreamJudge(SAID)
    assert not judge.feed(delta(""))
    assert not judge.feed(delta("[sim")[:20])
    assert judge.feed(delta("[sim")[20:])


def test_silent_is_what_nobody_would_notice() -> None:
    assert sorted(SILENT) == ["altered", "truncated"]
