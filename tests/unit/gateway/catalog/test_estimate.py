"""What a request is taken for before it was counted."""

import base64
import json
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from PIL import Image

from heliograph.gateway.catalog.estimate import (
    CONTEXT_TOKENS_MAX,
    DOCUMENT_TOKENS_USUAL,
    TOOLS_TOKENS,
    Input,
    input_of,
    is_untold,
    likely_usage,
)
from heliograph.gateway.catalog.price_sheet import price_from
from heliograph.gateway.types import Chat, Usage

GPT = ("openai", "gpt-4o")


def chat_with(messages: bytes, **members: bytes) -> Chat:
    fields = {"messages": Raw(messages)}
    fields |= {name: Raw(value) for name, value in members.items()}
    return Chat(fields=fields, model="m")


def picture_url(size: tuple[int, int]) -> str:
    out = BytesIO()
    Image.new("L", size).save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def shown(*urls: str, detail: str | None = None) -> bytes:
    more = {} if detail is None else {"detail": detail}
    parts = [{"type": "image_url", "image_url": {"url": u, **more}} for u in urls]
    return json.dumps([{"role": "user", "content": parts}]).encode()


def payload_bytes(*urls: str) -> int:
    return sum(len(url.partition(",")[2]) for url in urls)


def test_a_token_of_text_is_a_byte_at_worst_and_four_likely() -> None:
    messages = '[{"role":"user","content":"zürich"}]'.encode()
    # 36 characters, one of them two bytes: 37 bytes; 37 / 4 rounded up
    assert len(messages) == 37
    assert input_of(chat_with(messages), *GPT) == Input(likely=10, worst=37)


def test_tools_and_schemas_are_a_part_of_the_prompt() -> None:
    chat = chat_with(b"[]", tools=b'[{"type":"function"}]', temperature=b"0.25")
    assert input_of(chat, *GPT) == Input(likely=6, worst=23 + TOOLS_TOKENS)


