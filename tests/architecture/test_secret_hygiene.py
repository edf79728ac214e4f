"""That a secret which is told is found: the check itself must be able to fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from architecture.tree import ROOT
from heliograph.gateway.ledger.key_hash import new_secret
from heliograph.gateway.types import Secret
from secret_hygiene import HYGIENE, OURS, look, remember

LEAKY = """
from heliograph.gateway.ledger.key_hash import new_secret
from heliograph.gateway.types import Secret

def test_{name}():
    secret, given = new_secret("hg-"), Secret("sk-given-by-a-provider")
    print({told})
    assert secret
"""


@pytest.mark.parametrize(
    ("told", "code", "processes"),
    [
        ("secret", 1, ()),
        ("secret", 1, ("-n", "1")),
        ("secret.removeprefix('hg-')", 1, ()),
        ("'key=' + given.reveal() + '&'", 1, ()),
        ("secret[-4:], given", 0, ("-n", "1")),
    ],
)
def test_a_suite_whose_output_holds_a_secret_fails(
    tmp_path: Path, told: str, code: int, processes: tuple[str, ...]
) -> None:
    (tmp_path / "test_told.py").write_text(LEAKY.format(name="told", told=told))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "secret_hygiene"]
    command += ["-p", "no:cacheprovider", "-p", "xdist", *processes, str(tmp_path)]
    # What else is installed need not be loaded, and may say something of its own.
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, **alone, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == code
    assert ("LEAK: the output of " in done.stdout) is bool(code)
    assert "sk-given" not in done.stdout


@pytest.mark.parametrize("prefix", ["hg-", "hgadmin-"])
def test_a_key_is_found_wherever_it_stands(prefix: str) -> None:
    secret = new_secret(prefix)
    for held in (secret, f"x{secret[len(prefix) :]}x", f'{{"a":"{secret}"}}'):
        with pytest.raises(pytest.fail.Exception) as failed:
            look(held, "a test")
        assert "a test tells a secret" in str(failed.value)
        assert secret not in str(failed.value)


def test_a_key_of_another_process_is_known_by_its_looks() -> None:
    assert OURS.search(b"hg-" + b"A" * 43)
    assert OURS.search(b'"hgadmin-' + b"-_09azAZ" * 5 + b'abc"')
    look("hg-0b00e353-00000001 key-5f0c1a9be2d4 ...a1B2", "a test")


def test_providers_keys_are_remembered_as_they_are_read() -> None:
    Secret("sk-of-some-provider")
    assert b"sk-of-some-provider" in HYGIENE.secrets
    assert remember("short") == "short"
    assert b"short" not in HYGIENE.secrets


def test_what_programs_say_log_and_answer_is_looked_through() -> None:
    places = {
        "tests/gateway/raw_client.py": 2,
        "tests/gateway/process.py": 2,
        "tests/gateway/running.py": 1,
        "tests/conformance/programs.py": 1,
    }
    for place, times in places.items():
        assert (ROOT / place).read_text(encoding="utf-8").count(" look(") == times
