"""A config's file and the file of prices beside it: what is looked at, and read."""

import json
import os
from decimal import Overflow
from itertools import count
from pathlib import Path

import pytest

from heliograph.gateway.app import source as room
from heliograph.gateway.app.source import Source, parse
from heliograph.gateway.types import Config

SECONDS = count(1)
ALONE = "providers: {ollama: {models: [a]}}\n"
BESIDE = ALONE + "prices_file: prices.json\n"


def price(usd: float) -> str:
    row = dict.fromkeys(("input_cost_per_token", "output_cost_per_token"), usd)
    return json.dumps({"a": {"litellm_provider": "ollama", **row}})


def write(path: Path, text: str) -> None:
    """Write *text*, at a time of its own."""
    path.write_text(text, encoding="utf-8")
    at_ns = next(SECONDS) * 10**9
    os.utime(path, ns=(at_ns, at_ns))


def test_the_file_of_prices_is_looked_at_too_from_when_it_is_named(
    tmp_path: Path,
) -> None:
    source = Source(tmp_path / "gateway.yaml")
    write(tmp_path / "gateway.yaml", ALONE)
    assert len(source.read().marks) == 1
    write(tmp_path / "gateway.yaml", BESIDE)
    read = source.read()
    assert isinstance(read.found, list)  # it is not there yet
    assert read.marks == source.marks() == (read.marks[0], None)
    write(tmp_path / "prices.json", price(1e-6))
    assert source.marks() != read.marks
    read = source.read()
    assert isinstance(read.found, Config)
    assert read.marks == source.marks()
    write(tmp_path / "prices.json", price(2e-6))
    assert source.marks() != read.marks
    again = source.read()
    assert (again.data, again.marks[0]) == (read.data, read.marks[0])
    assert again.beside != read.beside
    write(tmp_path / "prices.json", price(2e-6))
    assert source.read().beside == again.beside
    write(tmp_path / "gateway.yaml", ALONE)
    assert len(source.read().marks) == 1


def test_it_is_looked_at_while_the_config_is_away(tmp_path: Path) -> None:
    source = Source(tmp_path / "gateway.yaml")
    write(tmp_path / "gateway.yaml", BESIDE)
    write(tmp_path / "prices.json", price(1e-6))
    before = source.read()
    (tmp_path / "gateway.yaml").unlink()
    assert source.read().marks == (None, before.marks[1])


@pytest.mark.parametrize("fault", [Overflow, OSError, KeyError, ValueError])
def test_what_our_reading_fails_over_is_a_problem_of_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fault: type[Exception]
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise fault("sk-canary")

    path = tmp_path / "gateway.yaml"
    write(path, BESIDE)
    with monkeypatch.context() as broken:
        broken.setattr(room, "read_data", break_down)
        broken.setattr(room, "prices_path", break_down)
        found = Source(path).read().found
    assert isinstance(found, list)
    (problem,) = found
    assert problem.file == str(path)
    assert f"failed over it: {fault.__name__} at test_source.py:" in problem.message
    assert "sk-canary" not in str(problem)
    assert isinstance(parse(ALONE.encode(), str(path)), Config)
