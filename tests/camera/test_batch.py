"""Many recordings to captions: each scene once, whatever ends a run."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from rich.console import Console

from heliograph.camera import batch_command, batch_view
from heliograph.camera.batch_command import run_caption
from heliograph.camera.captioning.limits import Limits
from heliograph.camera.types import EVENT
from loopback_gateway import (
    TOLD,
    Asked,
    LoopbackGateway,
    Said,
    completion,
    loopback_gateway,
    one_line_about,
)
from moving_bar import BLOBS_LINE, write_moving_bar
from waiting import PATIENCE_S

CONFIG = (
    f"{BLOBS_LINE}captioning:\n  captions_per_s: 20\n  again_s: 0.05\n  workers: 1\n"
)
COST = 0.0005
"""What `loopback_gateway.TOLD` tells."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings, one below, and what is none."""
    made = tmp_path_factory.mktemp("batch") / "rec"
    (made / "more").mkdir(parents=True)
    for seed, name in enumerate(("a.raw", "b.raw", "more/c.raw")):
        write_moving_bar(made / name, seconds=2.0, seed=seed)
    (made / "notes.txt").write_text("none of ours")
    (made / "camera.yaml").write_text(CONFIG)
    return made


@pytest.fixture
def gateway() -> Iterator[LoopbackGateway]:
    with loopback_gateway() as running:
        yield running


