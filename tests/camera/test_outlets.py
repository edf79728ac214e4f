"""Webhook, snapshots and metrics through real sockets and files."""

import json
import socket
import threading
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from caption_parts import CAPTION
from heliograph.camera.config import (
    ClipSettings,
    Destinations,
    SettingError,
    SnapshotSettings,
    SpoolSettings,
    WatchSettings,
    WebhookSettings,
)
from heliograph.camera.pipeline import watch
from heliograph.camera.sinks import webhook as webhooks
from heliograph.camera.sinks.jsonl import SinkError
from heliograph.camera.sinks.webhook import Webhook, WebhookCounters, sign
from heliograph.clock import SystemClock
from heliograph.yaml_reading.secret import Secret
from loopback_gateway import Asked, LoopbackGateway, Said, loopback_gateway
from moving_bar import BLOBS, write_moving_bar
from waiting import until

SECRET = "whsec-not-anybodys"
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "camera-sinks.md"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait for a second try."""
    monkeypatch.setattr(webhooks, "REST_S_FIRST", 0.005)


def hook(receiver: LoopbackGateway, **more: int) -> Webhook:
    url = Secret(f"{receiver.url}/hooks/a-token")
    settings = WebhookSettings(url, Secret(SECRET), **more)
    return Webhook(settings, camera="dock-3", clock=SystemClock())


def test_a_post_is_signed_and_tells_the_caption() -> None:
    with loopback_gateway(lambda _: Said(204)) as receiver:
        with hook(receiver) as sink:
            sink.append(CAPTION)
        (post,) = receiver.asked
    assert (post.method, post.path) == ("POST", "/hooks/a-token")
    assert post.body["text"] == CAPTION.text
    assert post.body["camera"] == "dock-3"
    assert post.headers["x-heliograph-id"] == f"{CAPTION.id}.cloud"
    at_s = int(post.headers["x-heliograph-timestamp"])
    body = json.dumps(post.body, ensure_ascii=False).encode()
    assert post.headers["x-heliograph-signature"] == sign(SECRET, body, at_s)
    assert sink.counters == WebhookCounters(sent=1, lost=0, waiting=0)


def test_a_receiver_that_fails_is_asked_again_with_the_same_id_and_in_order() -> None:
    def answer(asked: Asked) -> Said:
        del asked
        return Said(503 if len(receiver.asked) in {1, 2} else 200)

    with loopback_gateway(answer) as receiver:
        with hook(receiver) as sink:
            sink.append(CAPTION)
            sink.append(replace(CAPTION, id="door-2"))
            until(lambda: sink.counters.sent == 2)
        ids = [post.headers["x-heliograph-id"] for post in receiver.asked]
    assert ids == [f"{CAPTION.id}.cloud"] * 3 + ["door-2.cloud"]


@pytest.mark.parametrize("status", [400, 404, 307])
def test_what_the_receiver_does_not_want_is_given_up(status: int) -> None:
    with loopback_gateway(lambda _: Said(status)) as receiver:
        with hook(receiver) as sink:
            sink.append(CAPTION)
        assert len(receiver.asked) == 1
    assert sink.counters == WebhookCounters(sent=0, lost=1, waiting=0)


def test_tries_and_queue_are_bounded_and_what_is_given_up_is_counted() -> None:
    with loopback_gateway(lambda _: Said(500)) as receiver:
        with hook(receiver, tries_max=3) as sink:
            sink.append(CAPTION)
            until(lambda: sink.counters.lost == 1)
        assert len(receiver.asked) == 3
    let = threading.Event()

    def hang(asked: Asked) -> Said:
        del asked
        let.wait(10)
        return Said(200)

    with loopback_gateway(hang) as receiver:
        with hook(receiver, queue_max=2) as sink:
            sink.append(CAPTION)
            until(lambda: len(receiver.asked) == 1)
            for number in range(2, 7):
                sink.append(replace(CAPTION, id=f"door-{number}"))
            assert sink.counters == WebhookCounters(sent=0, lost=3, waiting=2)
            let.set()
        ids = [post.headers["x-heliograph-id"] for post in receiver.asked]
    assert ids == [f"{CAPTION.id}.cloud", "door-5.cloud", "door-6.cloud"]


def test_a_receiver_whose_head_drips_is_waited_for_no_longer_than_the_timeout() -> None:
    dripping = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while not dripping.is_set():
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    connection.recv(1 << 20)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nx-filled: ")
                    while not dripping.wait(0.02):
                        connection.sendall(b".")

        thread = threading.Thread(target=serve)
        thread.start()
        url = Secret(f"http://127.0.0.1:{listening.getsockname()[1]}/")
        settings = WebhookSettings(url, timeout_s=0.2, tries_max=1)
        with Webhook(settings, camera="dock-3", clock=SystemClock()) as sink:
            sink.append(CAPTION)
            until(lambda: sink.counters.lost == 1)
        dripping.set()
        # Whoever is accepted last sees that it is over.
        socket.create_connection(listening.getsockname()).close()
        thread.join()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - http, ours
        return str(answer.read().decode())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_a_watch_fills_every_sink_and_tells_prometheus(tmp_path: Path) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=2.0)
    out, port, pages = tmp_path / "captions.jsonl", free_port(), list[str]()
    url = f"http://127.0.0.1:{port}/metrics"
    with loopback_gateway() as gateway, loopback_gateway(lambda _: Said()) as receiver:
        settings = WatchSettings(
            detector=BLOBS,
            webhook=WebhookSettings(Secret(receiver.url)),
            snapshots=SnapshotSettings(tmp_path / "shots"),
            clips=ClipSettings(tmp_path / "clips"),
            spool=SpoolSettings(tmp_path / "spool.db"),
            metrics=("127.0.0.1", port),
        )
        summary = watch(
            bar,
            gateway=gateway.url,
            out=out,
            settings=settings,
            on_caption=lambda _: pages.append(get(url)),
        )
        posted = [post.body["id"] for post in receiver.asked]
    ids = [json.loads(line)["id"] for line in out.read_text("utf-8").splitlines()]
    assert len(ids) == summary.captions >= 1
    assert posted == ids
    shots = {each.name for each in (tmp_path / "shots").iterdir()}
    assert shots == {f"{id_}.png" for id_ in ids}
    told = pages[-1]
    rung = 'heliograph_camera_captions_total{rung="cloud"}'
    assert f"{rung} {float(summary.captions)}" in told
    assert 'heliograph_camera_snapshots_total{outcome="written"}' in told
    assert 'heliograph_camera_clips_total{outcome="written"}' in told
    assert "heliograph_camera_spool_rows 1.0" in told
    names = {line.split()[2] for line in told.splitlines() if line[:6] == "# HELP"}
    guide = GUIDE.read_text("utf-8")
    assert [name for name in names if f"`{name}`" not in guide] == []
    with pytest.raises(urllib.error.URLError):
        get(url)


def test_an_address_that_is_taken_ends_the_watch_before_it_begins(
    tmp_path: Path,
) -> None:
    bar = write_moving_bar(tmp_path / "bar.raw", seconds=0.5)
    with loopback_gateway() as gateway, socket.create_server(("127.0.0.1", 0)) as taken:
        settings = WatchSettings(metrics=taken.getsockname())
        with pytest.raises(SinkError, match="cannot serve metrics at 127"):
            watch(bar, gateway=gateway.url, settings=settings)


def test_options_win_over_the_file_and_keep_the_rest_of_it() -> None:
    url, other = Secret("https://a.example/x"), "https://b.example/y"
    before = WatchSettings(
        webhook=WebhookSettings(url, Secret(SECRET), tries_max=3),
        clips=ClipSettings(Path("elsewhere"), before_us=1_000),
    )
    after = Destinations(
        webhook=other,
        snapshots=Path("shots"),
        clips=Path("clips"),
        metrics=":9101",
        mqtt="mqtt://broker",
    ).over(before)
    assert after.clips == ClipSettings(Path("clips"), before_us=1_000)
    assert after.webhook == WebhookSettings(Secret(other), Secret(SECRET), tries_max=3)
    assert after.snapshots == SnapshotSettings(Path("shots"))
    assert after.metrics == ("0.0.0.0", 9101)
    assert after.mqtt is not None
    assert after.mqtt.address == ("broker", 1883)
    for bad in (
        Destinations(webhook="https://me:pass@host/"),
        Destinations(webhook="ftp://host"),
        Destinations(mqtt="http://broker"),
        Destinations(metrics="nine"),
    ):
        with pytest.raises(SettingError) as told:
            bad.over(before)
        assert "pass" not in str(told.value).replace("password", "")
