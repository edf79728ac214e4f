"""Ranges of addresses, and who is in one."""

import pytest

from heliograph.gateway.config.networks import holds, network_of

RANGES = [network_of(text) for text in ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")]


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "192.0.2.7", "2001:db8:1::5", "::ffff:10.9.9.9"]
)
def test_an_address_is_in_its_range(address: str) -> None:
    assert holds(RANGES, address)


@pytest.mark.parametrize(
    "address", ["11.0.0.1", "192.0.2.8", "::1", "", "10.0.0.0/8", "unix:", "10.1"]
)
def test_another_address_or_none_at_all_is_in_no_range(address: str) -> None:
    assert not holds(RANGES, address)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("10.0.0.5/8", "inside of its range: 10.0.0.0/8"),
        ("10.0.0.0/33", "no range of addresses, such as"),
        ("everyone", "no range of addresses, such as"),
        ("", "no range of addresses, such as"),
    ],
)
def test_what_is_no_range_is_told_with_what_is(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        network_of(text)
