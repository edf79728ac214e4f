"""The key that is shown, and the address that asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.config.networks import Networks, network_of
from heliograph.gateway.server.credentials import asker, is_near, shown

CHAT = b"/v1/chat/completions"
TRUSTED = (network_of("10.0.0.0/24"), network_of("::1"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"Authorization", b"Bearer hg-x"),
        (b"authorization", b"bearer  hg-x "),
        (b"X-Api-Key", b"hg-x"),
        (b"x-goog-api-key", b"hg-x"),
    ],
)
def test_a_key_is_found_however_its_sdk_carries_it(name: bytes, value: bytes) -> None:
    before = [(b"host", b"h"), (b"content-length", b"12"), (b"user-agent", b"hg-u")]
    assert shown([*before, (name, value)], CHAT) == b"hg-x"


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (b"/v1beta/models/m:generateContent?key=hg-x", b"hg-x"),
        (b"/v1beta/models/m:generateContent?alt=sse&key=hg%2Dx", b"hg-x"),
        (b"/v1beta/models/m:generateContent?monkey=hg-x", b""),
        (b"/v1beta/key=hg-x/y", b""),
    ],
)
def test_a_key_in_the_address_is_found_in_its_query(url: bytes, key: bytes) -> None:
    assert shown([], url) == key


def test_ours_goes_before_a_vendors_wherever_it_stands() -> None:
    vendor = (b"authorization", b"Bearer sk-vendor")
    ours = (b"x-api-key", b"hg-x")
    assert shown([vendor, ours], CHAT) == shown([ours, vendor], CHAT) == b"hg-x"
    assert shown([vendor], CHAT) == b"sk-vendor"
    assert shown([vendor], CHAT + b"?key=hg-x") == b"hg-x"


@pytest.mark.parametrize("value", [b"Basic hg-x", b"hg-x", b"Bearer", b"Bearer ", b""])
def test_what_is_no_bearer_token_is_none(value: bytes) -> None:
    assert shown([(b"authorization", value)], CHAT) == b""


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"X-Forwarded-For", value.encode()) for value in values]


@pytest.mark.parametrize("trusted", [(), TRUSTED])
def test_what_anybody_could_have_written_is_not_believed(
    trusted: Networks,
) -> None:
    told = forwarded("192.0.2.1")
    assert asker("198.51.100.9", told, trusted) == "198.51.100.9"
    assert asker(None, told, trusted) is None


@pytest.mark.parametrize(
    ("values", "address"),
    [
        (["192.0.2.1"], "192.0.2.1"),
        (["192.0.2.1:4711"], "192.0.2.1"),
        (["[2001:db8::1]:4711"], "2001:db8::1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["10.9.9.9, 192.0.2.1"], "192.0.2.1"),
        (["10.9.9.9", "192.0.2.1, 10.0.0.7"], "192.0.2.1"),
        (["10.0.0.8, 10.0.0.7"], "10.0.0.8"),
        (["192.0.2.1, unknown, 10.0.0.7"], None),
        (["192.0.2.1, , 10.0.0.7"], None),
        ([], "10.0.0.5"),
    ],
)
def test_a_trusted_proxy_says_who_asks_from_the_end_of_its_list(
    values: list[str], address: str | None
) -> None:
    assert asker("10.0.0.5", forwarded(*values), TRUSTED) == address


def test_this_machine_is_near_unless_somebody_asks_through_it() -> None:
    assert is_near("127.0.0.1", [(b"host", b"h")])
    assert is_near("::1", [])
    assert is_near("::ffff:127.0.0.1", [])
    assert not is_near("192.0.2.1", [])
    assert not is_near(None, [])
    for name in (b"X-Forwarded-For", b"Forwarded", b"X-Real-IP"):
        assert not is_near("127.0.0.1", [(name, b"127.0.0.1")])


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [b"authorization", b"X-Api-Key", b"x-goog-api-key", b"x-forwarded-for"]
        ),
        st.binary(max_size=40),
    ),
    max_size=6,
)


@given(HEADERS, st.binary(max_size=60), st.text(max_size=20))
def test_whatever_is_sent_is_read_without_a_fault(
    headers: list[tuple[bytes, bytes]], url: bytes, peer: str
) -> None:
    assert isinstance(shown(headers, b"/v1?key=" + url), bytes)
    for one in (peer, "10.0.0.5"):
        assert isinstance(asker(one, headers, TRUSTED), str | None)
        assert is_near(one, headers) in {True, False}
