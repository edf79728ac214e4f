"""A ledger's server behind TLS: who is not who the address names is not asked.

The server of the tests' wheel speaks no TLS, so what ends it here is a relay of ours,
which the driver speaks to as it does to any server of version 17 or newer.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from faults.certificates import Authority
from heliograph.gateway.ledger.database import DatabaseError, Row, Trouble
from heliograph.gateway.ledger.stores.opening import open_database
from postgres_server import PostgresServer

SELECT = "SELECT 'asked'"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def relay(
    postgres: PostgresServer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Take TLS off before *postgres*; yields the port."""
    if tls is not None:
        tls.set_alpn_protocols(["postgresql"])
    path = postgres.folder / ".s.PGSQL.5432"

    carried: list[Awaitable[object]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_unix_connection(path)
        both = asyncio.gather(carry(reader, outer), carry(inner, writer))
        carried.append(both)
        await both

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*carried)


def answered(url: str) -> list[Row]:
    with closing(open_database(url)) as database:
        return database.run(SELECT)


def url_of(port: int, authority: Path) -> str:
    return (
        f"postgresql://postgres@127.0.0.1:{port}/postgres?sslnegotiation=direct"
        f"&sslmode=verify-full&sslrootcert={authority}"
    )


async def test_a_server_that_proves_who_it_is_is_asked(
    postgres: PostgresServer, authority: Authority
) -> None:
    async with relay(postgres, authority.server("good")) as port:
        url = url_of(port, authority.folder / "ca.pem")
        assert await asyncio.to_thread(answered, url) == [("asked",)]


@pytest.mark.parametrize("kind", ["self-signed", "expired", "wrong host"])
async def test_a_server_that_cannot_prove_who_it_is_is_not_asked(
    postgres: PostgresServer, authority: Authority, kind: str
) -> None:
    async with relay(postgres, authority.server(kind)) as port:
        url = url_of(port, authority.folder / "ca.pem")
        with pytest.raises(DatabaseError) as told:
            await asyncio.to_thread(answered, url)
    assert told.value.trouble is Trouble.UNREACHABLE


async def test_a_server_without_tls_is_not_asked_where_it_is_demanded(
    postgres: PostgresServer,
) -> None:
    async with relay(postgres) as port:
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        assert await asyncio.to_thread(answered, url) == [("asked",)]
        with pytest.raises(DatabaseError) as told:
            await asyncio.to_thread(answered, url + "?sslmode=require")
    assert "SSL" in str(told.value)
