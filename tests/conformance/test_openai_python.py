"""The official `openai` package for Python judges the gateway with the article's file.

The primary is reached in Anthropic's dialect, the fallback in OpenAI's; both are
simulated and may go down. The file is used byte for byte.
"""

from hashlib import sha256

import openai
import pytest
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionFunctionToolParam,
    ChatCompletionMessageParam,
)

from conformance.programs import ARTICLE, Gateway, Json, Providers

MODEL = "anthropic/claude-sonnet-4-6"
QUESTION: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "how many words are these"},
]
TEXT = "[simulated] Your last message has 5 words and no picture."
SEEN = "[simulated] I see one mover, medium and tall, at the top left."
WORDS = len(TEXT.split())
DOWN: Json = {"when": {"provider": "anthropic"}, "fault": {"status": 503}}
RESETS: Json = {"when": {"provider": "anthropic"}, "fault": {"kind": "reset"}}
PRIMARY = ("anthropic", "claude-sonnet-4-6", "false", "1")
FALLBACK = ("openai", "gpt-4o", "true", "3")  # a lone failure is asked again once
WAYS = [
    pytest.param([], PRIMARY, id="by the primary"),
    pytest.param([DOWN], FALLBACK, id="by the fallback, the primary says 503"),
    pytest.param([RESETS], FALLBACK, id="by the fallback, the primary hangs up"),
]
WEATHER = ChatCompletionFunctionToolParam(
    type="function",
    function={
        "name": "weather",
        "description": "Tell the weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
)
ARGUMENTS = '{"city":"simulated"}'


def told(headers: object) -> tuple[str, ...]:
    """Return what the answer's headers say about who answered."""
    assert hasattr(headers, "get")
    assert headers.get("x-request-id", "").startswith("hg-")
    names = ("provider", "model", "fallback", "attempts")
    return tuple(headers.get(f"x-heliograph-{name}", "") for name in names)


def targets(sim: Providers) -> list[tuple[object, object, object]]:
    return [(call["provider"], call["dialect"], call["model"]) for call in sim.seen()]


def test_the_articles_file_starts_the_gateway_byte_for_byte(gateway: Gateway) -> None:
    digest = "4a56dd9eccf7f53aefd8d1800479b007ec9a1f3630558457993d6828e0a46511"
    assert sha256(ARTICLE.read_bytes()).hexdigest() == digest
    gateway.until(r"(anthropic \(anthropic, 2 keys, at ANTHROPIC_BASE_URL\))")
    gateway.until(r"(openai \(openai, 1 key, at OPENAI_BASE_URL\): gpt-4o)")
    gateway.until(r"(anthropic/claude-sonnet-4-6 -> openai/gpt-4o)")


@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_plain_answer_comes(
    client: openai.OpenAI, sim: Providers, rules: list[Json], way: tuple[str, ...]
) -> None:
    sim.misbehave(*rules)
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=QUESTION, max_tokens=50
    )
    reply = raw.parse()
    choice = reply.choices[0]
    assert (choice.message.content, choice.finish_reason) == (TEXT, "stop")
    assert (reply.model, reply.object) == (way[1], "chat.completion")
    assert reply.usage
    assert reply.usage.completion_tokens == WORDS
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + WORDS
    assert told(raw.headers) == way
    assert targets(sim)[-1] == (way[0], way[0], way[1])
    # A call on a kept connection that was reset is sent once more on a fresh one:
    # that is one attempt, which the provider may see twice.
    assert len(targets(sim)) == int(way[3])


@pytest.mark.parametrize("usage", [True, False])
@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_streamed_answer_comes_with_the_usage_that_was_asked_for(
    client: openai.OpenAI,
    sim: Providers,
    *,
    rules: list[Json],
    way: tuple[str, ...],
    usage: bool,
) -> None:
    sim.misbehave(*rules)
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=QUESTION,
        stream=True,
        stream_options={"include_usage": True} if usage else openai.omit,
    )
    with raw.parse() as stream:
        chunks = list(stream)
    spoken = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert spoken[0].delta.role == "assistant"
    assert "".join(choice.delta.content or "" for choice in spoken) == TEXT
    assert sum(bool(choice.delta.content) for choice in spoken) == WORDS
    finishes = [choice.finish_reason for choice in spoken]
    assert finishes == [None] * (len(finishes) - 1) + ["stop"]
    assert {chunk.model for chunk in chunks} == {way[1]}
    assert len({chunk.id for chunk in chunks}) == 1
    counted = [chunk for chunk in chunks if chunk.usage]
    assert len(counted) == int(usage)
    if counted[:1]:
        assert counted == chunks[-1:]
        assert counted[0].choices == []
        assert counted[0].usage
        assert counted[0].usage.completion_tokens == WORDS
    assert told(raw.headers) == way
    assert targets(sim)[-1] == (way[0], way[0], way[1])


