"""The bytes at the head of a call, and where it goes."""

import pytest

from heliograph.gateway.providers.signing import auth_headers
from heliograph.gateway.types import Endpoint, HttpRequest, Key, Provider, Secret
from heliograph.gateway.upstream.call import Origin, head_of, origin_of

REQUEST = HttpRequest("/chat/completions", (("content-type", "application/json"),), ())


def head(base_url: str, auth: str = "bearer") -> list[str]:
    endpoint = Endpoint("some", "openai", base_url, auth)
    key = Key("some#1", Secret("sk-1"))
    said = head_of(Provider("some", endpoint), REQUEST, auth_headers(endpoint, key))
    return said.decode("latin-1").split("\r\n")


@pytest.mark.parametrize(
    ("base_url", "origin", "path"),
    [
        ("https://api.openai.com/v1", Origin("api.openai.com", 443, tls=True), "/v1"),
        ("http://10.0.0.7/v1/", Origin("10.0.0.7", 80, tls=False), "/v1"),
        ("http://[::1]:8080", Origin("::1", 8080, tls=False), ""),
        ("https://h:8443/a/b", Origin("h", 8443, tls=True), "/a/b"),
    ],
)
def test_a_base_url_is_split_into_origin_and_path(
    base_url: str, origin: Origin, path: str
) -> None:
    assert origin_of(base_url) == (origin, path)


@pytest.mark.parametrize(
    ("base_url", "host"),
    [
        ("https://api.openai.com/v1", "api.openai.com"),
        ("https://api.openai.com:443/v1", "api.openai.com"),
        ("http://api.openai.com:443/v1", "api.openai.com:443"),
        ("http://127.0.0.1:9001/v1", "127.0.0.1:9001"),
        ("http://[::1]:9001/v1", "[::1]:9001"),
        ("https://[::1]/v1", "[::1]"),
    ],
)
def test_the_host_names_a_port_only_where_it_is_not_the_usual_one(
    base_url: str, host: str
) -> None:
    assert f"host: {host}" in head(base_url)


def test_the_path_is_that_of_the_base_url_and_the_dialects() -> None:
    assert head("http://h/some/v1")[0] == "POST /some/v1/chat/completions HTTP/1.1"


def test_the_head_asks_for_an_unpacked_answer_and_carries_the_key() -> None:
    lines = head("http://h/v1")
    assert "accept-encoding: identity" in lines
    assert "authorization: Bearer sk-1" in lines
    assert "x-api-key: sk-1" in head("http://h/v1", "header:x-api-key")
    assert not [line for line in head("http://h/v1", "none") if "sk-1" in line]


def test_no_header_stands_twice_and_the_length_is_left_to_the_connection() -> None:
    names = [line.partition(":")[0].lower() for line in head("http://h/v1")[1:]]
    assert len(names) == len(set(names))
    assert "content-length" not in names
