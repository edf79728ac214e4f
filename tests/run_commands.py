"""Commands run as the command line does, within the test's own process."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

from heliograph.cli import main


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


Heliograph: TypeAlias = Callable[..., Done]


def runner(capsys: pytest.CaptureFixture[str]) -> Heliograph:
    """Return what runs a command of these arguments."""

    def run(*arguments: str | Path) -> Done:
        code = main([str(one) for one in arguments])
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run
