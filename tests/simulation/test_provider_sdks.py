"""The vendors' own SDKs are the judges of the simulated wire formats."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors as google_errors
from google.genai import types as google
from openai.types.chat import ChatCompletion
from PIL import Image, ImageDraw

from heliograph.simulation.providers import SimulatedProviders

QUESTION = "how many words are these"
TEXT = "[simulated] Your last message has 5 words and no picture."
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}


@pytest.fixture
async def sim() -> AsyncIterator[SimulatedProviders]:
    async with SimulatedProviders() as server:
        yield server


@pytest.fixture
async def gpt(sim: SimulatedProviders) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{sim.base_url}/openai/v1"
    async with openai.AsyncOpenAI(
        base_url=url, api_key="sk-1", max_retries=0
    ) as client:
        yield client


@pytest.fixture
async def claude(sim: SimulatedProviders) -> AsyncIterator[anthropic.AsyncAnthropic]:
    url = f"{sim.base_url}/anthropic"
    async with anthropic.AsyncAnthropic(
        base_url=url, api_key="sk-ant", max_retries=0
    ) as client:
        yield client


@pytest.fixture
async def gemini(sim: SimulatedProviders) -> AsyncIterator[genai.client.AsyncClient]:
    client = genai.Client(
        api_key="g-1", http_options=google.HttpOptions(base_url=sim.base_url)
    )
    async with client.aio as aio:
        yield aio
    client.close()


def picture() -> bytes:
    made = Image.new("L", (320, 240), 128)
    ImageDraw.Draw(made).rectangle((20, 10, 60, 90), fill=230)
    out = io.BytesIO()
    made.save(out, "PNG")
    return out.getvalue()


SEEN = "[simulated] I see one mover, medium and tall, at the top left."


async def test_openai_answers_whole(gpt: openai.AsyncOpenAI) -> None:
    reply = await gpt.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": QUESTION}]
    )
    assert reply.choices[0].message.content == TEXT
    assert reply.choices[0].finish_reason == "stop"
    assert (reply.model, reply.object) == ("gpt-4o", "chat.completion")
    assert reply._request_id
    assert reply.usage
    assert reply.usage.completion_tokens == len(TEXT.split())
    assert reply.usage.prompt_tokens_details
    assert reply.usage.prompt_tokens_details.cached_tokens == 0


async def test_openai_streams_words_and_the_usage_that_was_asked_for(
    gpt: openai.AsyncOpenAI,
) -> None:
    stream = await gpt.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert deltas[0].role == "assistant"
    assert "".join(delta.content or "" for delta in deltas) == TEXT
    assert sum(bool(delta.content) for delta in deltas) == len(TEXT.split())
    finishes = [c.choices[0].finish_reason for c in chunks if c.choices]
    assert [finish for finish in finishes if finish] == ["stop"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert chunks[-1].usage.total_tokens > len(TEXT.split())


async def test_openai_says_length_and_describes_a_picture(
    gpt: openai.AsyncOpenAI,
) -> None:
    url = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    reply = await gpt.chat.completions.create(
        model="gpt-4o",
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "what is this"},
                    {"type": "image_url", "image_url": {"url": url}},
                ],
            }
        ],
    )
    assert reply.choices[0].message.content == SEEN
    short = await gpt.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "x"}], max_tokens=2
    )
    assert short.choices[0].finish_reason == "length"


@pytest.mark.parametrize("stream", [False, True])
async def test_openai_calls_the_tool_that_is_required(
    gpt: openai.AsyncOpenAI, *, stream: bool
) -> None:
    tool = openai.types.chat.ChatCompletionFunctionToolParam(
        type="function", function={"name": "weather", "parameters": SCHEMA}
    )
    async with gpt.chat.completions.stream(
        model="gpt-4o",
        messages=[{"role": "user", "content": "x"}],
        tools=[tool],
        tool_choice="required",
    ) as events:
        reply: ChatCompletion = await events.get_final_completion()
    if not stream:
        reply = await gpt.chat.completions.create(
            model="gpt-4o",
            messages=[{"role": "user", "content": "x"}],
            tools=[tool],
            tool_choice={"type": "function", "function": {"name": "weather"}},
        )
    calls = reply.choices[0].message.tool_calls
    assert calls
    assert calls[0].type == "function"
    assert calls[0].function.arguments == '{"city":"simulated","days":1}'
    assert reply.choices[0].finish_reason == "tool_calls"


async def test_openai_lists_models_and_refuses_a_missing_key(
    gpt: openai.AsyncOpenAI, sim: SimulatedProviders
) -> None:
    assert "gpt-4o" in [model.id async for model in gpt.models.list()]
    bad = gpt.with_options(default_headers={"Authorization": ""})
    with pytest.raises(openai.AuthenticationError) as caught:
        await bad.models.list()
    assert caught.value.request_id
    assert sim.log[-1].outcome == "refused"


async def test_openai_sees_a_rate_limit_and_an_error_inside_a_stream(
    gpt: openai.AsyncOpenAI, sim: SimulatedProviders
) -> None:
    error = {"type": "insufficient_quota", "code": "insufficient_quota"}
    sim.set_rules([{"fault": {"status": 429, "error": error}}])
    with pytest.raises(openai.RateLimitError) as limited:
        await gpt.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "x"}]
        )
    assert limited.value.code == "insufficient_quota"
    sim.set_rules([{"fault": {"error_event": 3}}])
    stream = await gpt.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "x"}], stream=True
    )
    with pytest.raises(openai.APIError, match="overloaded"):
        async for _ in stream:
            pass


async def test_anthropic_answers_whole_and_counts(
    claude: anthropic.AsyncAnthropic,
) -> None:
    reply = await claude.messages.create(
        model="claude-sonnet-4-6",
        max_tokens=100,
        messages=[{"role": "user", "content": QUESTION}],
    )
    block = reply.content[0]
    assert block.type == "text"
    assert block.text == TEXT
    assert (reply.stop_reason, reply.model) == ("end_turn", "claude-sonnet-4-6")
    assert reply.usage.output_tokens == len(TEXT.split())
    assert reply.usage.cache_read_input_tokens == 0
    assert reply._request_id


async def test_anthropic_streams_the_same_message_with_a_ping_inside(
    claude: anthropic.AsyncAnthropic,
) -> None:
    async with claude.messages.stream(
        model="claude-sonnet-4-6",
        max_tokens=100,
        messages=[{"role": "user", "content": QUESTION}],
    ) as stream:
        names = [event.type async for event in stream]
        final = await stream.get_final_message()
    assert names[:2] == ["message_start", "content_block_start"]
    assert names[-1] == "message_stop"
    block = final.content[0]
    assert block.type == "text"
    assert (block.text, final.stop_reason) == (TEXT, "end_turn")
    assert final.usage.output_tokens == len(TEXT.split())


async def test_anthropic_takes_a_picture_a_stop_sequence_and_a_limit(
    claude: anthropic.AsyncAnthropic,
) -> None:
    data = base64.b64encode(picture()).decode()
    reply = await claude.messages.create(
        model="claude-sonnet-4-6",
        max_tokens=100,
        messages=[
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {
                            "type": "base64",
                            "media_type": "image/png",
                            "data": data,
                        },
                    }
                ],
            }
        ],
    )
    assert reply.content[0].type == "text"
    assert reply.content[0].text == SEEN
    stopped = await claude.messages.create(
        model="m",
        max_tokens=100,
        stop_sequences=["message"],
        messages=[{"role": "user", "content": "x"}],
    )
    assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", "message")
    cut = await claude.messages.create(
        model="m", max_tokens=1, messages=[{"role": "user", "content": "x"}]
    )
    assert cut.stop_reason == "max_tokens"


@pytest.mark.parametrize("stream", [False, True])
async def test_anthropic_calls_the_tool_that_is_named(
    claude: anthropic.AsyncAnthropic, *, stream: bool
) -> None:
    tool: anthropic.types.ToolParam = {"name": "weather", "input_schema": SCHEMA}
    async with claude.messages.stream(
        model="m",
        max_tokens=100,
        messages=[{"role": "user", "content": "x"}],
        tools=[tool],
        tool_choice={"type": "tool", "name": "weather"},
    ) as events:
        reply: anthropic.types.Message = await events.get_final_message()
    if not stream:
        reply = await claude.messages.create(
            model="m",
            max_tokens=100,
            messages=[{"role": "user", "content": "x"}],
            tools=[tool],
            tool_choice={"type": "any"},
        )
    block = reply.content[0]
    assert block.type == "tool_use"
    assert (block.name, block.input) == ("weather", {"city": "simulated", "days": 1})
    assert reply.stop_reason == "tool_use"


async def test_anthropic_is_overloaded_as_the_real_one_is(
    claude: anthropic.AsyncAnthropic, sim: SimulatedProviders
) -> None:
    sim.set_rules(
        [
            {"when": {"stream": False}, "fault": {"status": 529}},
            {"fault": {"error_event": 5}},
        ]
    )
    with pytest.raises(anthropic.APIStatusError) as whole:
        await claude.messages.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "x"}]
        )
    assert (whole.value.status_code, whole.value.type) == (529, "overloaded_error")
    stream = await claude.messages.create(
        model="m",
        max_tokens=9,
        messages=[{"role": "user", "content": "x"}],
        stream=True,
    )
    with pytest.raises(anthropic.APIStatusError) as inside:
        async for _ in stream:
            pass
    assert inside.value.type == "overloaded_error"


async def test_gemini_answers_whole_and_streams(
    gemini: genai.client.AsyncClient,
) -> None:
    reply = await gemini.models.generate_content(
        model="gemini-2.5-flash", contents=QUESTION
    )
    assert reply.text == TEXT
    assert reply.candidates
    assert reply.candidates[0].finish_reason is google.FinishReason.STOP
    assert reply.usage_metadata
    assert reply.usage_metadata.candidates_token_count == len(TEXT.split())
    assert reply.model_version == "gemini-2.5-flash"
    stream = await gemini.models.generate_content_stream(
        model="gemini-2.5-flash", contents=QUESTION
    )
    texts = [chunk.text or "" async for chunk in stream]
    assert "".join(texts) == TEXT
    assert len(texts) == len(TEXT.split())


async def test_gemini_takes_a_picture_and_calls_a_function(
    gemini: genai.client.AsyncClient,
) -> None:
    seen = await gemini.models.generate_content(
        model="g",
        contents=google.Part.from_bytes(data=picture(), mime_type="image/png"),
    )
    assert seen.text == SEEN
    function = google.FunctionDeclaration(name="weather", parameters_json_schema=SCHEMA)
    reply = await gemini.models.generate_content(
        model="g",
        contents="x",
        config=google.GenerateContentConfig(
            tools=[google.Tool(function_declarations=[function])],
            tool_config=google.ToolConfig(
                function_calling_config=google.FunctionCallingConfig(
                    mode=google.FunctionCallingConfigMode.ANY
                )
            ),
            automatic_function_calling=google.AutomaticFunctionCallingConfig(
                disable=True
            ),
        ),
    )
    assert reply.function_calls
    assert reply.function_calls[0].name == "weather"
    assert reply.function_calls[0].args == {"city": "simulated", "days": 1}


async def test_gemini_is_unavailable_as_the_real_one_is(
    gemini: genai.client.AsyncClient, sim: SimulatedProviders
) -> None:
    sim.set_rules([{"when": {"provider": "gemini"}, "fault": {"status": 503}}])
    with pytest.raises(google_errors.ServerError) as caught:
        await gemini.models.generate_content(model="g", contents="x")
    assert (caught.value.code, caught.value.status) == (503, "UNAVAILABLE")


async def test_many_clients_at_once_each_get_their_own_model(
    gpt: openai.AsyncOpenAI,
) -> None:
    replies = await asyncio.gather(
        *(
            gpt.chat.completions.create(
                model=f"m-{number}", messages=[{"role": "user", "content": "x"}]
            )
            for number in range(30)
        )
    )
    assert [reply.model for reply in replies] == [f"m-{n}" for n in range(30)]
