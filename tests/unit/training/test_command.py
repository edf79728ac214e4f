"""`heliograph train` without torch, which no tested environment has."""

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from heliograph.cli import parser
from heliograph.training.settings import Recipe

WITHOUT_TORCH = (
    "import sys; sys.modules['torch'] = None; "
    "from heliograph.cli import main; sys.exit(main(sys.argv[1:]))"
)


def test_without_torch_it_says_what_to_install() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, "train", "--out", "/nowhere/at/all"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 1
    assert "torch is not installed" in ran.stderr
    assert "pip install 'heliograph[train]'" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_who_chooses_nothing_gets_the_recipe() -> None:
    told = vars(parser().parse_args(["train", "--out", "run"]))
    recipe = Recipe(Path("run"))
    for wanted in (recipe, recipe.training):
        known = {field.name for field in fields(wanted)} & told.keys()
        for name in known - {"data", "held_out"}:
            assert told[name] == getattr(wanted, name), name
    assert told["surface"] == recipe.training.spec.kind
    assert {"scenes", "epochs", "batch", "rate", "seed", "threads"} <= told.keys()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--rate", "0", "is no rate"),
        ("--rate", "fast", "is no rate"),
        ("--seed", "-1", "is no seed"),
        ("--epochs", "0", "is no number of 1 or more"),
        ("--surface", "voxels", "invalid choice"),
    ],
)
def test_a_mistaken_option_is_refused(
    option: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["train", "--out", "x", f"{option}={value}"])
    assert said in capsys.readouterr().err
