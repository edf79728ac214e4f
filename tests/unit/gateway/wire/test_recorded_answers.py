"""Real providers' answers, as others recorded them, decode whole or not at all."""

import json
import os
from functools import partial
from pathlib import Path

import pytest

from heliograph.gateway.types import Failure, HttpReply, Reply, Usage
from heliograph.gateway.wire.dialects import DIALECTS
from wire_cases import Told, chat_of, chunks, ok, tell

ROOT = Path(__file__).resolve().parents[4]
DATA = Path(os.environ.get("HELIOGRAPH_DATA", ROOT.parent / "shared" / "data"))
CHAT = chat_of(stream=True, stream_options={"include_usage": True})
OPENAI_LIKE = {
    "openai": ["openai-text", "azure-model-router.1"],
    "deepseek": ["deepseek-text", "deepseek-reasoning", "deepseek-tool-call"],
    "groq": ["groq-text", "groq-reasoning", "groq-tool-call"],
    "mistral": ["mistral-text", "mistral-reasoning", "mistral-tool-call"],
    "xai": ["xai-text", "xai-tool-call"],
}
STREAMS = [(d, name) for d, names in OPENAI_LIKE.items() for name in names]
# Two messages in one stream: a recording of a provider's mistake.
SPLICED = "spliced-message-start"


def recorded(provider: str, ending: str) -> list[Path]:
    folder = DATA / "wire" / provider
    if not folder.is_dir():
        raise FileNotFoundError(
            f"{folder} is not there: set HELIOGRAPH_DATA to the folder that holds "
            "wire/ (by default ../shared/data beside the repository)"
        )
    return sorted(folder.glob(f"*{ending}"))


def lines(provider: str, name: str) -> list[bytes]:
    [path] = recorded(provider, f"{name}.chunks.txt")
    return [line.encode() for line in path.read_text("utf-8").splitlines() if line]


def anthropic_lines(name: str) -> list[bytes]:
    """Return the lines of the first message: some recordings hold a whole talk."""
    found = lines("anthropic", name)
    ends = [i for i, line in enumerate(found) if b'"type":"message_stop"' in line]
    return found[: ends[0] + 1]


def anthropic_events(name: str) -> list[bytes]:
    return [
        b"event: %s\ndata: %s\n\n" % (json.loads(line)["type"].encode(), line)
        for line in anthropic_lines(name)
    ]


def openai_events(provider: str, name: str) -> list[bytes]:
    return [b"data: %s\n\n" % line for line in lines(provider, name)]


def watch(dialect: str, *events: bytes) -> Told:
    return tell(partial(DIALECTS[dialect].stream, CHAT), *events)


def anthropic_names() -> list[str]:
    paths = recorded("anthropic", ".chunks.txt")
    return [path.name.removesuffix(".chunks.txt") for path in paths]


def test_every_recorded_anthropic_stream_is_whole() -> None:
    names = anthropic_names()
    assert len(names) == 31
    for name in names:
        events = anthropic_events(name)
        told = watch("anthropic", *events)
        if name == SPLICED:
            assert told.failure is not None
            continue
        assert told.failure is None, name
        assert told.complete, name
        stop = json.loads(anthropic_lines(name)[-2])
        assert told.usage is not None, name
        assert told.usage.output_tokens == stop["usage"]["output_tokens"], name


def test_the_text_of_a_recorded_anthropic_stream_arrives_unchanged() -> None:
    for name in anthropic_names():
        said, heard = "", ""
        for line in anthropic_lines(name):
            delta = json.loads(line).get("delta", {})
            said += delta.get("text", "") if delta.get("type") == "text_delta" else ""
        for chunk in chunks(watch("anthropic", *anthropic_events(name)).out):
            for choice in chunk["choices"]:
                heard += choice["delta"].get("content") or ""
        assert heard == said, name


