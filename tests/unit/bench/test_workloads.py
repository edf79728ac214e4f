import json

import pytest
from workloads import (
    OPENAI_ANSWER,
    WORKLOADS,
    Pace,
    chat,
    chunk,
    pace_in,
    same_answer,
    same_words,
    whole_stream,
)

DONE = b"data: [DONE]\n\n"


@pytest.mark.parametrize("pace", [Pace(), Pace(200, 4), Pace(3, 33, stamped=True)])
def test_a_pace_is_read_back_from_the_prompt(pace: Pace) -> None:
    assert pace_in(chat("openai/gpt-4o", f"Say something. {pace}")) == pace


def test_streams_are_known_by_their_pace() -> None:
    streams = {work.name for work in WORKLOADS if work.streams}
    assert streams == {"stream", "burst", "first"}


def test_a_gateway_is_held_to_the_bytes_and_a_peer_to_what_they_say() -> None:
    said = json.loads(OPENAI_ANSWER)
    respelled = json.dumps(said, indent=1).encode()
    assert same_answer(OPENAI_ANSWER.encode(), "gateway")
    assert not same_answer(respelled, "gateway")
    assert same_answer(respelled, "litellm")
    said["choices"][0]["finish_reason"] = "length"
    assert not same_answer(json.dumps(said).encode(), "litellm")


def test_a_translated_answer_names_the_model_that_was_asked() -> None:
    said = json.loads(OPENAI_ANSWER)
    assert not same_words(json.dumps(said).encode(), "gateway")
    said["model"] = "claude-sonnet-4-6"
    assert same_words(json.dumps(said).encode(), "gateway")


@pytest.mark.parametrize("server", ["gateway", "portkey"])
def test_a_stream_is_good_only_if_it_is_whole(server: str) -> None:
    events = [chunk(number, 5) for number in range(5)]
    assert whole_stream(b"".join(events) + DONE, server, chunks=5)
    assert not whole_stream(b"".join(events), server, chunks=5)
    assert not whole_stream(b"".join(events[1:]) + DONE, server, chunks=5)
    assert not whole_stream(b"".join(events[:4]) + DONE, server, chunks=5)
