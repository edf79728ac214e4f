"""What a head is refused for beyond what the parser sees to."""

import pytest

from heliograph.gateway.server.heads import (
    HEAD_BYTES_MAX,
    HEADERS_MAX,
    Head,
    flaw,
    has_body,
)
from heliograph.gateway.server.hosts import Hosts
from heliograph.gateway.types import Server

SERVER = Server(body_mb_max=1, cors_origins=("https://App.example",))
HERE = (b"Host", b"localhost")
CHUNKED = (b"Transfer-Encoding", b"chunked")


def head(*headers: tuple[bytes, bytes], **members: object) -> Head:
    told = {"method": b"POST", "url": b"/x", "version": "1.1", **members}
    return Head(headers=headers or (HERE,), **told)  # type: ignore[arg-type] # a test's shorthand


GOOD = [
    head(),
    head(HERE, CHUNKED),
    head(HERE, (b"TRANSFER-encoding", b"Chunked")),
    head(HERE, (b"Content-Length", b"1048576")),
    head((b"HOST", b"10.1.2.3:8080")),
    head((b"accept", b"x"), version="1.0"),
    head(HERE, url=b"http://localhost:80/x?y"),
    head(HERE, *[(b"x", b"y")] * (HEADERS_MAX - 1)),
]


@pytest.mark.parametrize("given", GOOD)
def test_a_good_head_is_let_in(given: Head) -> None:
    assert flaw(given, Hosts(()), SERVER) is None


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        (head((b"accept", b"x")), 400, "bad_host"),
        (head(HERE, HERE), 400, "bad_host"),
        (head(HERE, (b"host", b"127.0.0.1"), version="1.0"), 400, "bad_host"),
        (head((b"host", b"x/abc?bar=")), 400, "bad_host"),
        (head((b"host", b"")), 400, "bad_host"),
        (head((b"host", b"evil.example")), 421, "host_not_allowed"),
        (head(HERE, url=b"http://evil.example/x"), 421, "host_not_allowed"),
        (head(HERE, url=b"http://u@localhost/x"), 400, "bad_host"),
        (head(HERE, url=b"http:///x"), 400, "bad_host"),
        (head(HERE, url=b"ftp://localhost/x"), 400, "bad_http"),
        (head((b"host", b"evil.example"), url=b"http://localhost/x"), 421, "host_n"),
        (head(HERE, (CHUNKED[0], b"gzip, chunked")), 400, "bad_http"),
        (head(HERE, CHUNKED, CHUNKED), 400, "bad_http"),
        (head(HERE, CHUNKED, version="1.0"), 400, "bad_http"),
        (head(HERE, (b"content-length", b"1048577")), 413, "request_too_large"),
        (head(HERE, version="0.9"), 505, "bad_http"),
        (head(HERE, version="2.0"), 505, "bad_http"),
        (head(HERE, method=b"SOURCE"), 501, "method_unknown"),
        (head(HERE, method=b"OPTIONS", url=b"*"), 400, "bad_http"),
        (head(HERE, upgrade=True), 400, "no_upgrade"),
        (head((b"host", b"evil.example"), upgrade=True), 421, "host_not_allowed"),
        (head((b"accept", b"x"), upgrade=True), 400, "bad_host"),
        (head(HERE, CHUNKED, CHUNKED, upgrade=True), 400, "bad_http"),
        (head(HERE, *[(b"x", b"y")] * HEADERS_MAX), 431, "headers_too_large"),
        (head(HERE, (b"x", b"y" * HEAD_BYTES_MAX)), 431, "headers_too_large"),
    ],
)
def test_a_bad_head_is_refused_for_what_is_wrong(
    given: Head, status: int, code: str
) -> None:
    found = flaw(given, Hosts(()), SERVER)
    assert found is not None
    assert found.status == status
    assert (found.code or "").startswith(code)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((HERE,), False),
        ((HERE, (b"content-length", b"0")), False),
        ((HERE, (b"content-length", b"1")), True),
        ((HERE, CHUNKED), True),
    ],
)
def test_a_body_is_announced(
    headers: tuple[tuple[bytes, bytes], ...],
    body: bool,  # noqa: FBT001 - pytest passes by name
) -> None:
    assert has_body(head(*headers)) is body


def test_the_refusal_of_a_name_says_what_to_do() -> None:
    found = flaw(head((b"host", b"Gate.Example:80")), Hosts(()), SERVER)
    assert found is not None
    assert "'gate.example'" in found.message
    assert "`server.hosts`" in found.message
