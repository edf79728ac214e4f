"""Drills as a user runs them, on short scripts: the real gateway on a virtual clock."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from drill_parts import KEYS, SHORT, article, good
from heliograph.drill import play as playing
from heliograph.drill.casting import Cast
from heliograph.drill.command import names, read_config, script_at
from heliograph.drill.play import Row, play
from heliograph.drill.reading import read_script
from heliograph.drill.script import Script
from heliograph.drill.tally import Tally, tally
from heliograph.gateway.types import Config
from heliograph.simulation.providers import Seen, SimulatedProviders

BOUND_S = 100
SCALE = 1 / 15


def drill(*arguments: str | Path, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "heliograph", "drill", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=BOUND_S,
        check=False,
        env={**os.environ, **extra},
    )


def played(script: Script, cast: Cast, config: Config | None = None) -> list[Row]:
    return play(script, cast, config or article(), lambda _at_s, _sent: None)


def shipped(name: str) -> tuple[Script, Cast]:
    with script_at(name) as path:
        read = read_script(path, article())
    assert isinstance(read, tuple), read
    return read


def shortened(script: Script) -> Script:
    """Let every phase last a fifteenth, but long enough for a throttled key to rest."""
    phases = tuple(
        msgspec.structs.replace(phase, lasts_s=max(40.0, phase.lasts_s * SCALE))
        for phase in script.phases
    )
    return msgspec.structs.replace(script, phases=phases)


@cache
def shipped_and_played(name: str) -> Tally:
    """Play a drill that comes along, shortened."""
    script, cast = shipped(name)
    script = shortened(script)
    return tally(played(script, cast), script, cast, "x")


@pytest.fixture
def short(tmp_path: Path) -> Path:
    path = tmp_path / "short.yaml"
    path.write_text(SHORT)
    return path


def test_a_drill_that_holds_exits_0_and_writes_what_was_asked(
    short: Path, tmp_path: Path
) -> None:
    report, numbers = tmp_path / "report.html", tmp_path / "numbers.json"

    done = drill(short, "--report", report, "--json", numbers, **KEYS)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "held: all 2 objectives" in done.stdout
    assert "SIMULATED" in done.stdout
    assert [line.split()[1] for line in done.stderr.splitlines()] == [
        "before",
        "down",
        "after",
    ]
    told: dict[str, Any] = json.loads(numbers.read_bytes())
    assert told["availability"] == 1
    assert told["requests"] == 120
    assert told["cost_nano"] > 0
    assert told["unknown_costs"] == 0
    before, down, after = (phase["answered_by"] for phase in told["phases"])
    assert before == {"anthropic": 40}
    assert down == {"openai": 40}
    assert after["anthropic"] > 0
    assert "<svg" in report.read_text()
    said = done.stdout + done.stderr + report.read_text() + numbers.read_text()
    assert [key for key in KEYS.values() if key in said] == []


def test_a_missed_objective_exits_1(tmp_path: Path) -> None:
    strict = tmp_path / "strict.yaml"
    strict.write_text(SHORT.replace("availability: 1,", "attempts_on_sick: 0,"))
    done = drill(strict)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "MISSED" in done.stdout
    assert "missed 1 of 2 objectives" in done.stdout


def test_a_bad_script_exits_2_and_is_not_played(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SHORT.replace("lasts_s: 10\n    rules", "lats_s: 10\n    rules"))
    done = drill(bad)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f'{bad}:7: phases[2].lats_s: unknown key; did you mean "lasts_s"?' in (
        done.stderr
    )


def test_a_bad_config_exits_2(short: Path, tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text("providers: {openai: {kyes: [env.OPENAI_KEY]}}\n")
    done = drill(short, "-c", config)
    assert done.returncode == 2
    assert (
        'gateway.yaml:1: providers.openai.kyes: unknown key; did you mean "keys"?'
        in (done.stderr)
    )


def test_a_script_that_is_missing_or_not_named_exits_2() -> None:
    assert drill("nowhere.yaml").returncode == 2
    unnamed = drill()
    assert unnamed.returncode == 2
    assert "brown-out, regional-outage, throttled-key" in unnamed.stderr


def test_a_report_that_cannot_be_written_is_told_before_anything_is_played(
    short: Path,
) -> None:
    done = drill(short, "--report", "/nowhere/report.html")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "there is no folder /nowhere; make it first" in done.stderr


def test_the_list_names_every_drill_that_comes_along() -> None:
    done = drill("--list")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == names()
    assert names() == ["brown-out", "regional-outage", "throttled-key"]


def test_the_same_seed_plays_the_same_drill() -> None:
    script, cast = good()
    first = played(script, cast)
    assert first == played(script, cast)
    other = msgspec.structs.replace(script, seed=2)
    assert first != played(other, cast)


def test_the_attempts_are_those_that_the_providers_saw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Seen] = []

    class Witnessed(SimulatedProviders):
        async def close(self) -> None:
            seen.extend(self.log)
            await super().close()

    monkeypatch.setattr(playing, "SimulatedProviders", Witnessed)
    script, cast = good()
    rows = played(script, cast)
    told = tally(rows, script, cast, "x")
    sick = [entry for entry in seen if entry.provider == "anthropic"]
    assert sum(phase.attempts_on_sick for phase in told.phases) == len(sick)
    assert sum(len(row.tried) for row in rows) == len(seen)
    assert {entry.key for entry in seen} == {"ic#1", "ic#2", "ai#1"}


def test_a_config_of_ones_own_is_played_without_its_keys(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "providers:\n"
        "  house: {base_url: env.HOUSE_URL, models: [m]}\n"
        "  spare: {dialect: anthropic, base_url: https://spare.invalid/v1, models: [n],"
        " keys: [env.SPARE_KEY]}\n"
        "fallbacks: [{from: house/m, to: spare/n}]\n"
    )
    config = read_config(own)
    assert isinstance(config, Config), config
    script, cast = good(config=config)
    told = tally(played(script, cast, config), script, cast, str(own))
    assert told.availability == 1
    assert told.phases[1].answered_by == {"spare": 40}


def test_pictures_are_sent_and_answered_as_the_rest() -> None:
    script, cast = good(SHORT.replace("traffic: {", "traffic: {picture: true, "))
    told = tally(played(script, cast), script, cast, "x")
    assert told.availability == 1
    assert told.input_tokens > 120 * 80


def test_a_stream_that_breaks_is_never_truncated_silently() -> None:
    cut = "{when: {provider: primary, stream: true}, fault: {cut_after_events: 6}}"
    script, cast = good(SHORT.replace("rules: [{", f"rules: [{cut}, {{"))
    told = tally(played(script, cast), script, cast, "x")
    assert told.silent_truncations == 0
    assert {*told.failures} <= {"told"}


@pytest.mark.parametrize("name", ["brown-out", "regional-outage", "throttled-key"])
def test_a_drill_that_comes_along_loses_nothing(name: str) -> None:
    told = shipped_and_played(name)
    assert told.silent_truncations == 0
    assert told.availability == 1
    healthy = sum(phase.attempts_on_sick for phase in told.phases if not phase.sick)
    assert healthy > told.phases[0].requests * 0.4


@pytest.mark.parametrize("name", ["regional-outage", "throttled-key"])
def test_the_sick_is_left_alone_and_comes_back(name: str) -> None:
    told = shipped_and_played(name)
    sick = sum(phase.requests for phase in told.phases if phase.sick)
    assert told.attempts_on_sick < sick / 10
    assert told.recovery_s is not None
    assert told.added_p99_ms is not None
    worst = [phase.added_p50_ms for phase in told.phases[1:]]
    assert all(value is not None and value < 50 for value in worst)