@pytest.mark.parametrize(
    ("detail", "tokens"), [(None, 765), ("high", 765), ("auto", 765), ("low", 85)]
)
def test_a_picture_counts_by_its_rule_and_not_by_its_bytes(
    detail: str | None, tokens: int
) -> None:
    url = picture_url((1024, 1024))
    messages = shown(url, detail=detail)
    rest = len(messages) - payload_bytes(url)
    found = input_of(chat_with(messages), *GPT)
    assert found == Input(likely=tokens + -(-rest // 4), worst=tokens + rest)


def test_pictures_add_up_and_one_elsewhere_is_the_worst_it_can_be() -> None:
    urls = (picture_url((1024, 1024)), "https://pictures.example/cat.png")
    messages = shown(*urls)
    rest = len(messages) - payload_bytes(urls[0])
    assert input_of(chat_with(messages), *GPT).worst == 765 + 1445 + rest


def test_a_slash_may_be_escaped() -> None:
    url = picture_url((1024, 1024))
    messages = shown(url).replace(b"/", b"\\/")
    found = input_of(chat_with(messages), *GPT)
    assert found.worst < 765 + 400


@pytest.mark.parametrize(
    "said",
    [
        '{"url":"data:image/png;base64,' + "A" * 9000 + '"}',
        '"url": "https://x", "url":"data:image/png;base64,' + "A" * 9000,
        "data:image/png;base64," + "A" * 9000,
    ],
)
def test_what_is_only_said_is_text_whatever_it_looks_like(said: str) -> None:
    messages = json.dumps([{"role": "user", "content": said}]).encode()
    assert input_of(chat_with(messages), *GPT).worst == len(messages)


def test_the_dearest_counts_where_a_detail_is_said_twice() -> None:
    url = '"url":"https://x.example/a.png"'
    messages = '[{"image_url":{"detail":"low",' + url + ',"detail":"original"}}]'
    found = input_of(chat_with(messages.encode()), "openai", "gpt-6-sol")
    assert found.worst == 78_644 + len(messages)


PICTURE = picture_url((1024, 1024))
ELSEWHERE = "https://x.example/a.png"


def escaped(text: str) -> str:
    """Write each character as JSON need not."""
    return "".join(f"\\u{ord(character):04x}" for character in text)


@pytest.mark.parametrize(
    ("part", "tokens"),
    [
        ({"image_url": PICTURE}, 765),
        ({"image_url": ELSEWHERE}, 1445),
        ({"image_url": ELSEWHERE, "detail": "low"}, 1445),
        ({"image_url": {"url": ELSEWHERE, "detail": "low"}}, 85),
        ({"image_url": {"url": " HTTPS://x.example/a.png"}}, 1445),
        ({"image_url": {"url": "gs://bucket/a.png"}}, 1445),
        ({"image_url": {"url": "data:image/png"}}, 1445),
        ({"type": "image", "image": ELSEWHERE}, 1445),
    ],
)
def test_a_picture_is_found_in_every_form(part: dict[str, object], tokens: int) -> None:
    messages = json.dumps([{"role": "user", "content": [part]}]).encode()
    rest = len(messages) - (payload_bytes(PICTURE) if tokens == 765 else 0)
    assert input_of(chat_with(messages), *GPT).worst == tokens + rest


@pytest.mark.parametrize("url", [PICTURE, ELSEWHERE])
def test_no_escape_hides_a_picture(url: str) -> None:
    whole = input_of(chat_with(shown(url)), *GPT).worst
    for plain in ("url", "image_url", url[:4], url[:10]):
        messages = shown(url).replace(plain.encode(), escaped(plain).encode())
        assert messages != shown(url)
        assert input_of(chat_with(messages), *GPT).worst >= whole, plain


DOCUMENTS = [
    {"type": "file", "file": {"file_id": "file-1"}},
    {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBE"}},
    {"type": "document_url", "document_url": "https://x.example/a.pdf"},
    {"type": "image_url", "image_url": {"url": "data:application/pdf;base64,JVBE"}},
    {"type": "video_url", "video_url": {"url": "https://x.example/a.mp4"}},
    {"type": "input_audio", "input_audio": "https://x.example/a.mp3"},
    {"type": "input_audio", "input_audio": {"data": "https://x.example/a.mp3"}},
]


@pytest.mark.parametrize("part", DOCUMENTS)
def test_a_document_may_fill_the_whole_context(part: dict[str, object]) -> None:
    messages = json.dumps([{"role": "user", "content": [part, part]}]).encode()
    found = input_of(chat_with(messages), *GPT)
    assert found.worst == 128_000
    assert DOCUMENT_TOKENS_USUAL <= found.likely < found.worst
    assert input_of(chat_with(messages), "", "some-llama").worst == CONTEXT_TOKENS_MAX
    hosted = input_of(chat_with(messages), "openrouter", "openai/gpt-4o-mini:free")
    assert hosted.worst == 128_000
    long = json.dumps([{"content": [part, {"text": "a" * 200_000}]}]).encode()
    assert input_of(chat_with(long), *GPT).worst >= 200_000


@pytest.mark.parametrize("part", DOCUMENTS)
def test_no_escape_hides_a_document(part: dict[str, object]) -> None:
    messages = json.dumps([{"role": "user", "content": [part]}])
    name = next(name for name in part if name != "type")
    hidden = messages.replace(f'"{name}":', f'"{escaped(name)}":')
    assert hidden != messages
    assert input_of(chat_with(hidden.encode()), *GPT).worst == 128_000


def test_sound_that_was_answered_before_is_named_only() -> None:
    echoed = [{"role": "assistant", "audio": {"id": "audio_1"}}]
    messages = json.dumps(echoed).encode()
    assert input_of(chat_with(messages), *GPT).worst == 128_000


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": "hi", "audio": None, "refusal": None},
        {"role": "user", "content": 'a "file": {"file_id": "x"}, "image_url": "y"'},
        {"role": "user", "content": 'caf\u00e9\\u0041 "\u0041": <&> \\" : \\'},
        {"role": "user", "content": [{"type": "text", "text": "document_url"}]},
    ],
)
def test_what_an_sdk_echoes_and_what_is_said_is_text(
    message: dict[str, object],
) -> None:
    for ascii_only in (False, True):
        messages = json.dumps([message], ensure_ascii=ascii_only).encode()
        assert input_of(chat_with(messages), *GPT).worst == len(messages)


def test_audio_is_less_than_a_token_a_byte() -> None:
    sound = "UklG" * 10_000
    part = {"type": "input_audio", "input_audio": {"data": sound, "format": "wav"}}
    messages = json.dumps([{"role": "user", "content": [part]}]).encode()
    rest = len(messages) - len(sound)
    found = input_of(chat_with(messages), "openai", "gpt-audio")
    assert found == Input(likely=100 + -(-rest // 4), worst=5000 + rest)


def test_what_is_to_be_cached_for_an_hour_may_be_dearer() -> None:
    kept = b'[{"content":[{"cache_control":{"type":"ephemeral","ttl":"1h"}}]}]'
    assert input_of(chat_with(kept), *GPT).kept
    assert not input_of(chat_with(b'[{"content":"a cache_control"}]'), *GPT).kept


def test_a_model_that_somebody_else_hosts_counts_as_its_makers() -> None:
    messages = shown("https://x.example/a.png")
    hosted = input_of(
        chat_with(messages), "openrouter", "anthropic/claude-sonnet-4.5:free"
    )
    assert hosted.worst == 1568 + len(messages)


def test_what_a_broken_stream_used_is_what_it_said_and_was_asked() -> None:
    chat = chat_with(b'[{"role":"user","content":"hello there"}]')
    # 41 bytes asked: 11 tokens; 100 bytes said: 25
    assert likely_usage(chat, None, GPT, 100) == Usage(11, 25)


def test_what_was_told_counts_and_its_output_is_a_beginning() -> None:
    chat = chat_with(b"[]")
    told = Usage(500, 1, cached_tokens=400, cache_write_tokens=7)
    assert likely_usage(chat, told, GPT, 100) == Usage(
        500, 25, cached_tokens=400, cache_write_tokens=7
    )
    assert likely_usage(chat, Usage(500, 80), GPT, 100).output_tokens == 80


def test_no_more_can_have_been_said_than_was_asked_for() -> None:
    chat = Chat(fields={"messages": Raw(b"[]")}, model="m", max_tokens=9)
    assert likely_usage(chat, None, GPT, 4000) == Usage(1, 9)


def test_what_a_usage_does_not_tell_apart_has_no_cost() -> None:
    hears = price_from({"input": "0.3", "output": "2.5", "audio_input": "1"})
    draws = price_from({"input": "0.3", "output": "2.5", "picture_output": "30"})
    plain = chat_with(b'[{"content":"hi"}]')
    heard = chat_with(b'[{"content":[{"type":"input_audio"}]}]')
    assert not is_untold(hears, Usage(9, 9), plain)
    assert is_untold(hears, Usage(9, 9), heard)
    assert not is_untold(hears, Usage(9, 9, audio_input_tokens=4), heard)
    assert is_untold(draws, Usage(9, 9), plain)
    assert not is_untold(draws, Usage(9, 9, picture_output_tokens=4), plain)
    assert hears.mixed
    assert draws.mixed
    assert not price_from({"input": "1", "output": "1", "cached": "0.1"}).mixed


@given(st.text(max_size=300))
def test_the_worst_is_never_below_the_likely(said: str) -> None:
    messages = json.dumps([{"role": "user", "content": said}]).encode()
    found = input_of(chat_with(messages), *GPT)
    assert len(said.encode(errors="replace")) <= found.worst
    assert found.likely <= found.worst
