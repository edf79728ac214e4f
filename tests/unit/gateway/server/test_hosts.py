"""Names must be listed; addresses and this machine's own name need not be."""

import pytest

from heliograph.gateway.server.hosts import KNOWN_MAX, Hosts


@pytest.mark.parametrize(
    "authority",
    [
        "localhost",
        "LocalHost:8080",
        "localhost.",
        "app.localhost:80",
        "127.0.0.1",
        "192.168.7.20:8080",
        "[::1]:8080",
        "[2001:db8::7]",
        "127.0.0.1:",
    ],
)
def test_this_machine_and_addresses_are_let_in(authority: str) -> None:
    assert Hosts(()).admits(authority.encode())


@pytest.mark.parametrize(
    "authority",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "notlocalhost",
        "2130706433",
        "0x7f.1",
        "127.1",
        "localhost/evil",
        "localhost:80:80",
        "localhost:x",
        "localhost:123456",
        "user@localhost",
        "localhost, evil.example",
        "localhost evil",
        "[::1",
        "::1",
        "[::1]x",
        "[evil]",
        "localhost\x00",
        "löcalhost",
        "a" * 300,
    ],
)
def test_other_names_and_what_is_no_name_are_not(authority: str) -> None:
    assert not Hosts(()).admits(authority.encode())


def test_listed_names_are_let_in_and_no_others() -> None:
    hosts = Hosts(("Gateway.Example", "*.inner.example"))
    assert hosts.admits(b"gateway.example:443")
    assert hosts.admits(b"a.b.inner.example")
    assert not hosts.admits(b"inner.example")
    assert not hosts.admits(b"notinner.example")
    assert not hosts.admits(b"x.gateway.example")


def test_a_star_lets_any_name_in_but_nothing_that_is_no_name() -> None:
    hosts = Hosts(("*",))
    assert hosts.admits(b"evil.example")
    assert not hosts.admits(b"evil.example/x")


def test_what_is_remembered_is_bounded() -> None:
    hosts = Hosts(("*",))
    for number in range(2 * KNOWN_MAX):
        assert hosts.admits(b"h%d.example" % number)
    assert len(hosts.known) == KNOWN_MAX
