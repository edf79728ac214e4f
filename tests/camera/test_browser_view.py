"""A watch that is looked at, over a real socket."""

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from caption_parts import CAPTION as SAID
from heliograph.camera.browser_view import BrowserScreen, Place
from heliograph.camera.browser_view.site import WATCHERS_MAX
from heliograph.camera.captioning.queue import QueueCounters
from heliograph.camera.command import run_watch
from heliograph.camera.config import SettingError, WatchSettings
from heliograph.camera.pipeline import watch
from heliograph.camera.screen import Facts
from heliograph.camera.sinks.overlay import BAND_PX
from heliograph.camera.summary import Tally
from heliograph.camera.types import Box, Size, Track
from heliograph.clock import SystemClock
from loopback_gateway import MODEL, loopback_gateway
from moving_bar import BLOBS, write_moving_bar

FACTS = Facts("bar.raw", Size(320, 240), "EVT3", 1.0, 0, MODEL)
TOKEN = "a-token-that-the-test-gave"
TRACK = Track(1, Box(10, 20, 60, 80), "confirmed", 0, 0, hits=9)
COUNTERS = QueueCounters(waiting=4, in_flight=0, full=1, expired=2, unfinished=0)
CAPTION = replace(SAID, text="a person walks by", at_s=0.5)


