"""No secret that a test uses is ever told: a plugin of pytest, loaded for all tests.

Secrets are remembered as they are made, in this process and in those of xdist. What our
programs say, log and answer is looked through at once, wherever a test reads it; what
pytest has captured of each test, at the end. What looks like a key of ours is taken for
one, also if nobody remembered it: it was made in another process.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import pytest

from heliograph.gateway.ledger import key_hash, key_secret
from heliograph.gateway.types import Secret

FOLDER = "HELIOGRAPH_TEST_SECRETS"
CHARACTERS_MIN = 12
PROVIDERS_KEYS = ("sk-", "gsk_", "AIza")
OURS = re.compile(rb"\b(hg|hgadmin)-[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")


class Hygiene:
    """The secrets of one process, and what was captured of its tests."""

    def __init__(self) -> None:
        self.secrets: set[bytes] = set()
        self.captured: list[tuple[str, bytes]] = []
        self.leaks: list[str] = []

    def remember(self, secret: str) -> None:
        """Look out for *secret* from now on."""
        known = secret.encode()
        if len(secret) < CHARACTERS_MIN or known in self.secrets:
            return
        self.secrets.add(known)
        folder = os.environ.get(FOLDER)
        if folder is not None:
            with (Path(folder) / str(os.getpid())).open("ab") as file:
                file.write(known + b"\n")

    def found_in(self, data: bytes) -> bytes | None:
        """Return the secret that *data* holds, if it does."""
        ours = OURS.search(data)
        if ours is not None:
            return ours[0]
        return next((secret for secret in self.secrets if secret in data), None)


HYGIENE = Hygiene()


def remember(secret: str) -> str:
    """Look out for *secret* from now on, and return it."""
    HYGIENE.remember(secret)
    return secret


def look(data: bytes | str, where: str) -> None:
    """Fail if *data*, which *where* tells of, holds a secret; it is not told again."""
    held = data.encode() if isinstance(data, str) else data
    secret = HYGIENE.found_in(held)
    if secret is None:
        return
    at = held.index(secret)
    around = held[max(0, at - 60) : at] + b"***"
    pytest.fail(f"{where} tells a secret, behind: {around.decode(errors='replace')}")


def remembering(make: Callable[[int], str]) -> Callable[[int], str]:
    """Wrap what makes random texts: all that come out of it are secrets."""

    def made(size: int) -> str:
        return remember(make(size))

    return made


def watch_what_is_made() -> None:
    """Remember every secret that this process makes or is given."""
    key_hash.token_urlsafe = remembering(key_hash.token_urlsafe)  # type: ignore[assignment,attr-defined] # ours
    key_secret.token_urlsafe = remembering(key_secret.token_urlsafe)  # type: ignore[assignment,attr-defined] # ours
    keep = Secret.__init__

    def kept(self: Secret, value: str) -> None:
        keep(self, value)
        if value.startswith(PROVIDERS_KEYS):
            HYGIENE.remember(value)

    Secret.__init__ = kept  # type: ignore[method-assign] # that is the purpose


def pytest_configure(config: pytest.Config) -> None:
    """Begin, before any test is read."""
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER] = mkdtemp(prefix="heliograph-secrets-")
    watch_what_is_made()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Keep what was captured of a test; xdist brings it to the first process."""
    text = "".join(content for _, content in report.sections)
    if text:
        HYGIENE.captured.append((report.nodeid, text.encode()))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look through all that was captured, for the secrets of all processes."""
    if hasattr(session.config, "workerinput"):
        return
    folder = Path(os.environ[FOLDER])
    for path in folder.iterdir():
        HYGIENE.secrets.update(path.read_bytes().splitlines())
        path.unlink()
    folder.rmdir()
    HYGIENE.leaks += [
        node for node, data in HYGIENE.captured if HYGIENE.found_in(data) is not None
    ]
    if HYGIENE.leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests whose output holds a secret."""
    for node in HYGIENE.leaks:
        terminalreporter.write_line(f"LEAK: the output of {node} holds a secret")
