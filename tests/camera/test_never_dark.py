"""No alert is lost in an outage or by a kill, and none is captioned twice."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest

from caption_parts import HandClock, answer_to, job
from heliograph.camera.captioning.alerts import Alerts, AlertSettings, Origin, Stream
from heliograph.camera.captioning.client import Captioner, GatewayClient
from heliograph.camera.captioning.spool import Spool
from heliograph.camera.config import SpoolSettings, WatchSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.types import Caption
from loopback_gateway import (
    MODEL,
    Asked,
    LoopbackGateway,
    Said,
    completion,
    loopback_gateway,
    one_line_about,
)
from moving_bar import BLOBS, write_moving_bar
from waiting import PATIENCE_S, until

TESTS = Path(__file__).resolve().parents[1]
DYING_CAMERA = TESTS / "camera" / "dying_camera.py"
MINUTE_S = 60.0
EVERY_S = 30.0
"""Between two alerts of the long outage."""
BEFORE, AWAY, AFTER = 10 * MINUTE_S, 90 * MINUTE_S, 40 * MINUTE_S
MANY = WatchSettings(detector=BLOBS, captions_per_s=20.0, again_us=50_000)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


class Street:
    """A camera's alerts, one every `EVERY_S`, on a clock that stands in between."""

    def __init__(self, url: str, spool: SpoolSettings) -> None:
        self.clock = HandClock()
        self.said: list[tuple[float, Caption]] = []
        self.spool = Spool(spool, clock=self.clock)
        self.client = GatewayClient(url, clock=self.clock)
        self.alerts = Alerts(
            Captioner(self.client, MODEL, clock=self.clock, timeout_s=10.0),
            self.hear,
            clock=self.clock,
            settings=AlertSettings(),
            stream=Stream("street", "street.raw", 0),
            spool=self.spool,
        )
        self.seen = 0

    def hear(self, caption: Caption, png: bytes, origin: Origin) -> bool:
        assert png == job().png
        del origin
        self.said.append((self.clock.now_s, caption))
        return True

    def play(self, seconds: float) -> None:
        """Let *seconds* pass: alerts come, and what waits is asked about in between."""
        for _ in range(round(seconds / EVERY_S)):
            self.seen += 1
            accepted = self.alerts.accept(job(self.seen))
            assert accepted is not None
            self.alerts.put(accepted)
            until(self.is_idle, every_s=0.0002)
            self.rest(EVERY_S)

    def rest(self, seconds: float) -> None:
        end_s = self.clock.now_s + seconds
        while self.clock.now_s < end_s:
            # Not the thread of its own: it would wait by another clock.
            wait_s = self.alerts.catch_up()
            self.clock.now_s = min(end_s, self.clock.now_s + wait_s)

    def is_idle(self) -> bool:
        now = self.alerts.counters
        return now.waiting == now.in_flight == 0

    def close(self) -> None:
        self.alerts.close(drain_s=0.0, discard=True)
        self.client.close()
        self.spool.close()


@contextmanager
def street(url: str, spool: SpoolSettings) -> Iterator[Street]:
    playing = Street(url, spool)
    try:
        yield playing
    finally:
        playing.close()


