"""What fuzzing found stays found: each input of the corpus is judged again."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
from case import written
from run import TARGETS

FUZZ = Path(__file__).resolve().parents[2] / "fuzz"
INPUTS_MAX = 600
BYTES_MAX = 500_000

Judge = Callable[[bytes], None]


def judge_of(name: str) -> Judge:
    judge: Judge = importlib.import_module(f"targets.{name}").judge
    return judge


def kept(name: str) -> list[Path]:
    return sorted((FUZZ / "corpus" / name).iterdir())


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_the_corpus_is_read_as_it_must_be(name: str) -> None:
    paths = kept(name)
    assert len(paths) > 10
    judge = judge_of(name)
    for path in paths:
        try:
            judge(path.read_bytes())
        except Exception as error:
            error.add_note(f"input: {path}")
            raise


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_read_as_it_must_be(name: str) -> None:
    cases = importlib.import_module(f"targets.{name}").seeds()
    assert len(cases) > 20
    judge = judge_of(name)
    for case in cases:
        judge(written(*case))


def test_the_corpus_is_small() -> None:
    sizes = [path.stat().st_size for name in TARGETS for path in kept(name)]
    assert len(sizes) <= INPUTS_MAX
    assert sum(sizes) <= BYTES_MAX
