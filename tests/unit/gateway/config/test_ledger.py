"""Where the ledger is, from a file or the environment, and what cannot be one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from heliograph.gateway.config import Problem, fault_of_variable, from_environment
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Bodies, Config

Read = Callable[..., Config | list[Problem]]

PROVIDERS = "\nproviders:\n  openai:\n    keys: [sk-a]\n"


def place(config: Config | list[Problem]) -> str | None:
    assert isinstance(config, Config), config
    found = config.ledger.place
    return None if found is None else found.reveal()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("off", None),
        ("/var/lib/ledger.db", "/var/lib/ledger.db"),
        ("sqlite:///var/lib/ledger.db", "/var/lib/ledger.db"),
        ("~/ledger.db", "/h/ledger.db"),
        ("env.PLACE", "/from/env.db"),
        ("postgresql://u:hunter2@db:5432/x", "postgresql://u:hunter2@db:5432/x"),
        ("{url: off}", None),
        ("{url: /var/lib/ledger.db}", "/var/lib/ledger.db"),
    ],
)
def test_a_place_that_is_written(read: Read, written: str, meant: str | None) -> None:
    environ = {"HOME": "/h", "PLACE": "/from/env.db", "HELIOGRAPH_LEDGER": "/no.db"}
    assert place(read(f"ledger: {written}{PROVIDERS}", environ)) == meant


def test_a_path_is_relative_to_the_folder_of_the_file(read: Read) -> None:
    found = place(read(f"ledger: mine/ledger.db{PROVIDERS}"))
    assert found == str(Path("mine/ledger.db").absolute())


@pytest.mark.parametrize(
    ("environ", "meant"),
    [
        ({"HELIOGRAPH_LEDGER": "/v/l.db", "HOME": "/h"}, "/v/l.db"),
        ({"HELIOGRAPH_LEDGER": "off", "HOME": "/h"}, None),
        ({"HELIOGRAPH_LEDGER": " ", "HOME": "/h"}, USUAL := "/h/.local/state/"),
        ({"HOME": "/h"}, USUAL),
        ({"HOME": "/h", "XDG_STATE_HOME": "/s"}, "/s/"),
        ({}, None),
    ],
)
def test_a_place_that_the_file_does_not_say(
    read: Read, environ: dict[str, str], meant: str | None
) -> None:
    if meant is not None and meant.endswith("/"):
        meant += "heliograph/ledger.db"
    assert place(read(PROVIDERS, environ)) == meant
    assert place(read(f"ledger: {{}}{PROVIDERS}", environ)) == meant
    assert place(from_environment(environ, ENDPOINTS, lambda _: ())) == meant


@pytest.mark.parametrize(
    ("written", "key", "said"),
    [
        ("mysql://u:hunter2@db/x", "ledger", "behind this kind of address"),
        ("postgresql://u:hunter2@db:x/y", "ledger", "port that cannot be read"),
        ("sqlite://relative.db", "ledger", "does not begin with /"),
        ("/var/lib/", "ledger", "no path of a file"),
        ("{url: 7}", "ledger.url", "found a number"),
        ("{urls: off}", "ledger.urls", "unknown key"),
        ("[off]", "ledger", "found a list"),
        ("env.NOT_SET", "ledger", "NOT_SET is not set"),
    ],
)
def test_what_can_be_no_ledger_is_told_and_not_quoted(
    read: Read, written: str, key: str, said: str
) -> None:
    problems = read(f"ledger: {written}{PROVIDERS}")
    assert isinstance(problems, list)
    (problem,) = problems
    assert (problem.line, problem.key) == (1, key)
    assert said in str(problem)
    assert "hunter2" not in str(problem)


def test_a_variable_that_can_name_no_ledger_is_told() -> None:
    assert fault_of_variable({}) is None
    assert fault_of_variable({"HELIOGRAPH_LEDGER": "/v/l.db"}) is None
    fault = fault_of_variable({"HELIOGRAPH_LEDGER": "mysql://hunter2@db"})
    assert fault is not None
    assert fault.startswith("HELIOGRAPH_LEDGER: no ledger can be kept")
    assert "hunter2" not in fault


def test_how_long_and_how_much_is_kept(read: Read) -> None:
    found = read(f"ledger: {{keep_days: 7, size_mb_max: 500}}{PROVIDERS}")
    assert isinstance(found, Config)
    kept = found.ledger
    assert (kept.keep_days, kept.keep_sums_days, kept.size_mb_max) == (7, 800, 500)


def test_what_was_said_is_kept_only_where_that_is_switched_on(read: Read) -> None:
    off = read(f"ledger: {{keep_days: 7}}{PROVIDERS}")
    on = read(f"ledger: {{bodies: {{}}}}{PROVIDERS}")
    bounded = read(f"ledger: {{bodies: {{keep_days: 1, kb_max: 8}}}}{PROVIDERS}")
    assert isinstance(off, Config)
    assert isinstance(on, Config)
    assert isinstance(bounded, Config)
    assert off.ledger.bodies is None
    assert on.ledger.bodies == Bodies()
    assert bounded.ledger.bodies == Bodies(keep_days=1, kb_max=8)


@pytest.mark.parametrize(
    ("written", "key", "said"),
    [
        ("{bodies: on}", "bodies", "expected a table, {} for the usual bounds"),
        ("{bodies: {kb_max: 0}}", "bodies.kb_max", "0 cannot be used"),
        ("{bodies: {days: 1}}", "bodies.days", "unknown key"),
        ("{keep_days: 0}", "keep_days", "0 cannot be used; write a number above 0"),
        ("{size_mb_max: 0.5}", "size_mb_max", "0.5 cannot be used"),
        ("{keep_sums_days: long}", "keep_sums_days", "expected a number, found a text"),
        ("{keep: 7}", "keep", "unknown key"),
    ],
)
def test_what_can_be_no_bound_is_told(
    read: Read, written: str, key: str, said: str
) -> None:
    problems = read(f"ledger: {written}{PROVIDERS}")
    assert isinstance(problems, list)
    assert problems[0].key == f"ledger.{key}"
    assert said in str(problems[0])