def test_a_gateway_killed_for_90_minutes_costs_no_alert(tmp_path: Path) -> None:
    gateway = LoopbackGateway(lambda _: completion("a person walks by"))
    port = int(gateway.url.rpartition(":")[2])
    spool = SpoolSettings(tmp_path / "spool.db", captions_per_s=0.5)
    with street(gateway.url, spool) as camera:
        camera.play(BEFORE)
        killed_s = camera.clock.now_s
        gateway.close()
        camera.client.close()  # with its connections, as a kill ends them
        camera.play(AWAY)
        back_s = camera.clock.now_s
        assert camera.spool.counters.waiting == AWAY / EVERY_S
        with_it = LoopbackGateway(lambda _: completion("told later"), port=port)
        camera.play(AFTER)
        with_it.close()

    every_id = {f"street-{n * 1000}-{n}" for n in range(1, camera.seen + 1)}
    models = [(at_s, c) for at_s, c in camera.said if c.rung == "cloud"]
    templates = [(at_s, c) for at_s, c in camera.said if c.rung == "template"]
    # 0 lost, none twice: each alert of the 140 minutes has one caption of a model.
    assert Counter(c.id for _, c in models) == dict.fromkeys(every_id, 1)
    # In the outage each was told at once, by the template and no more than once.
    away = [f"street-{n * 1000}-{n}" for n in range(21, 201)]
    at_once = [c.id for at_s, c in templates if killed_s <= at_s < back_s]
    assert at_once == away
    assert [at_s - killed_s for at_s, _ in templates[: len(away)]] == [
        n * EVERY_S for n in range(len(away))
    ]
    assert all("moving object, moving in place" in c.text for _, c in templates)
    # Afterwards the newest first, no faster than one in two seconds. Before them those
    # that came until somebody noticed that the gateway is back.
    late = [(at_s, c) for at_s, c in models if c.age_s > 0]
    assert [c.id for _, c in late][-len(away) :] == away[::-1]
    assert len(late) - len(away) <= 2
    spaces = [b[0] - a[0] for a, b in pairwise(late)]
    assert min(spaces) >= 2.0
    assert late[0][0] - back_s < 30.0 + EVERY_S
    assert late[-1][0] - late[0][0] < 2.0 * len(late) + EVERY_S
    counters = camera.spool.counters
    assert (counters.rows, counters.caught_up, counters.lost) == (0, len(late), {})


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (402, {}),
        (429, {"retry-after": "40"}),
        (503, {}),
        (401, {}),
    ],
)
def test_a_gateway_that_refuses_is_left_alone_and_asked_later(
    tmp_path: Path, status: int, headers: dict[str, str]
) -> None:
    body = json.dumps({"error": {"message": "not now"}}).encode()
    with (
        loopback_gateway(lambda _: Said(status, body, headers)) as gateway,
        street(gateway.url, SpoolSettings(tmp_path / "spool.db")) as camera,
    ):
        camera.play(10 * MINUTE_S)
        asked = len(gateway.questions)
        gateway.answering = lambda _: completion("told later")
        camera.play(5 * MINUTE_S)
    # Where no wait is told it is drawn, from 15 to 30 s at the longest: 20 to 40 times.
    assert 10 < asked < 50
    first = camera.said[:20]
    assert {c.rung for _, c in first} == {"template"}
    assert first[0][1].error == f"HTTP {status}: not now"
    assert "the gateway is away" in (first[5][1].error or "")
    told = Counter(c.id for _, c in camera.said if c.rung == "cloud")
    assert told == dict.fromkeys((f"street-{n * 1000}-{n}" for n in range(1, 31)), 1)


def test_a_picture_that_the_gateway_does_not_take_is_counted_and_not_kept(
    tmp_path: Path,
) -> None:
    def answer(asked: Asked) -> Said:
        return Said(413) if len(gateway.questions) == 2 else one_line_about(asked)

    with (
        loopback_gateway(answer) as gateway,
        street(gateway.url, SpoolSettings(tmp_path / "spool.db")) as camera,
    ):
        camera.play(5 * EVERY_S)
        counters = camera.spool.counters
    assert [c.rung for _, c in camera.said] == ["cloud", "template"] + ["cloud"] * 3
    assert (counters.rows, counters.lost) == (0, {"refused": 1})


def test_a_spool_is_bounded_and_counts_what_it_throws_away(tmp_path: Path) -> None:
    spool = SpoolSettings(tmp_path / "spool.db", rows_max=5, keep_s=200.0)
    with street("http://127.0.0.1:9", spool) as camera:
        camera.play(30 * EVERY_S)
        full = camera.spool.counters
        camera.rest(300.0)
        old = camera.spool.counters
    assert (full.rows, full.lost) == (5, {"full": 25})
    assert (old.rows, old.lost) == (0, {"full": 25, "expired": 5})
    assert len(camera.said) == 30


