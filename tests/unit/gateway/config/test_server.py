"""The `server` table: its bounds, its defaults, and what each mistake is told."""

from collections.abc import Callable

import pytest

from heliograph.gateway.config import Problem
from heliograph.gateway.types import Config, Server

Read = Callable[..., Config | list[Problem]]

PROVIDERS = "providers: {openai: {keys: [env.KEY]}}\n"


def server_of(found: Config | list[Problem]) -> Server:
    assert isinstance(found, Config), found
    return found.server


def test_without_a_table_the_defaults_hold(read: Read) -> None:
    assert server_of(read(PROVIDERS)) == Server()


def test_what_is_written_replaces_its_default_only(read: Read) -> None:
    text = PROVIDERS + "server: {drain_s: 0, json_depth_max: 9, body_mb_max: 0.5}"
    found = server_of(read(text))
    assert found == Server(drain_s=0, json_depth_max=9, body_mb_max=0.5)
    assert isinstance(found.json_depth_max, int)


def test_names_are_kept_as_they_are_written(read: Read) -> None:
    text = PROVIDERS + "server: {hosts: [Gate.Example, '*.in.example', '*']}"
    hosts = ("Gate.Example", "*.in.example", "*")
    assert server_of(read(text)).hosts == hosts


def test_proxies_are_kept_as_ranges(read: Read) -> None:
    text = PROVIDERS + "server: {trusted_proxies: [10.0.0.5, '2001:db8::/32']}"
    assert server_of(read(text)).trusted_proxies == ("10.0.0.5/32", "2001:db8::/32")


@pytest.mark.parametrize(
    ("written", "key", "message", "fix"),
    [
        ("3", "server", "expected a table of the server's bounds", "write a table"),
        ("{drain: 3}", "server.drain", "unknown key", 'did you mean "drain_s"?'),
        ("{drain_s: -1}", "server.drain_s", "-1 cannot be used", "from 0 to 86400"),
        ("{idle_s: 0}", "server.idle_s", "0 cannot be used", "from 0.1 to 86400"),
        ("{idle_s: 5s}", "server.idle_s", "expected a number", "without quotes"),
        ("{body_mb_max: 5000}", "server.body_mb_max", "5000 cannot be", "to 4096"),
        ("{json_depth_max: 2.5}", "server.json_depth_max", "2.5 can", "a whole number"),
        ("{hosts: gate}", "server.hosts", "expected a list of names", "write a list"),
        ("{hosts: []}", "server.hosts", "the list is empty", "add an item"),
        ("{hosts: [7]}", "server.hosts[1]", "expected a name", "in quotes"),
        ("{hosts: ['a:80']}", "server.hosts[1]", '"a:80" cannot', "without a port"),
        ("{hosts: [a, '*b']}", "server.hosts[2]", '"*b" cannot', "*.example"),
        (
            "{cors_origins: [app.example]}",
            "server.cors_origins[1]",
            '"app.example" cannot be used',
            "https://app.example",
        ),
        (
            "{cors_origins: ['https://a.example/']}",
            "server.cors_origins[1]",
            "cannot be used",
            "without a path",
        ),
        (
            "{trusted_proxies: [10.0.0.1/8]}",
            "server.trusted_proxies[1]",
            '"10.0.0.1/8" names an address inside of its range: 10.0.0.0/8',
            "the proxies' own addresses",
        ),
        (
            "{trusted_proxies: [proxy.example]}",
            "server.trusted_proxies[1]",
            "is no range of addresses",
            'such as "10.0.0.5"',
        ),
        (
            "{trusted_proxies: 10.0.0.1}",
            "server.trusted_proxies",
            "expected a list of ranges",
            "write a list",
        ),
        ("{connections_max: 0}", "server.connections_max", "0 cannot", "from 1 to"),
        ("{head_s: 0}", "server.head_s", "0 cannot be used", "from 0.1 to 86400"),
        ("{json_depth_max: 257}", "server.json_depth_max", "257 can", "from 1 to 256"),
    ],
)
def test_a_mistake_is_told_with_its_line_key_and_fix(
    read: Read, written: str, key: str, message: str, fix: str
) -> None:
    found = read(f"{PROVIDERS}server: {written}")
    assert isinstance(found, list)
    (problem,) = found
    assert (problem.line, problem.key) == (2, key)
    assert message in problem.message
    assert fix in problem.fix
