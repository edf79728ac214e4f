"""The `tls` table: what can be used is used, and each mistake names file and fix."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from heliograph.gateway.config import Problem, read_file
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config, Tls

PROVIDERS = "providers: {openai: {keys: [k-111111]}}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tls")
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 2 -subj /CN=x"
    for name, how in (("a", "-nodes"), ("b", "-nodes"), ("c", "-passout pass:abcd")):
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        command = ["openssl", *make.split(), *how.split(), *files]
        subprocess.run(command, check=True, capture_output=True, cwd=place)
    (place / "note.txt").write_text("not a certificate")
    whole = (place / "a.pem").read_text()
    (place / "cut.pem").write_text(whole[: len(whole) // 2])
    return place


@pytest.fixture
def read(folder: Path) -> Callable[[str], Config | list[Problem]]:
    def read_it(table: str) -> Config | list[Problem]:
        path = folder / "gateway.yaml"
        path.write_text(f"{PROVIDERS}server:\n  tls: {table}\n")
        return read_file(path, endpoints=ENDPOINTS, environ={})

    return read_it


def test_paths_count_from_the_files_folder(
    read: Callable[[str], Config | list[Problem]], folder: Path
) -> None:
    config = read("{certificate: a.pem, key: a.key}")
    assert isinstance(config, Config)
    assert config.server.tls == Tls(str(folder / "a.pem"), str(folder / "a.key"))
    config = read(f"{{certificate: {folder}/a.pem, key: {folder}/a.key}}")
    assert isinstance(config, Config)


@pytest.mark.parametrize(
    ("table", "key", "message", "fix"),
    [
        ("yes", "server.tls", "expected a table of two files", "write a table"),
        ("{key: a.key}", "server.tls", '"certificate" is missing', "certificate:"),
        ("{certificate: a.pem}", "server.tls", '"key" is missing', 'add "key:'),
        (
            "{certificate: a.pem, key: a.key, chain: x}",
            "server.tls.chain",
            "unknown key",
            "allowed here: certificate, key",
        ),
        (
            "{certificate: no.pem, key: a.key}",
            "server.tls.certificate",
            '"no.pem" cannot be read: no such file',
            "counts from this file's folder",
        ),
        (
            "{certificate: note.txt, key: a.key}",
            "server.tls.certificate",
            '"note.txt" holds no certificate',
            "BEGIN CERTIFICATE",
        ),
        (
            "{certificate: a.pem, key: a.pem}",
            "server.tls.key",
            '"a.pem" holds no key',
            "PRIVATE KEY",
        ),
        (
            "{certificate: a.pem, key: b.key}",
            "server.tls.key",
            "is not the key of that certificate",
            "made together",
        ),
        (
            "{certificate: c.pem, key: c.key}",
            "server.tls.key",
            '"c.key" is encrypted',
            "openssl pkey",
        ),
        (
            "{certificate: cut.pem, key: a.key}",
            "server.tls.key",
            "one of the two is damaged",
            "made together",
        ),
        ("{certificate: 7, key: a.key}", "server.tls.certificate", "expec", "quotes"),
    ],
)
def test_a_mistake_is_told_with_its_line_key_and_fix(
    read: Callable[[str], Config | list[Problem]],
    table: str,
    key: str,
    message: str,
    fix: str,
) -> None:
    found = read(table)
    assert isinstance(found, list)
    (problem,) = found
    assert (problem.line, problem.key) == (3, key)
    assert message in problem.message
    assert fix in problem.fix
