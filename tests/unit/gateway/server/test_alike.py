"""A head that is compared, not parsed: never otherwise than the parser reads it."""

from math import inf

import httptools
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heliograph.gateway.ledger.key_ring import Ring
from heliograph.gateway.server.alike import HEAD_BYTES_MAX, Alike, cut
from heliograph.gateway.server.hosts import Hosts

LAST = (
    b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Length: 12\r\nAuthorization: Bearer x\r\n\r\n"
)
AT, TO = LAST.index(b"12"), LAST.index(b"12") + 2


def alike(head: bytes = LAST) -> Alike:
    parts = cut(head)
    assert parts is not None
    headers = [(b"Host", b"localhost"), (b"Content-Length", b"12")]
    return Alike(
        *parts,
        url=b"/v1/chat/completions",
        headers=headers,
        inbound=None,
        timeout_ms=None,
        hosts=Hosts(()),
        ring=Ring(),
        virtual_key=None,
        until_s=inf,
        tags=(),
    )


def with_length(digits: bytes) -> bytes:
    return LAST[:AT] + digits + LAST[TO:]


@pytest.mark.parametrize(
    ("digits", "body"), [(b"12", b"x" * 12), (b"0", b""), (b"2000", b"x" * 2000)]
)
def test_a_head_with_another_length_is_alike(digits: bytes, body: bytes) -> None:
    head = with_length(digits)
    assert alike().body_in(head + body) == (len(head), len(body))


def test_a_body_may_be_on_its_way() -> None:
    assert alike().body_in(LAST) == (len(LAST), 12)
    assert alike().body_in(LAST + b"half") == (len(LAST), 12)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        LAST[:-1],
        LAST + b"x" * 13,
        LAST.replace(b"localhost", b"localhosT"),
        LAST.replace(b"Bearer x", b"Bearer y"),
        LAST.replace(b"Bearer x", b"Bearer x\r\nExpect: 100-continue"),
        with_length(b""),
        with_length(b"+12"),
        with_length(b"1_2"),
        with_length(b"-1"),
        with_length(b"12, 12"),
        with_length("١٢".encode()),
        with_length(b"9" * 10),
    ],
)
def test_anything_else_is_left_to_the_parser(data: bytes) -> None:
    assert alike().body_in(data) is None


def test_the_length_is_not_among_what_is_kept() -> None:
    assert alike().headers == [(b"Host", b"localhost")]


@pytest.mark.parametrize(
    "head",
    [
        LAST.replace(b"Content-Length: 12\r\n", b""),
        LAST.replace(b"12", b"12 "),
        LAST.replace(b"12", b""),
        LAST.replace(b"Bearer x", b"x" * HEAD_BYTES_MAX),
    ],
)
def test_an_odd_head_is_not_kept(head: bytes) -> None:
    assert cut(head) is None


def test_a_length_in_another_header_is_not_taken_for_it() -> None:
    head = LAST.replace(b"Host", b"X: content-length: 5\r\nX-Content-Length: 6\r\nHost")
    parts = cut(head)
    assert parts is not None
    assert parts[0].endswith(b"Content-Length: ")


class Heard:
    """What the parser makes of a request."""

    def __init__(self, data: bytes) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.whole = 0
        self.url = b""
        httptools.HttpRequestParser(self).feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.whole += 1


@example(at=AT, cut_bytes=2, put=b"007", body=b"x" * 7)
@example(at=0, cut_bytes=0, put=b"", body=b"x" * 12)
@given(
    at=st.one_of(st.integers(AT - 3, TO + 3), st.integers(0, len(LAST))),
    cut_bytes=st.integers(0, 4),
    put=st.one_of(st.binary(max_size=3), st.from_regex(rb"[0-9]{0,3}", fullmatch=True)),
    body=st.binary(max_size=40),
)
def test_what_is_alike_is_what_the_parser_reads(
    at: int, cut_bytes: int, put: bytes, body: bytes
) -> None:
    data = LAST[:at] + put + LAST[at + cut_bytes :] + body
    found = alike().body_in(data)
    if found is None:
        return
    body_at, size = found
    heard = Heard(data)
    expected = Heard(LAST)
    assert heard.url == expected.url
    assert [name for name, _ in heard.headers] == [name for name, _ in expected.headers]
    assert heard.headers[0::2] == expected.headers[0::2]
    assert heard.body == data[body_at:]
    assert heard.whole == (len(heard.body) == size)
