"""`heliograph prices`, as it is called."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = """\
providers:
  openai:
    keys: [{value: env.SOME_KEY}]
    models: [gpt-4o]
  proxy:
    base_url: http://127.0.0.1:1/v1
    models: [gpt-4o, some-llama]
  ollama:
prices:
  proxy/gpt-4o: {like: openai/gpt-4o}
  ollama/*: {free: true}
"""


def prices(*arguments: str) -> tuple[int, str, str]:
    """Run the command; return its status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "heliograph", "prices", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={
            "SOME_KEY": "sk-some",
            "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        },
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG)
    return str(path)


def test_a_model_is_shown_with_source_and_date() -> None:
    status, out, err = prices("gpt-4o-2024-05-13")
    assert (status, err) == (0, "")
    assert out.startswith("Dollars per million tokens\nopenai/gpt-4o-2024-05-13")
    assert "5 in" in out
    assert "15 out" in out
    assert "(openai/gpt-4o-2024-05-13, 2026-" in out
    assert "https://developers.openai.com/api/docs/pricing)" in out


def test_the_targets_of_a_config_are_shown_and_what_is_not_known(config: str) -> None:
    status, out, _ = prices("-c", config)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()[1:4]] == [
        "openai/gpt-4o",
        "proxy/gpt-4o",
        "ollama/*",
    ]
    assert "No price is known of: proxy/some-llama\n" in out


def test_programs_are_told_exact_amounts(config: str) -> None:
    status, out, _ = prices("-c", config, "--json", "proxy")
    first, second = json.loads(out)
    assert status == 0
    assert (first["target"], first["row"]) == ("proxy/gpt-4o", "openai/gpt-4o")
    assert first["rates"]["cached"] == "1.25"
    assert second == {"target": "proxy/some-llama", "row": None}


def test_all_rows_are_listed_and_a_part_of_a_name_is_enough() -> None:
    _, everything, _ = prices()
    _, some, _ = prices("sonnet-4-5")
    assert len(everything.splitlines()) > 2000
    assert 1 < len(some.splitlines()) < 50
    assert all("sonnet-4" in line for line in some.splitlines()[1:])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no-such-model",), "error: no row is called 'no-such-model'"),
        (("-c", "gone.yaml"), "there is no such file"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments: tuple[str, ...], said: str) -> None:
    status, out, err = prices(*arguments)
    assert (status, out) == (1, "")
    assert said in err
    assert err.count("\n") <= 2


def test_a_price_like_a_row_that_is_not_there_is_a_mistake_with_its_line(
    tmp_path: Path,
) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG.replace("like: openai/gpt-4o", "like: openai/gpt-4x"))
    status, _, err = prices("-c", str(path))
    assert status == 1
    assert f'{path}:10: prices.proxy/gpt-4o.like: no price row is called "op' in err
