"""A picture's base64 text is moved, and looked at only at its beginning."""

import base64
import json
import os
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from heliograph.gateway.types import Blame, Chat, Endpoint, Failure, HttpRequest
from heliograph.gateway.wire.anthropic_messages import encode
from heliograph.gateway.wire.chat import read
from wire_cases import ANTHROPIC, FACTS, PNG, body_of, chat_of, refused

MAGIC = {
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff\xe0",
    "image/gif": b"GIF89a",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
}


def ask(
    *urls: object, row: Endpoint = ANTHROPIC, **more: object
) -> HttpRequest | Failure:
    pictures = [{"type": "image_url", "image_url": {"url": u, **more}} for u in urls]
    chat = chat_of(messages=[{"role": "user", "content": pictures}])
    return encode(chat, "claude", row, FACTS)


def sources(request: HttpRequest | Failure) -> list[dict[str, Any]]:
    blocks = body_of(request)["messages"][0]["content"]
    assert all(block["type"] == "image" for block in blocks)
    return [block["source"] for block in blocks]


def base64_of(magic: bytes) -> str:
    return base64.b64encode(magic + bytes(30)).decode()


@pytest.mark.parametrize("media", MAGIC)
def test_a_data_uri_becomes_a_base64_source(media: str) -> None:
    data = base64_of(MAGIC[media])
    source = {"type": "base64", "media_type": media, "data": data}
    assert sources(ask(f"data:{media};base64,{data}")) == [source]
    assert sources(ask(f"DATA:{media.upper()};charset=x;BASE64,{data}")) == [source]


def test_jpg_is_taken_for_jpeg() -> None:
    data = base64_of(MAGIC["image/jpeg"])
    assert (
        sources(ask(f"data:image/jpg;base64,{data}"))[0]["media_type"] == "image/jpeg"
    )


def test_an_https_url_becomes_a_url_source() -> None:
    url = "https://example.com/a/ü?b=1"
    assert sources(ask(url)) == [{"type": "url", "url": url}]
    assert sources(ask("HTTPS://example.com")) == [
        {"type": "url", "url": "HTTPS://example.com"}
    ]


def test_several_pictures_stay_in_their_order() -> None:
    data = [base64_of(MAGIC["image/png"] + bytes([i])) for i in range(3)]
    urls = [f"data:image/png;base64,{d}" for d in data]
    told = sources(ask(urls[0], "https://example.com/x", urls[1], urls[2]))
    assert [source.get("data") for source in told] == [data[0], None, data[1], data[2]]


def test_a_large_picture_is_a_piece_of_its_own() -> None:
    data = base64.b64encode(MAGIC["image/png"] + os.urandom(150_000)).decode()
    request = ask(f"data:image/png;base64,{data}")
    assert isinstance(request, HttpRequest)
    assert [type(piece) for piece in request.body] == [bytes, Raw, bytes]
    assert sources(request)[0]["data"] == data


@pytest.mark.parametrize("escaped", ["\\/", "\\u002f", "\\u002F"])
def test_escaped_slashes_are_spelt_plainly(escaped: str) -> None:
    data = base64_of(MAGIC["image/png"] + b"\xff\xff\xff")
    assert "/" in data
    url = json.dumps(f"data:image/png;base64,{data}").replace("/", escaped)
    part = '{"type":"image_url","image_url":{"url":' + url + "}}"
    chat = read(
        b'{"model":"a/b","messages":[{"role":"user","content":[%b]}]}' % part.encode()
    )
    assert isinstance(chat, Chat)
    assert sources(encode(chat, "m", ANTHROPIC, FACTS))[0]["data"] == data


PNG_DATA = base64_of(MAGIC["image/png"])


@pytest.mark.parametrize(
    "url",
    [
        5,
        None,
        "",
        "http://example.com/a.png",
        "file:///etc/passwd",
        "gs://bucket/a.png",
        "/relative.png",
        PNG_DATA,
        "data:",
        "data:image/png,rawbytes",
        f"data:image/png;base64{PNG_DATA}",
        f"data:;base64,{PNG_DATA}",
        f"data:image/gif;base64,{PNG_DATA}",
        f"data:image/bmp;base64,{PNG_DATA}",
        "data:image/bmp;base64," + base64_of(b"BM"),
        "data:image/svg+xml;base64," + base64_of(b"<svg "),
        "data:image/png;base64,",
        "data:image/png;base64,iVBOR",
        "data:image/png;base64,!!!!",
        "data:\u00fc/png;base64," + PNG_DATA,
        f"data:{'x' * 5000};base64,{PNG_DATA}",
    ],
)
def test_what_is_no_picture_is_refused_by_name_without_showing_it(url: object) -> None:
    failure = refused(ask("https://example.com/ok", url))
    assert (failure.blame, failure.status) == (Blame.CALLER, 400)
    assert failure.param == "messages[0].content[1].image_url.url"
    assert failure.param in failure.message
    assert PNG_DATA not in failure.message


def test_detail_is_refused_unless_it_changes_nothing_or_the_row_drops_it() -> None:
    url = f"data:image/png;base64,{PNG}"
    assert sources(ask(url, detail="auto")) == sources(ask(url, detail=None))
    failure = refused(ask(url, detail="low"))
    assert failure.kind == "unsupported_parameter"
    assert failure.param == "messages[0].content[0].image_url.detail"
    row = replace(ANTHROPIC, drop=frozenset({"image_url.detail"}))
    assert sources(ask(url, detail="low", row=row)) == sources(ask(url))