def run(
    folder: Path,
    gateway: LoopbackGateway,
    out: Path,
    *,
    resume: bool = False,
    cost_max_usd: float | None = None,
    unknown_cost: Literal["stop", "allow"] = "stop",
) -> int:
    return run_caption(
        [folder],
        out=out,
        resume=resume,
        cost_max_usd=cost_max_usd,
        unknown_cost=unknown_cost,
        config=folder / "camera.yaml",
        gateway=gateway.url,
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def ids(path: Path) -> Counter[str]:
    assert {line["rung"] for line in lines(path)} == {"cloud"}
    return Counter(line["id"] for line in lines(path))


def test_a_batch_is_captioned_skips_what_is_none_and_says_what_it_came_to(
    folder: Path,
    gateway: LoopbackGateway,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "captions.jsonl"
    assert run(folder, gateway, out) == 0
    told = ids(out)
    assert set(told.values()) == {1}
    assert {id_[0] for id_ in told} == {"a", "b", "c"}
    said = capfd.readouterr().out.splitlines()
    assert [line.split("]")[0] for line in said[:-1]] == [
        f"[{n}/5" for n in range(1, 6)
    ]
    assert f"{folder / 'notes.txt'}: skipped: no recording that we read" in said[4]
    total = f"3 of 3 recordings done, 2 skipped; {len(told)} captions"
    spent = f"${len(told) * COST:.6f}".rstrip("0")
    assert said[-1].startswith(total)
    assert said[-1].endswith(spent)
    # Once more: nothing is read or asked again.
    asked = len(gateway.asked)
    assert run(folder, gateway, out, resume=True) == 0
    again = capfd.readouterr().out.splitlines()
    assert sum("captioned before" in line for line in again) == 3
    assert len(gateway.asked) == asked
    assert ids(out) == told
    # And a new batch does not mix with it.
    assert run(folder, gateway, out) == 1
    assert "--resume" in capfd.readouterr().err


def test_a_batch_that_is_killed_goes_on_and_captions_each_scene_once(
    folder: Path, gateway: LoopbackGateway, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "captions.jsonl"
    run(folder, gateway, whole)
    expected = ids(whole)
    half = threading.Event()
    asked: list[Asked] = []

    def answer(said: Asked) -> Said:
        asked.append(said)
        if len(asked) == len(expected) // 2:
            half.set()
        return one_line_about(said)

    gateway.answering = answer
    command = [sys.executable, "-m", "heliograph", "caption", str(folder)]
    command += ["--out", str(out), "--config", str(folder / "camera.yaml")]
    command += ["--gateway", gateway.url, "--resume"]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environ) as killed:
        waited = half.wait(PATIENCE_S)
        killed.send_signal(signal.SIGKILL)
    assert waited
    assert killed.returncode == -signal.SIGKILL
    before = len(lines(out))
    assert 0 < before < len(expected)
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert ids(out) == expected
    assert f"and {before} from before" in done.stdout
    # What was under way, one question, may have been put twice.
    assert len(asked) <= len(expected) + 1


def test_a_cap_ends_a_batch_before_it_is_passed_and_a_higher_one_goes_on(
    folder: Path,
    gateway: LoopbackGateway,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "captions.jsonl"
    assert run(folder, gateway, out, cost_max_usd=2.5 * COST) == 3
    assert "error: one more may pass the cap, $0.001 are spent; --resume" in (
        capfd.readouterr().err
    )
    assert len(gateway.questions) == len(lines(out)) == 2
    assert run(folder, gateway, out, cost_max_usd=1.0, resume=True) == 0
    assert set(ids(out).values()) == {1}
    assert len(gateway.questions) == len(lines(out))


def test_a_cost_that_is_not_told_ends_a_batch_under_a_cap_unless_it_may(
    folder: Path,
    gateway: LoopbackGateway,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = {name: said for name, said in TOLD.items() if "cost" not in name}
    gateway.answering = lambda _: completion("somebody", **told)
    out = tmp_path / "captions.jsonl"
    assert run(folder, gateway, out, cost_max_usd=1.0) == 3
    assert "costs is not told" in capfd.readouterr().err
    assert len(lines(out)) == 1
    allowed = run(
        folder, gateway, out, cost_max_usd=1.0, unknown_cost="allow", resume=True
    )
    assert allowed == 0
    assert "of unknown cost" in capfd.readouterr().out.splitlines()[-1]
    assert set(ids(out).values()) == {1}


def test_a_gateway_that_stays_away_ends_a_batch_and_costs_no_scene(
    folder: Path,
    gateway: LoopbackGateway,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hasty = partial(Limits, rests_s=(0.01, 0.02))
    monkeypatch.setattr(batch_command, "Limits", hasty)
    out = tmp_path / "captions.jsonl"
    gateway.answering = lambda _: (
        one_line_about(_) if len(gateway.questions) <= 3 else Said(503)
    )
    assert run(folder, gateway, out) == 1
    assert "the gateway stays away" in capfd.readouterr().err
    assert len(lines(out)) == 3
    gateway.answering = one_line_about
    assert run(folder, gateway, out, resume=True) == 0
    assert set(ids(out).values()) == {1}
    assert {id_[0] for id_ in ids(out)} == {"a", "b", "c"}


def test_a_terminal_has_a_bar_with_captions_cost_and_what_is_left(
    folder: Path,
    gateway: LoopbackGateway,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=120, height=20)
    monkeypatch.setattr(batch_view, "Console", lambda **_: terminal)
    out = tmp_path / "captions.jsonl"
    assert run(folder, gateway, out) == 0
    shown = screen.getvalue()
    assert "5 left" in shown
    assert "0 captions  $0.00" in shown
    assert "a.raw: " in shown
    number = len(lines(out))
    spent = f"${number * COST:.6f}".rstrip("0")
    assert f"{number} captions  {spent}  0 left" in shown
    assert "notes.txt: skipped" in shown


def test_a_batch_of_nothing_and_a_recording_that_breaks_off_are_told(
    folder: Path,
    gateway: LoopbackGateway,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "camera.yaml").write_text(CONFIG)
    assert run(bare, gateway, tmp_path / "none.jsonl") == 1
    assert "there is no recording to caption" in capfd.readouterr().err
    whole = (folder / "a.raw").read_bytes()
    (bare / "cut.raw").write_bytes(whole[:-1])
    events = np.zeros(1, EVENT)
    np.save(bare / "no_size.npy", events)
    np.save(bare / "labels.npy", np.zeros(3))
    assert run(bare, gateway, tmp_path / "captions.jsonl") == 1
    said = capfd.readouterr()
    assert "1 broken off, 1 not read, 2 skipped" in said.out
    # A recording, if one that needs a word more.
    assert f"{bare / 'no_size.npy'}: not read: " in said.out
    assert f"{bare / 'labels.npy'}: skipped: " in said.out
    assert "not every recording is captioned wholly" in said.err
