"""The official `google-genai` package judges the gateway.

Gemini's dialect at the door, Anthropic's or OpenAI's behind it: the caller sees no
difference but the model's name.
"""

import base64
from collections.abc import Iterator

import pytest
from google import genai
from google.genai import errors, types

from conformance.programs import Json, Providers
from conformance.test_openai_python import (
    DOWN,
    MODEL,
    SEEN,
    TEXT,
    WAYS,
    WORDS,
    targets,
)

QUESTION = "how many words are these"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
BY_JSON = types.FunctionDeclaration(name="weather", parameters_json_schema=SCHEMA)
BY_OPENAPI = types.FunctionDeclaration(
    name="weather",
    parameters=types.Schema(
        type=types.Type.OBJECT,
        properties={"city": types.Schema(type=types.Type.STRING)},
        required=["city"],
    ),
)


@pytest.fixture
def gemini(door: str) -> Iterator[genai.Client]:
    """Return the official client as it comes."""
    with client_of(door) as made:
        yield made


def client_of(url: str) -> genai.Client:
    options = types.HttpOptions(base_url=url, client_args={"trust_env": False})
    return genai.Client(api_key="any", http_options=options)


def demanding(declared: types.FunctionDeclaration) -> types.GenerateContentConfig:
    """Demand a call of the tool that is *declared*."""
    return types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[declared])],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.ANY
            )
        ),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )


@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_plain_answer_comes(
    gemini: genai.Client, sim: Providers, rules: list[Json], way: tuple[str, ...]
) -> None:
    sim.misbehave(*rules)
    config = types.GenerateContentConfig(
        system_instruction="Be brief.", max_output_tokens=50, temperature=0.5
    )
    reply = gemini.models.generate_content(
        model=MODEL, contents=QUESTION, config=config
    )
    assert (reply.text, reply.model_version) == (TEXT, way[1])
    assert reply.candidates
    assert reply.candidates[0].finish_reason is types.FinishReason.STOP
    assert reply.usage_metadata
    assert reply.usage_metadata.candidates_token_count == WORDS
    assert (reply.usage_metadata.prompt_token_count or 0) > 0
    assert targets(sim)[-1] == (way[0], way[0], way[1])


@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_streamed_answer_comes_word_by_word(
    gemini: genai.Client, sim: Providers, rules: list[Json], way: tuple[str, ...]
) -> None:
    sim.misbehave(*rules)
    chunks = list(gemini.models.generate_content_stream(model=MODEL, contents=QUESTION))
    texts = [chunk.text for chunk in chunks if chunk.text]
    assert ("".join(texts), len(texts)) == (TEXT, WORDS)
    assert {chunk.model_version for chunk in chunks} == {way[1]}
    finishes = [c.finish_reason for chunk in chunks for c in chunk.candidates or ()]
    assert finishes == [None] * WORDS + [types.FinishReason.STOP]
    assert chunks[-1].usage_metadata
    assert chunks[-1].usage_metadata.candidates_token_count == WORDS


@pytest.mark.parametrize(("rules", "way"), WAYS)
def test_a_picture_is_described(
    gemini: genai.Client,
    sim: Providers,
    *,
    rules: list[Json],
    way: tuple[str, ...],
    picture: str,
) -> None:
    sim.misbehave(*rules)
    data = base64.b64decode(picture.partition(",")[2])
    reply = gemini.models.generate_content(
        model=MODEL,
        contents=types.Content(
            role="user",
            parts=[
                types.Part.from_text(text="what is this"),
                types.Part.from_bytes(data=data, mime_type="image/png"),
            ],
        ),
    )
    assert (reply.text, reply.model_version) == (SEEN, way[1])