def test_an_anthropic_stream_cut_after_any_event_is_never_complete() -> None:
    for name in anthropic_names():
        events = anthropic_events(name)
        for cut in range(0, len(events), max(1, len(events) // 50)):
            told = watch("anthropic", *events[:cut])
            assert told.failure is not None, (name, cut)
            assert b"[DONE]" not in told.out, (name, cut)
        assert not watch("anthropic", *events[:-1]).complete


@pytest.mark.parametrize(("provider", "name"), STREAMS)
def test_a_recorded_openai_like_stream_is_whole_and_unchanged(
    provider: str, name: str
) -> None:
    events = openai_events(provider, name)
    told = watch("openai", *events, b"data: [DONE]\n\n")
    assert (told.failure, told.complete) == (None, True)
    assert told.out == b"".join(events) + b"data: [DONE]\n\n"
    assert told.usage is not None
    assert told.usage.output_tokens > 0


@pytest.mark.parametrize(("provider", "name"), STREAMS)
def test_an_openai_like_stream_cut_before_its_finish_is_never_complete(
    provider: str, name: str
) -> None:
    events = openai_events(provider, name)
    finish = next(
        place
        for place, event in enumerate(events)
        for choice in json.loads(event.removeprefix(b"data: "))["choices"]
        if choice.get("finish_reason")
    )
    for cut in range(0, finish + 1, max(1, finish // 50)):
        told = watch("openai", *events[:cut])
        assert told.failure is not None, cut
        assert b"[DONE]" not in told.out
    assert not watch("openai", *events[:finish]).complete


def test_recorded_usage_is_counted_as_it_was_billed() -> None:
    text = watch("openai", *openai_events("openai", "openai-text"))
    assert text.usage == Usage(16, 300)
    cached = watch("openai", *openai_events("deepseek", "deepseek-tool-call"))
    assert cached.usage == Usage(339, 83, cached_tokens=320, reasoning_tokens=39)


def test_every_recorded_anthropic_answer_is_read() -> None:
    paths = recorded("anthropic", ".json")
    assert len(paths) > 20
    for path in paths:
        told = json.loads(path.read_bytes())
        result = DIALECTS["anthropic"].decode(ok(path.read_bytes()), CHAT)
        if told.get("type") != "message":
            assert isinstance(result, Failure), path.name
            continue
        assert isinstance(result, Reply), (path.name, result)
        message = json.loads(result.body)["choices"][0]["message"]
        text = "".join(b["text"] for b in told["content"] if b["type"] == "text")
        assert (message["content"] or "") == text, path.name


@pytest.mark.parametrize("provider", OPENAI_LIKE)
def test_every_recorded_chat_completion_is_read(provider: str) -> None:
    read = 0
    for path in recorded(provider, ".json"):
        told = json.loads(path.read_bytes())
        if told.get("object") != "chat.completion":
            continue
        result = DIALECTS["openai"].decode(ok(path.read_bytes()), CHAT)
        assert isinstance(result, Reply), (path.name, result)
        assert result.body == path.read_bytes()
        assert result.usage is not None
        assert result.usage.input_tokens == told["usage"]["prompt_tokens"]
        read += 1
    assert read > 0


@pytest.mark.parametrize(
    ("name", "status", "kind", "param"),
    [
        ("openai-error.1", 429, "quota_exhausted", None),
        ("gpt-image-response-format-error", 400, "bad_request", "response_format"),
        ("reasoning-model-temperature-error", 400, "bad_request", "temperature"),
        ("reasoning-model-legacy-parameter-error", 400, "bad_request", "max_tokens"),
    ],
)
def test_recorded_errors_are_blamed(
    name: str, status: int, kind: str, param: str | None
) -> None:
    [path] = recorded("openai", f"{name}.json")
    failure = DIALECTS["openai"].decode_error(HttpReply(status, {}, path.read_bytes()))
    assert (failure.kind, failure.param) == (kind, param)