@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_picture_is_described(
    client: openai.OpenAI,
    sim: Providers,
    *,
    rules: list[Json],
    way: tuple[str, ...],
    picture: str,
) -> None:
    sim.misbehave(*rules)
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "what is this"},
                    {"type": "image_url", "image_url": {"url": picture}},
                ],
            }
        ],
    )
    assert raw.parse().choices[0].message.content == SEEN
    assert told(raw.headers) == way


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("rules", "way"), WAYS[:2])
def test_a_tool_is_called_and_its_result_carried_back(
    client: openai.OpenAI,
    sim: Providers,
    *,
    rules: list[Json],
    way: tuple[str, ...],
    stream: bool,
) -> None:
    sim.misbehave(*rules)
    asked: list[ChatCompletionMessageParam] = [
        {"role": "user", "content": "How is the weather?"}
    ]
    reply = call_tool(client, asked, stream=stream)
    calls = reply.choices[0].message.tool_calls
    assert reply.choices[0].finish_reason == "tool_calls"
    assert calls
    assert calls[0].type == "function"
    assert calls[0].function.name == "weather"
    assert calls[0].function.arguments == ARGUMENTS
    answered: list[ChatCompletionMessageParam] = [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": calls[0].id,
                    "type": "function",
                    "function": {"name": "weather", "arguments": ARGUMENTS},
                }
            ],
        },
        {"role": "tool", "tool_call_id": calls[0].id, "content": "mild and dry"},
    ]
    after = client.chat.completions.create(
        model=MODEL, messages=asked + answered, tools=[WEATHER]
    )
    assert (after.choices[0].message.content or "").startswith("[simulated] ")
    assert after.choices[0].finish_reason == "stop"
    assert after.model == way[1]


def call_tool(
    client: openai.OpenAI, asked: list[ChatCompletionMessageParam], *, stream: bool
) -> ChatCompletion:
    if not stream:
        return client.chat.completions.create(
            model=MODEL, messages=asked, tools=[WEATHER], tool_choice="required"
        )
    with client.chat.completions.stream(
        model=MODEL, messages=asked, tools=[WEATHER], tool_choice="required"
    ) as events:
        return events.get_final_completion()


def test_the_models_of_the_file_are_listed_and_found(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == [MODEL, "openai/gpt-4o"]
    assert client.models.retrieve(MODEL).owned_by == "anthropic"
    with pytest.raises(openai.NotFoundError, match="does not exist here"):
        client.models.retrieve("gpt-5")


def test_both_keys_of_the_primary_share_the_work(
    client: openai.OpenAI, sim: Providers
) -> None:
    used: set[object] = set()
    for _ in range(60):  # one key alone: once in 2**59 runs
        client.chat.completions.create(model="claude-sonnet-4-6", messages=QUESTION)
        used = {call["key"] for call in sim.seen()}
        if len(used) > 1:
            break
    assert used == {"one1", "two2"}


def test_an_unknown_model_is_not_found_and_nobody_is_asked(
    client: openai.OpenAI, sim: Providers
) -> None:
    with pytest.raises(openai.NotFoundError, match="did you mean") as caught:
        client.chat.completions.create(model="claude-sonet-4-6", messages=QUESTION)
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert caught.value.request_id
    assert sim.seen() == []


def test_a_request_at_fault_comes_back_from_the_primary_at_once(
    client: openai.OpenAI, sim: Providers
) -> None:
    sim.misbehave({"fault": {"status": 400, "error": {"message": "too odd"}}})
    with pytest.raises(openai.BadRequestError, match="too odd"):
        client.chat.completions.create(model=MODEL, messages=QUESTION)
    assert [name for name, _, _ in targets(sim)] == ["anthropic"]


@pytest.mark.parametrize("stream", [False, True])
def test_with_all_down_the_client_does_not_triple_our_attempts(
    client: openai.OpenAI, sim: Providers, *, stream: bool
) -> None:
    sim.misbehave({"fault": {"status": 503}})
    assert client.max_retries == 2
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model=MODEL, messages=QUESTION, stream=stream)
    assert caught.value.status_code == 503
    assert caught.value.type == "upstream_error"
    assert caught.value.response.headers["x-should-retry"] == "false"
    asked = [name for name, _, _ in targets(sim)]
    assert asked == ["anthropic"] * 2 + ["openai"] * 2


def test_a_rate_limit_everywhere_is_a_rate_limit_with_the_shortest_wait(
    client: openai.OpenAI, sim: Providers
) -> None:
    sim.misbehave(
        {
            "when": {"provider": "anthropic"},
            "fault": {"status": 429, "headers": {"retry-after": "7"}},
        },
        {"fault": {"status": 429, "headers": {"retry-after": "9"}}},
    )
    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model=MODEL, messages=QUESTION)
    assert caught.value.response.headers["retry-after"] == "7"
    assert sorted(str(call["key"]) for call in sim.seen()) == ["one1", "ree3", "two2"]


def test_a_providers_401_is_not_taken_for_the_clients_own_key(
    client: openai.OpenAI, sim: Providers
) -> None:
    sim.misbehave({"fault": {"status": 401}})
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model=MODEL, messages=QUESTION)
    assert caught.value.status_code == 502
    assert len(sim.seen()) == 3


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
def test_a_stream_that_breaks_is_an_error_and_never_a_quiet_end(
    client: openai.OpenAI, sim: Providers, fault: Json
) -> None:
    # Events that come one by one: what came at once could still be taken back.
    sim.misbehave({"fault": {**fault, "event_delay_s": 0.05}})
    stream = client.chat.completions.create(model=MODEL, messages=QUESTION, stream=True)
    finishes: list[str | None] = []
    with stream, pytest.raises(openai.APIError) as caught:
        finishes.extend(c.finish_reason for chunk in stream for c in chunk.choices)
    assert set(finishes) == {None}
    assert caught.value.code
    # The fallback, and it once more, were to finish the answer and broke too.
    asked = [name for name, _, _ in targets(sim)]
    assert asked == ["anthropic", "openai", "openai"]
