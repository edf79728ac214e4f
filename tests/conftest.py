"""What holds for every test.

Hypothesis draws the same examples each time, so that `main` is as green tomorrow as it
was today; `--hypothesis-profile=explore` draws new ones, to look for more.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from postgres_server import PostgresServer, postgres_server

pytest_plugins = ["secret_hygiene"]

# What a test starts without a word on it must not write to the home of whoever runs it.
os.environ["HELIOGRAPH_LEDGER"] = "off"

# How long an example takes says how busy the machine is, and is no test's business.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", UNHURRIED, derandomize=True)
settings.register_profile("explore", UNHURRIED, derandomize=False, max_examples=1000)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """PostgreSQL's server: one for all tests of a process, started by the first."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """An empty place in it, as `ledger.url` names it."""
    return postgres.fresh_url()


@pytest.fixture
def frail_postgres(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The same, for who kills it: it is started again when the test ends."""
    yield postgres
    postgres.start()
