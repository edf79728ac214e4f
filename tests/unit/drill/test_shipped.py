"""The drills that come with Heliograph, and the copies people read."""

from importlib.resources import files

import pytest

from drill_parts import ROOT, article
from heliograph.drill.command import names
from heliograph.drill.reading import script_of

EXAMPLES = ROOT / "examples" / "drills"


def test_the_examples_are_those_that_come_along() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.yaml")) == names()


@pytest.mark.parametrize("name", names())
def test_an_example_is_what_comes_along_and_has_no_mistake(name: str) -> None:
    ours = files("heliograph.drill").joinpath("scripts", f"{name}.yaml").read_bytes()
    assert ours == (EXAMPLES / f"{name}.yaml").read_bytes()
    read = script_of(ours.decode(), name, article())
    assert isinstance(read, tuple), read
    script, _ = read
    assert script.about
    asked = script.objectives
    assert None not in {
        asked.availability,
        asked.added_p99_ms,
        asked.attempts_on_sick,
        asked.recovery_s,
    }


def test_the_config_that_is_played_without_one_is_the_articles() -> None:
    ours = files("heliograph.drill").joinpath("article.yaml").read_bytes()
    assert ours == (ROOT / "examples" / "gateway" / "article.yaml").read_bytes()
