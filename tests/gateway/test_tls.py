"""TLS by config: a certificate of the test's own, and callers who stop half-way."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.raw_client import RawClient
from gateway.running import (
    CLAUDE_FIRST,
    SAID,
    Gateway,
    config_of,
    gateway_before,
    request,
    until,
)
from heliograph.simulation.providers import SimulatedProviders

GONE_WITHIN_S = 6.0


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tls"))


def made(folder: Path) -> Path:
    """Make a certificate for localhost, and its key."""
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    names = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = ["openssl", *make.split(), *names.split(), *files]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def with_tls(pair: Path) -> str:
    files = f"{{certificate: {pair}/cert.pem, key: {pair}/key.pem}}"
    return f"{CLAUDE_FIRST}\nserver: {{tls: {files}, head_s: 0.5}}"


@asynccontextmanager
async def secured(sim: SimulatedProviders, pair: Path) -> AsyncIterator[Gateway]:
    async with gateway_before(sim, with_tls(pair)) as gateway:
        yield gateway


async def connect(gateway: Gateway, pair: Path) -> RawClient:
    trusted = ssl.create_default_context(cafile=str(pair / "cert.pem"))
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", gateway.port, ssl=trusted, server_hostname="localhost"
    )
    return RawClient(reader, writer)


async def test_answers_and_streams_go_out_over_tls(
    sim: SimulatedProviders, pair: Path
) -> None:
    async with secured(sim, pair) as gateway:
        client = await connect(gateway, pair)
        for stream in (False, True):
            client.send(request({"stream": stream}))
            assert (await client.answer()).text == SAID
        client.get("/health")
        assert (await client.answer()).status == 200
        client.writer.write(b"nonsense\r\n\r\n")
        got = await client.answer()
        assert got.status == 400
        assert got.error["code"] == "bad_http"
        client.writer.transport.abort()


async def test_a_slow_head_over_tls_is_refused_in_time(
    sim: SimulatedProviders, pair: Path
) -> None:
    async with secured(sim, pair) as gateway:
        client = await connect(gateway, pair)
        client.writer.write(b"POST /v1")
        assert (await client.answer()).status == 408
        client.writer.transport.abort()
        await until(lambda: not gateway.server.server_state.connections)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\n"])
async def test_who_does_not_finish_the_handshake_is_gone_in_time(
    sim: SimulatedProviders, pair: Path, sent: bytes
) -> None:
    async with secured(sim, pair) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(sent)
        async with asyncio.timeout(GONE_WITHIN_S):
            try:
                while await reader.read(1000):
                    pass
            except ConnectionResetError:
                pass
        writer.close()
        client = await connect(gateway, pair)
        client.get("/health/live")
        assert (await client.answer()).status == 200
        client.writer.transport.abort()


async def test_a_renewed_certificate_is_shown_once_the_config_was_read_again(
    sim: SimulatedProviders, pair: Path, tmp_path: Path
) -> None:
    async with secured(sim, pair) as gateway:
        old = await connect(gateway, pair)
        renewed = made(tmp_path)
        gateway.engine.reload(config_of(with_tls(renewed), sim.base_url))
        old.get("/health/live")
        assert (await old.answer()).status == 200
        await asyncio.sleep(0.6)  # a tick
        new = await connect(gateway, renewed)
        new.get("/health/live")
        assert (await new.answer()).status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(gateway, pair)
        for client in (old, new):
            client.writer.transport.abort()