@pytest.mark.parametrize("declared", [BY_JSON, BY_OPENAPI], ids=["json", "openapi"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("rules", "way"), WAYS[:2])
def test_a_tool_is_called_and_its_result_carried_back(
    gemini: genai.Client,
    sim: Providers,
    *,
    rules: list[Json],
    way: tuple[str, ...],
    stream: bool,
    declared: types.FunctionDeclaration,
) -> None:
    sim.misbehave(*rules)
    asked = types.Content(role="user", parts=[types.Part(text="How is the weather?")])
    config = demanding(declared)
    if stream:
        *_, reply = gemini.models.generate_content_stream(
            model=MODEL, contents=asked, config=config
        )
    else:
        reply = gemini.models.generate_content(
            model=MODEL, contents=asked, config=config
        )
    assert reply.function_calls
    assert reply.candidates
    assert reply.candidates[0].content
    called = reply.function_calls[0]
    assert (called.name, called.args) == ("weather", {"city": "simulated"})
    result = types.Part.from_function_response(name="weather", response={"is": "mild"})
    after = gemini.models.generate_content(
        model=MODEL,
        contents=[
            asked,
            reply.candidates[0].content,
            types.Content(role="user", parts=[result]),
        ],
    )
    assert (after.text or "").startswith("[simulated] ")
    assert after.model_version == way[1]


def test_a_ceiling_of_tokens_and_a_stop_sequence_cut_and_say_so(
    gemini: genai.Client, sim: Providers
) -> None:
    assert sim.seen() == []
    short = gemini.models.generate_content(
        model=MODEL,
        contents=QUESTION,
        config=types.GenerateContentConfig(max_output_tokens=2),
    )
    assert short.candidates
    assert short.candidates[0].finish_reason is types.FinishReason.MAX_TOKENS
    stopped = gemini.models.generate_content(
        model=MODEL,
        contents=QUESTION,
        config=types.GenerateContentConfig(stop_sequences=["message"]),
    )
    assert (stopped.text or "").strip() == "[simulated] Your last"


def test_what_the_request_lacks_or_cannot_carry_is_said_by_name(
    gemini: genai.Client, sim: Providers
) -> None:
    with pytest.raises(errors.ClientError, match="did you mean") as unknown:
        gemini.models.generate_content(model="claude-sonet-4-6", contents=QUESTION)
    assert (unknown.value.code, unknown.value.status) == (404, "NOT_FOUND")
    search = types.Tool(google_search=types.GoogleSearch())
    with pytest.raises(errors.ClientError, match=r"tools\[0\]") as refused:
        gemini.models.generate_content(
            model=MODEL,
            contents=QUESTION,
            config=types.GenerateContentConfig(tools=[search]),
        )
    assert (refused.value.code, refused.value.status) == (400, "INVALID_ARGUMENT")
    with pytest.raises(errors.ClientError, match="nothing at POST") as absent:
        gemini.models.count_tokens(model=MODEL, contents=QUESTION)
    assert (absent.value.code, absent.value.status) == (404, "NOT_FOUND")
    assert sim.seen() == []


def ask(gemini: genai.Client, *, stream: bool) -> None:
    if stream:
        list(gemini.models.generate_content_stream(model=MODEL, contents=QUESTION))
    else:
        gemini.models.generate_content(model=MODEL, contents=QUESTION)


@pytest.mark.parametrize("stream", [False, True])
def test_with_all_down_the_error_has_its_status(
    gemini: genai.Client, sim: Providers, *, stream: bool
) -> None:
    sim.misbehave({"fault": {"status": 503}})
    with pytest.raises(errors.ServerError) as caught:
        ask(gemini, stream=stream)
    assert (caught.value.code, caught.value.status) == (503, "UNAVAILABLE")
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
    gemini: genai.Client, sim: Providers, rules: list[Json], fault: Json
) -> None:
    # Events that come one by one: what came at once could still be taken back.
    sim.misbehave(*rules, {"fault": {**fault, "event_delay_s": 0.05}})
    chunks: list[types.GenerateContentResponse] = []
    stream = gemini.models.generate_content_stream(model=MODEL, contents=QUESTION)
    with pytest.raises(errors.ServerError) as caught:
        chunks.extend(stream)
    assert caught.value.code == 500
    assert chunks
    assert not [
        c for chunk in chunks for c in chunk.candidates or () if c.finish_reason
    ]


def test_a_stream_that_breaks_is_gone_on_with_where_that_is_wanted(
    rescuing_door: str, sim: Providers
) -> None:
    broken = {"cut_after_events": 6, "event_delay_s": 0.05}
    sim.misbehave({"when": {"provider": "anthropic"}, "fault": broken})
    with client_of(rescuing_door) as gemini:
        chunks = list(
            gemini.models.generate_content_stream(model=MODEL, contents=QUESTION)
        )
    assert "".join(chunk.text or "" for chunk in chunks) == TEXT
    assert chunks[-1].candidates
    assert chunks[-1].candidates[0].finish_reason is types.FinishReason.STOP
    assert [name for name, _, _ in targets(sim)] == ["anthropic", "openai"]
