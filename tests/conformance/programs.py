"""Programs that the tests run as a user would: started, read, asked, stopped."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection
from pathlib import Path
from threading import Condition, Thread
from typing import Self
from urllib.parse import urlsplit

import heliograph
from secret_hygiene import look, remember

ROOT = Path(__file__).parents[2]
SOURCE = str(Path(heliograph.__file__).parents[1])
"""What the tests import is what they start, wherever it is installed from."""
ARTICLE = ROOT / "examples" / "gateway" / "article.yaml"
START_S = 60.0
STOP_S = 20.0
SERVES = r"serves on (http://\S+)/v1$"
SIMULATES = r"^SIMULATED providers on (http://[^\s:]+:\d+):"

Json = dict[str, object]


class Program:
    """A Python program under way, to be used with `with`; its output is kept.

    It sees *environ* and no other variable, so that a key in the environment of
    whoever runs the tests can change nothing.
    """

    def __init__(
        self, arguments: Sequence[str], *, environ: Mapping[str, str] | None = None
    ) -> None:
        self.lines: list[str] = []
        for name, value in (environ or {}).items():
            if "KEY" in name:
                remember(value)
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": SOURCE, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._ended = False
        self._changed = Condition()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def until(self, pattern: str) -> str:
        """Wait for a line with *pattern*; return its first group."""
        found: list[str] = []

        def is_there() -> bool:
            matches = (re.search(pattern, line) for line in self.lines)
            found.extend(match[1] for match in matches if match)
            return bool(found) or self._ended

        with self._changed:
            self._changed.wait_for(is_there, START_S)
        assert found, f"no line with {pattern!r} in: {self.lines}"
        return found[0]

    def stop(self) -> int:
        """Ask it to end; return its exit status."""
        self.process.terminate()
        return self._gone()

    def kill(self) -> None:
        """End it at once, without a word to anybody."""
        self.process.kill()
        self._gone()

    def _gone(self) -> int:
        status = self.process.wait(STOP_S)
        self._reader.join(STOP_S)
        return status

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            for line in output:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.kill()
        look("\n".join(self.lines), "what a program says and writes")


class Gateway(Program):
    """`heliograph serve -c FILE`."""

    def __init__(self, config: Path, environ: Mapping[str, str] | None = None) -> None:
        serve = ["-m", "heliograph", "serve", "-c", str(config), "--port", "0"]
        super().__init__(serve, environ=environ)

    @property
    def url(self) -> str:
        """`http://HOST:PORT`."""
        return self.until(SERVES)


class Providers(Program):
    """`heliograph simulate providers`."""

    def __init__(self) -> None:
        super().__init__(["-m", "heliograph", "simulate", "providers", "--port", "0"])

    @property
    def url(self) -> str:
        """`http://HOST:PORT`."""
        return self.until(SIMULATES)

    def misbehave(self, *rules: Json) -> None:
        """Put *rules* in force and forget what was seen."""
        call(self.url, "PUT", "/_control/rules", body=list(rules))
        call(self.url, "POST", "/_control/reset")

    def seen(self) -> list[Json]:
        """Return the chat calls seen since the rules were set, oldest first."""
        log = call(self.url, "GET", "/_control/log")
        assert isinstance(log, list)
        return [entry for entry in log if entry["call"] == "chat"]


def call(url: str, method: str, path: str, *, body: object = None) -> object:
    """Make one HTTP call; return the JSON of its answer, which must be a success."""
    parts = urlsplit(url)
    assert parts.hostname
    connection = HTTPConnection(parts.hostname, parts.port, timeout=STOP_S)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"content-type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 200, said
        return json.loads(said)
    finally:
        connection.close()