def test_a_camera_killed_at_any_step_loses_nothing_and_tells_nothing_twice(
    tmp_path: Path,
) -> None:
    asked: list[Asked] = []

    def answer(said: Asked) -> Said:
        asked.append(said)
        return Said(503) if len(asked) % 4 == 2 else one_line_about(said)

    with loopback_gateway(answer) as gateway:
        done = subprocess.run(
            [sys.executable, DYING_CAMERA, tmp_path, gateway.url],
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    steps = int(done.stdout)
    assert steps > 20
    for at in range(steps):
        told = Counter(
            (line["track"], line["rung"])
            for line in lines(tmp_path / str(at) / "captions.jsonl")
        )
        models = [track for track, rung in told if rung == "cloud"]
        assert sorted(models) == [1, 2, 3, 4], at
        assert set(told.values()) == {1}, at


@pytest.mark.parametrize("rung", ["cloud", "template"])
def test_what_a_kill_left_in_doubt_is_told_once_and_is_no_loss(
    tmp_path: Path, rung: Literal["cloud", "template"]
) -> None:
    settings, clock = SpoolSettings(tmp_path / "spool.db"), HandClock()
    with Spool(settings, clock=clock) as spool:
        spool.accept(job())
        spool.decide(replace(answer_to(job()), rung=rung))
    with street("http://127.0.0.1:9", settings) as camera:
        camera.alerts.start()
        until(lambda: camera.spool.counters.rows == (rung == "template"))
        counters = camera.spool.counters
    assert [caption.rung for _, caption in camera.said] == [rung]
    assert (counters.lost, counters.unkept) == ({}, 0)


def test_a_row_that_the_disk_does_not_give_is_waited_for(tmp_path: Path) -> None:
    settings = SpoolSettings(tmp_path / "spool.db")
    with Spool(settings, clock=HandClock()) as spool:
        spool.accept(job())
    spool = Spool(settings, clock=HandClock())
    spool.close()
    assert spool.take() is None
    counters = spool.counters
    assert (counters.rows, counters.waiting) == (1, 1)
    assert "cannot read the spool" in (counters.trouble or "")


SOURCE = """
import sys
from pathlib import Path
from heliograph.camera.config import SpoolSettings, WatchSettings
from heliograph.camera.config.detector import DetectorSettings
from heliograph.camera.pipeline import watch

bar, url, folder = sys.argv[1:]
watch(bar, gateway=url, out=Path(folder, "captions.jsonl"), speed=2.0, resume=True,
      settings=WatchSettings(captions_per_s=20.0, again_us=50_000,
          detector=DetectorSettings("blobs"),
          spool=SpoolSettings(Path(folder, "spool.db"), captions_per_s=1000.0)))
"""


def test_a_watch_killed_in_an_outage_goes_on_as_if_nothing_had_been(
    tmp_path: Path,
) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=2.0)
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "captions.jsonl"
    asked: list[int] = []
    fifth = threading.Event()

    def answer(said: Asked) -> Said:
        asked.append(said.port)
        if len(asked) == 5:
            fifth.set()
        return Said(503) if 4 <= len(asked) <= 6 else one_line_about(said)

    with loopback_gateway() as gateway:
        whole_spool = SpoolSettings(tmp_path / "whole.db")
        watch(
            bar,
            gateway=gateway.url,
            out=whole,
            settings=replace(MANY, spool=whole_spool),
            resume=True,
        )
        gateway.answering = answer
        command = [sys.executable, "-c", SOURCE, str(bar), gateway.url, str(tmp_path)]
        with subprocess.Popen(command) as camera:
            assert fifth.wait(PATIENCE_S)
            camera.send_signal(signal.SIGKILL)
        assert camera.returncode == -signal.SIGKILL
        before = Counter(line["rung"] for line in lines(killed))
        subprocess.run(command, check=True, timeout=60)
    told = Counter((line["id"], line["rung"]) for line in lines(killed))
    assert set(told.values()) == {1}
    expected = {line["id"] for line in lines(whole)}
    assert {id_ for id_, rung in told if rung == "cloud"} == expected
    assert 0 < before["cloud"] < len(expected)
    assert "template" in {rung for _, rung in told}
