"""The official `anthropic` package judges the gateway.

Its dialect at the door, Anthropic's or OpenAI's behind it: the caller sees no
difference but the model's name.
"""

from collections.abc import Iterator

import anthropic
import pytest
from anthropic.types import Message, MessageParam, ToolParam

from conformance.programs import Json, Providers
from conformance.test_openai_python import (
    DOWN,
    MODEL,
    PRIMARY,
    SEEN,
    TEXT,
    WAYS,
    WORDS,
    targets,
    told,
)

QUESTION: list[MessageParam] = [{"role": "user", "content": "how many words are these"}]
WEATHER = ToolParam(
    name="weather",
    input_schema={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
)


@pytest.fixture
def claude(door: str) -> Iterator[anthropic.Anthropic]:
    """Return the official client as it comes, retries of its own included."""
    with client_of(door) as made:
        yield made


def client_of(url: str) -> anthropic.Anthropic:
    direct = anthropic.DefaultHttpxClient(trust_env=False)
    return anthropic.Anthropic(base_url=url, api_key="any", http_client=direct)


def as_told(way: tuple[str, ...]) -> tuple[str, ...]:
    """Return *way* as a gateway tells it that repeats nothing."""
    return (*way[:3], "2" if way[2] == "true" else "1")


@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_plain_answer_comes(
    claude: anthropic.Anthropic,
    sim: Providers,
    rules: list[Json],
    way: tuple[str, ...],
) -> None:
    sim.misbehave(*rules)
    raw = claude.messages.with_raw_response.create(
        model=MODEL, max_tokens=50, system="Be brief.", messages=QUESTION
    )
    reply = raw.parse()
    assert [(block.type, block.to_dict()["text"]) for block in reply.content] == [
        ("text", TEXT)
    ]
    assert (reply.stop_reason, reply.model) == ("end_turn", way[1])
    assert reply.usage.output_tokens == WORDS
    assert reply.usage.input_tokens > 0
    assert (reply._request_id or "").startswith("hg-")
    assert told(raw.headers) == as_told(way)
    assert targets(sim)[-1] == (way[0], way[0], way[1])


@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_streamed_answer_comes_word_by_word(
    claude: anthropic.Anthropic,
    sim: Providers,
    rules: list[Json],
    way: tuple[str, ...],
) -> None:
    sim.misbehave(*rules)
    with claude.messages.stream(
        model=MODEL, max_tokens=50, messages=QUESTION
    ) as stream:
        texts = list(stream.text_stream)
        final = stream.get_final_message()
    assert ("".join(texts), len(texts)) == (TEXT, WORDS)
    assert (final.stop_reason, final.model) == ("end_turn", way[1])
    assert final.usage.output_tokens == WORDS
    assert final.usage.input_tokens > 0
    assert told(stream.response.headers) == as_told(way)


@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_picture_is_described(
    claude: anthropic.Anthropic,
    sim: Providers,
    *,
    rules: list[Json],
    way: tuple[str, ...],
    picture: str,
) -> None:
    sim.misbehave(*rules)
    reply = claude.messages.create(
        model=MODEL,
        max_tokens=50,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "what is this"},
                    {
                        "type": "image",
                        "source": {
                            "type": "base64",
                            "media_type": "image/png",
                            "data": picture.partition(",")[2],
                        },
                    },
                ],
            }
        ],
    )
    assert reply.content[0].type == "text"
    assert (reply.content[0].text, reply.model) == (SEEN, way[1])


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("rules", "way"), WAYS[:2])
def test_a_tool_is_called_and_its_result_carried_back(
    claude: anthropic.Anthropic,
    sim: Providers,
    *,
    rules: list[Json],
    way: tuple[str, ...],
    stream: bool,
) -> None:
    sim.misbehave(*rules)
    asked: list[MessageParam] = [{"role": "user", "content": "How is the weather?"}]
    reply = call_tool(claude, asked, stream=stream)
    use = reply.content[-1]
    assert reply.stop_reason == "tool_use"
    assert use.type == "tool_use"
    assert (use.name, use.input) == ("weather", {"city": "simulated"})
    result: list[MessageParam] = [
        {"role": "assistant", "content": reply.content},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": use.id, "content": "mild"}
            ],
        },
    ]
    after = claude.messages.create(
        model=MODEL, max_tokens=50, messages=asked + result, tools=[WEATHER]
    )
    assert after.content[0].type == "text"
    assert (after.stop_reason, after.model) == ("end_turn", way[1])


