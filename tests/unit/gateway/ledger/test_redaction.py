"""Bodies as they may be kept."""

import json
import time
from base64 import b64encode

import pytest

from heliograph.gateway.ledger.key_hash import (
    ADMIN_PREFIX,
    VIRTUAL_PREFIX,
    new_secret,
)
from heliograph.gateway.ledger.redaction import LOOKED_AT_BYTES_MAX, redacted

PICTURE = b64encode(bytes(range(256)) * 40).decode()


@pytest.mark.parametrize(
    "part",
    [
        {"image_url": {"url": f"data:image/png;base64,{PICTURE}"}},
        {"source": {"type": "base64", "media_type": "image/png", "data": PICTURE}},
        {"inlineData": {"mimeType": "image/png", "data": PICTURE}},
        {"input_audio": {"data": PICTURE.replace("+", "-").replace("/", "_")}},
    ],
)
def test_of_a_picture_its_length_is_kept(part: dict[str, object]) -> None:
    text = redacted(json.dumps({"content": [part, "what is this?"]}).encode(), 5000)
    assert f"[{len(PICTURE)} characters of base64]" in text
    assert PICTURE[100:120] not in text
    assert "what is this?" in text


def test_a_picture_with_escaped_slashes_is_one_too() -> None:
    body = json.dumps({"url": PICTURE}).replace("/", "\\/").encode()
    assert "characters of base64]" in redacted(body, 5000)
    assert len(redacted(body, 5000)) < 60


@pytest.mark.parametrize(
    "key",
    [
        "sk-proj-abcdefghijklmnop1234",
        "sk-ant-api03-abcdefghijklmn",
        "hg-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
        "hgadmin-0123456789abcdefghijklmnopqrstuvwxyzABC",
        "AIzaSyA1234567890abcdefghijklm",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdefghij",
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4",
    ],
)
def test_a_key_becomes_stars(key: str) -> None:
    text = redacted(f'{{"content":"my key is {key}, hush"}}'.encode(), 5000)
    assert key not in text
    assert text == '{"content":"my key is ***, hush"}'
    bearer = redacted(b"Authorization: Bearer abcdefghijklmnop==", 100)
    assert bearer == "Authorization: Bearer ***"


@pytest.mark.parametrize("before", ["\n", "\t", "\r\n", "\f", "\x01", 'say "', "\\"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_key_is_one_behind_whatever_json_writes_before_it(
    before: str, depth: int
) -> None:
    keys = [
        new_secret(VIRTUAL_PREFIX),
        new_secret(ADMIN_PREFIX),
        "sk-abcdefghijklmnop",
        "AIzaSyA1234567890abcdefghijklm",
        "Bearer abcdefghijklmnop",
        f"Bearer{before}abcdefghijklmnop" if before.isspace() else "bearer",
    ]
    text = before.join(["keys:", *keys])
    for _ in range(depth):  # the arguments of a tool are JSON within JSON
        text = json.dumps(text)
    kept = redacted(text.encode(), 5000)
    for key in (*keys[:4], "abcdefghijklmnop"):
        assert key not in kept
    assert "keys:" in kept


def test_words_are_left_alone() -> None:
    said = "The task-force asked: is hg-1 a sky-high risk? Bearer of news, eyJ."
    assert redacted(said.encode(), 5000) == said


def test_what_is_too_long_is_cut_and_says_so() -> None:
    text = redacted("ä".encode() * 100, 51)
    assert text == "ä" * 25 + "[cut here: only 51 bytes are kept]"
    assert redacted(b"short", 51, cut=True).startswith("short[cut here")
    assert redacted(b"\xff\0x", 51) == "\ufffdx"


def test_a_body_is_looked_through_once_whatever_is_in_it() -> None:
    began_s = time.process_time()
    for piece in ("x" * 255 + " ", "eyJ-", "sk-", "bearer ", "\\/"):
        body = (piece * (LOOKED_AT_BYTES_MAX // len(piece) + 10)).encode()
        assert len(redacted(body, 1000)) < 1100
    assert time.process_time() - began_s < 60  # a quadratic one takes hours
