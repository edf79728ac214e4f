"""Pages must be listed or be of this very address; only the listed read answers."""

import pytest

from heliograph.gateway.server.origins import (
    granted,
    granted_before,
    lines_of,
    may_ask,
)

LISTED = ("https://App.example", "chrome-extension://abc")


@pytest.mark.parametrize(
    ("origin", "host", "may"),
    [
        (b"https://app.example", b"localhost", True),
        (b"chrome-extension://abc", b"localhost", True),
        (b"http://localhost:8080", b"localhost:8080", True),
        (b"https://LOCALHOST", b"localhost", True),
        (b"http://localhost:8080", b"localhost:8081", False),
        (b"http://app.example", b"localhost", False),
        (b"https://app.example.evil", b"localhost", False),
        (b"null", b"localhost", False),
        (b"null", b"", False),
        (b"file://", b"", False),
        (b"", b"", False),
    ],
)
def test_who_may_ask(origin: bytes, host: bytes, *, may: bool) -> None:
    assert may_ask(origin, host, LISTED) is may


def test_only_a_listed_page_is_granted_anything() -> None:
    assert granted(b"https://app.example", ()) == []
    assert granted(b"http://localhost", LISTED) == []
    lines = lines_of(granted(b"https://app.example", LISTED))
    assert b"access-control-allow-origin: https://app.example\r\n" in lines
    assert granted(b"null", ("*",))


@pytest.mark.parametrize("wanted", [b"", b"x\r\ny: z", b"a" * 3000, b"\xff"])
def test_what_a_preflight_wants_is_said_back_only_if_it_is_names(
    wanted: bytes,
) -> None:
    pairs = granted_before(b"null", wanted, ("*",))
    assert b"access-control-allow-headers" not in dict(pairs)
    assert dict(pairs)[b"access-control-allow-methods"]
    assert granted_before(b"null", b"x-a, x-b", ()) == []