def call_tool(
    claude: anthropic.Anthropic, asked: list[MessageParam], *, stream: bool
) -> Message:
    if not stream:
        return claude.messages.create(
            model=MODEL,
            max_tokens=50,
            messages=asked,
            tools=[WEATHER],
            tool_choice={"type": "any"},
        )
    with claude.messages.stream(
        model=MODEL,
        max_tokens=50,
        messages=asked,
        tools=[WEATHER],
        tool_choice={"type": "any"},
    ) as events:
        return events.get_final_message()


def test_a_ceiling_of_tokens_cuts_and_says_so(
    claude: anthropic.Anthropic, sim: Providers
) -> None:
    assert sim.seen() == []
    reply = claude.messages.create(model=MODEL, max_tokens=2, messages=QUESTION)
    assert (reply.stop_reason, reply.usage.output_tokens) == ("max_tokens", 2)


def test_what_the_request_lacks_or_cannot_carry_is_said_by_name(
    claude: anthropic.Anthropic, sim: Providers
) -> None:
    with pytest.raises(anthropic.NotFoundError, match="did you mean") as unknown:
        claude.messages.create(
            model="claude-sonet-4-6", max_tokens=9, messages=QUESTION
        )
    assert unknown.value.type == "not_found_error"
    assert (unknown.value.request_id or "").startswith("hg-")
    with pytest.raises(anthropic.BadRequestError, match="`container`"):
        claude.messages.create(
            model=MODEL, max_tokens=9, messages=QUESTION, container="c"
        )
    with pytest.raises(anthropic.NotFoundError, match="nothing at POST"):
        claude.messages.count_tokens(model=MODEL, messages=QUESTION)
    assert sim.seen() == []


@pytest.mark.parametrize("stream", [False, True])
def test_with_all_down_the_client_does_not_triple_our_attempts(
    claude: anthropic.Anthropic, sim: Providers, *, stream: bool
) -> None:
    sim.misbehave({"fault": {"status": 503}})
    assert claude.max_retries == 2
    with pytest.raises(anthropic.APIStatusError) as caught:
        claude.messages.create(
            model=MODEL, max_tokens=9, messages=QUESTION, stream=stream
        )
    assert (caught.value.status_code, caught.value.type) == (503, "overloaded_error")
    assert [name for name, _, _ in targets(sim)] == ["anthropic", "openai"]


@pytest.mark.parametrize(
    "fault",
    [
        {"cut_after_events": 5},
        {"cut_after_events": 5, "cut_mode": "reset"},
        {"missing": "both"},
        {"malformed_event": 6},
        {"error_event": 6},
    ],
    ids=["ended early", "cut off", "no finish", "malformed", "error inside"],
)
@pytest.mark.parametrize("rules", [[], [DOWN]], ids=["anthropic", "openai"])
def test_a_stream_that_breaks_is_an_error_and_never_a_quiet_end(
    claude: anthropic.Anthropic, sim: Providers, rules: list[Json], fault: Json
) -> None:
    # Events that come one by one: what came at once could still be taken back.
    sim.misbehave(*rules, {"fault": {**fault, "event_delay_s": 0.05}})
    names: list[str] = []
    with (
        pytest.raises(anthropic.APIStatusError) as caught,
        claude.messages.stream(model=MODEL, max_tokens=50, messages=QUESTION) as stream,
    ):
        names.extend(event.type for event in stream)
    assert caught.value.type == "api_error"
    assert "message_start" in names
    assert "message_stop" not in names


def test_a_stream_that_breaks_is_gone_on_with_where_that_is_wanted(
    rescuing_door: str, sim: Providers
) -> None:
    broken = {"cut_after_events": 6, "event_delay_s": 0.05}
    sim.misbehave({"when": {"provider": "anthropic"}, "fault": broken})
    with (
        client_of(rescuing_door) as claude,
        claude.messages.stream(
            model=MODEL, max_tokens=1000, messages=QUESTION
        ) as stream,
    ):
        final = stream.get_final_message()
    assert [block.to_dict()["text"] for block in final.content] == [TEXT]
    assert final.stop_reason == "end_turn"
    assert [name for name, _, _ in targets(sim)] == ["anthropic", "openai"]


def test_the_primary_answers_by_its_bare_name(
    claude: anthropic.Anthropic, sim: Providers
) -> None:
    reply = claude.messages.create(
        model="claude-sonnet-4-6", max_tokens=9, messages=QUESTION
    )
    assert reply.model == PRIMARY[1]
    assert len(sim.seen()) == 1