def picture(now_us: int) -> NDArray[np.uint8]:
    return np.full((240, 320), min(now_us // 10_000, 255), np.uint8)


@contextmanager
def shown(port: int = 0) -> Iterator[BrowserScreen]:
    place = Place(("127.0.0.1", port), TOKEN, str)
    with BrowserScreen(
        FACTS, Tally(), lambda: COUNTERS, place=place, clock=SystemClock()
    ) as screen:
        yield screen


@contextmanager
def asked(screen: BrowserScreen, path: str) -> Iterator[HTTPResponse]:
    port = urlsplit(screen.url).port
    with closing(HTTPConnection("127.0.0.1", port or 0, timeout=20)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            yield answer


def frame_of(answer: HTTPResponse) -> NDArray[np.uint8]:
    """Read the next part of a stream of pictures."""
    length = 0
    while (line := answer.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    jpeg = answer.read(length)
    answer.readline()  # of the picture's end
    found = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return found.astype(np.uint8)


def event_of(answer: HTTPResponse) -> tuple[str, dict[str, object]]:
    """Read the next event that says something."""
    kind = ""
    while True:
        name, _, value = answer.readline().decode().strip().partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            return kind, json.loads(value)


def test_a_watch_is_looked_at_while_it_runs(tmp_path: Path) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=3.0)
    opened, urls = threading.Event(), list[str]()

    def on_open(url: str) -> None:
        urls.append(url)
        opened.set()

    with loopback_gateway() as gateway:
        place = Place(("127.0.0.1", 0), None, on_open)
        screen = partial(BrowserScreen, place=place, clock=SystemClock())
        given = {"gateway": gateway.url, "speed": 1.0, "screens": [screen]}
        given["settings"] = WatchSettings(detector=BLOBS)
        runs = threading.Thread(target=watch, args=(bar,), kwargs=given)
        runs.start()
        assert opened.wait(30)
        parts = urlsplit(urls[0])
        with closing(HTTPConnection("127.0.0.1", parts.port or 0, timeout=20)) as one:
            one.request("GET", f"/tellings?{parts.query}")
            told = one.getresponse()
            seen = dict[str, dict[str, object]]()
            while len(seen) < 2:
                kind, what = event_of(told)
                seen[kind] = what
            assert seen["caption"]["text"] == "a person walks by"
            assert seen["standing"]["recording"] == "bar.raw"
            while not what.get("ended"):
                kind, what = event_of(told)
            assert told.read() == b"\n", "nothing more than the end of that"
        runs.join(30)
    assert not runs.is_alive()


def test_frames_come_one_after_the_other_and_only_who_looks_on_costs_any() -> None:
    with shown() as screen:
        looks = []

        def look_at(now_us: int) -> NDArray[np.uint8]:
            looks.append(now_us)
            return picture(now_us)

        screen.window(10_000, 100, [TRACK], look_at)
        assert looks == [], "nobody looks on"
        with asked(screen, f"/frames?token={TOKEN}") as answer:
            kind = answer.getheader("content-type")
            assert kind == "multipart/x-mixed-replace; boundary=frame"
            answer.readline()
            for now_us in (800_000, 2_000_000):
                while not looks or looks[-1] < now_us:
                    screen.window(now_us, 100, [TRACK], look_at)
                frame = frame_of(answer)
                assert frame.shape == (480 + BAND_PX, 640, 3)
                assert frame[400, 400].mean() == pytest.approx(now_us // 10_000, abs=6)


def test_captions_are_told_now_and_to_those_who_come_later() -> None:
    with shown() as screen, asked(screen, f"/tellings?token={TOKEN}") as now:
        screen.caption(CAPTION)
        kind, what = event_of(now)
        while kind != "caption":
            kind, what = event_of(now)
        assert (what["text"], what["at_s"]) == ("a person walks by", 0.5)
        with asked(screen, f"/tellings?token={TOKEN}") as later:
            assert event_of(later)[0] == "caption"
            kind, standing = event_of(later)
            assert (kind, standing["waiting"]) == ("standing", 4)


@pytest.mark.parametrize("path", ["/", "/frames", "/tellings"])
@pytest.mark.parametrize("query", ["", "?token=", "?token=another", "?token=%C3%A4"])
def test_nothing_is_shown_without_the_token(path: str, query: str) -> None:
    with shown() as screen, asked(screen, path + query) as answer:
        said = answer.read().decode()
        assert answer.status == 403
        assert "open the whole address" in said
        assert TOKEN not in said


def test_the_page_and_its_files_are_served_and_may_load_nothing_else() -> None:
    with shown() as screen:
        page = f"/?token={TOKEN}"
        for path, kind in (
            (page, "text/html"),
            ("/page.js", "text/javascript"),
            ("/style.css", "text/css"),
        ):
            with asked(screen, path) as answer:
                assert (answer.status, answer.read() != b"") == (200, True)
                assert (answer.getheader("content-type") or "").startswith(kind)
                policy = answer.getheader("content-security-policy") or ""
                assert policy.startswith("default-src 'none'")
        with asked(screen, "/../screen.py") as answer:
            assert answer.status == 404


def test_only_so_many_look_on_and_the_next_is_told() -> None:
    path = f"/frames?token={TOKEN}"
    with shown() as screen, ExitStack() as held:
        for _ in range(WATCHERS_MAX):
            held.enter_context(asked(screen, path)).readline()
        with asked(screen, path) as answer:
            assert answer.status == 503
            assert "look on already" in answer.read().decode()


def test_an_address_that_is_in_use_is_told_before_the_watch_begins() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(SettingError, match=rf"cannot listen on 127\.0\.0\.1:{port}"),
            shown(port),
        ):
            pytest.fail("it listens where somebody else does")


def test_each_watch_has_a_token_of_its_own_unless_it_was_given_one() -> None:
    def made(token: str | None) -> BrowserScreen:
        place = Place(("127.0.0.1", 0), token, str)
        counters = QueueCounters(
            waiting=0, in_flight=0, full=0, expired=0, unfinished=0
        )
        return BrowserScreen(
            FACTS, Tally(), lambda: counters, place=place, clock=SystemClock()
        )

    first, second = made(None).token, made(None).token
    assert first != second
    assert len(first) >= 20
    assert made(TOKEN).token == TOKEN
    with made("a&b#c+d/e%") as screen:
        assert screen.url.endswith("/?token=a%26b%23c%2Bd%2Fe%25")


@pytest.mark.parametrize("in_file", [True, False])
def test_a_token_that_somebody_set_is_never_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *, in_file: bool
) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=0.5)
    config = tmp_path / "camera.yaml"
    own = f", token: {TOKEN}" if in_file else ""
    config.write_text(f'view: {{listen: "127.0.0.1:0"{own}}}\n')
    config.chmod(0o600)
    environ = {} if in_file else {"HELIOGRAPH_VIEW_TOKEN": TOKEN}
    with loopback_gateway() as gateway:
        ended = run_watch(bar, config=config, gateway=gateway.url, environ=environ)
    told = capsys.readouterr()
    assert (ended, told.err) == (0, "")
    assert re.search(r"live view: http://127\.0\.0\.1:\d+/\?token=\[the", told.out)
    assert TOKEN not in told.out
