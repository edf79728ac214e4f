"""The camera's client against real sockets."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from caption_parts import job
from heliograph.camera.captioning.client import (
    ANSWER_BYTES_MAX,
    Captioner,
    GatewayClient,
    GatewayError,
)
from heliograph.camera.config import SettingError
from heliograph.camera.types import Caption
from heliograph.clock import SystemClock
from loopback_gateway import (
    MODEL,
    Answering,
    Said,
    completion,
    loopback_gateway,
)

KEY = "hk-very-secret-key-of-mine"


def caption_by(
    url: str, *, timeout_s: float = 10.0, api_key: str | None = KEY
) -> Caption:
    """Ask *url* once."""
    clock = SystemClock()
    client = GatewayClient(url, clock=clock, api_key=api_key)
    try:
        return Captioner(client, MODEL, clock=clock, timeout_s=timeout_s)(job()).caption
    finally:
        client.close()


def failure(answering: Answering) -> str:
    """Return the error of a caption that *answering* spoils."""
    with loopback_gateway(answering) as gateway:
        caption = caption_by(gateway.url)
    assert caption.text == ""
    assert caption.error is not None
    assert KEY not in caption.error
    assert "secret picture" not in caption.error
    return caption.error


@contextmanager
def raw_server(*pieces: bytes) -> Iterator[tuple[str, threading.Event]]:
    """Serve one connection *pieces* and then silence until the event is set."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 20)
                for piece in pieces:
                    connection.sendall(piece)
                done.wait(20)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", done
        finally:
            done.set()
            thread.join()


def free_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_caption_tells_text_origin_attempts_fallback_and_cost() -> None:
    with loopback_gateway() as gateway:
        caption = caption_by(gateway.url)
    assert caption.text == "a person walks by"
    assert (caption.provider, caption.model) == ("openai", "gpt-4o")
    assert (caption.attempts, caption.fallback) == (2, True)
    assert caption.cost_usd == 0.0005
    assert caption.error is None
    assert 0 < caption.latency_ms < 10_000
    assert caption.answered_s >= caption.asked_s
    assert (caption.t_us, caption.track_id, caption.reason) == (1000, 1, "first")


def test_the_request_is_the_openai_dialect_with_the_key_as_a_bearer() -> None:
    with loopback_gateway() as gateway:
        caption_by(gateway.url)
        caption_by(gateway.url, api_key=None)
    with_key, without = gateway.asked
    assert (with_key.method, with_key.path) == ("POST", "/v1/chat/completions")
    assert with_key.headers["authorization"] == f"Bearer {KEY}"
    assert with_key.headers["content-type"] == "application/json"
    assert with_key.body["model"] == MODEL
    assert "authorization" not in without.headers


def test_one_connection_serves_one_caption_after_the_other() -> None:
    with loopback_gateway() as gateway:
        clock = SystemClock()
        client = GatewayClient(gateway.url, clock=clock)
        captioner = Captioner(client, MODEL, clock=clock, timeout_s=10)
        texts = {captioner(job(number)).caption.text for number in range(1, 6)}
        client.close()
    assert texts == {"a person walks by"}
    assert len({asked.port for asked in gateway.asked}) == 1
    assert len(gateway.asked) == 5


def test_an_error_of_the_gateway_is_told_by_its_status_and_message() -> None:
    body = json.dumps({"error": {"message": "all targets are down"}}).encode()
    assert failure(lambda _: Said(503, body)) == "HTTP 503: all targets are down"


def test_a_server_that_echoes_key_and_picture_does_not_get_them_into_an_error() -> None:
    told = failure(
        lambda asked: Said(
            400,
            json.dumps(
                {
                    "error": {
                        "message": f"no: {asked.headers['authorization']} "
                        f"{asked.body['messages'][0]['content'][1]}"
                    }
                }
            ).encode(),
        )
    )
    assert told.startswith("HTTP 400: no: Bearer [...]")
    assert "base64" not in told


def test_a_redirect_is_an_error_and_is_not_followed() -> None:
    with loopback_gateway() as other:
        away = {"location": f"{other.url}/v1/chat/completions"}
        assert "HTTP 307" in failure(lambda _: Said(307, headers=away))
        assert other.asked == []


def test_an_answer_cut_short_is_a_failure() -> None:
    whole = completion("a person walks by")
    cut = Said(body=whole.body[:-20], length=len(whole.body))
    assert "broke" in failure(lambda _: cut)


def test_an_answer_far_too_large_is_not_swallowed() -> None:
    large = completion("x" * ANSWER_BYTES_MAX)
    assert "larger than" in failure(lambda _: large)


def test_a_gateway_that_is_not_there_is_named_with_its_address() -> None:
    url = free_url()
    caption = caption_by(url)
    assert caption.error == f"cannot reach the gateway at {url}: connection refused"


def test_a_silent_gateway_ends_at_the_deadline() -> None:
    with raw_server() as (url, _):
        caption = caption_by(url, timeout_s=0.3)
    assert caption.error == "no answer within 0.3 s"
    assert 250 < caption.latency_ms < 3_000


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nx-filled: ",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n",
    ],
)
def test_an_answer_that_drips_ends_at_the_deadline_too(head: bytes) -> None:
    drip = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 20)
                connection.sendall(head)
                try:
                    while not drip.wait(0.05):
                        connection.sendall(b".")
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        caption = caption_by(
            f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_s=0.5
        )
        drip.set()
        thread.join()
    assert caption.error == "no answer within 0.5 s"
    assert caption.latency_ms < 3_000


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH\r\n\r\n", b"HTTP/1.1 200 OK\r\nbroken"]
)
def test_what_is_not_http_is_a_failure(said: bytes) -> None:
    with raw_server(said) as (url, done):
        done.set()
        caption = caption_by(url)
    assert caption.text == ""
    assert caption.error


def test_the_jobs_deadline_bounds_the_wait() -> None:
    clock = SystemClock()
    with raw_server() as (url, _):
        client = GatewayClient(url, clock=clock)
        captioner = Captioner(client, MODEL, clock=clock, timeout_s=30)
        caption = captioner(job(deadline_s=clock.monotonic_s() + 0.3)).caption
        client.close()
    assert caption.error is not None
    assert "no answer within 0." in caption.error
    assert caption.latency_ms < 3_000


def test_the_models_come_in_the_order_of_the_gateway() -> None:
    with loopback_gateway() as gateway:
        client = GatewayClient(gateway.url, clock=SystemClock(), api_key=KEY)
        assert client.models(timeout_s=10) == [MODEL, "other"]
        client.close()
    assert gateway.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_gateway_without_models_is_told_what_to_do() -> None:
    answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
    with raw_server(answer) as (url, _):
        client = GatewayClient(url, clock=SystemClock())
        with pytest.raises(GatewayError, match=r"lists no model.*--model"):
            client.models(timeout_s=10)
        client.close()


def test_a_gateway_that_refuses_its_model_list_is_told_with_the_status() -> None:
    body = b'{"error": {"message": "key wrong"}}'
    head = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: %d\r\n\r\n" % len(body)
    answer = head + body
    with raw_server(answer) as (url, _):
        client = GatewayClient(url, clock=SystemClock())
        with pytest.raises(
            GatewayError, match="/v1/models answered HTTP 401: key wrong"
        ):
            client.models(timeout_s=10)
        client.close()


@pytest.mark.parametrize("key", ["", "with\r\nbreak", "schlüssel"])
def test_a_key_that_fits_no_header_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(SettingError) as caught:
        GatewayClient("http://localhost", clock=SystemClock(), api_key=key)
    assert not key or key not in str(caught.value)
