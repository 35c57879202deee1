"""HTTP libraries that log in, and then open a socket over the connection that they have."""

import asyncio
import ssl
from collections.abc import Generator
from pathlib import Path

import aiohttp
import httpx
import pytest
import trustme
from httpx_ws import aconnect_ws

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, PATIENCE, register
from tests.support.server import ServerProcess, running_server, used_data_path

TIMES = 20
"""Logins, each with a socket over its connection."""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def encrypted(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Generator[ServerProcess]:
    directory: Path = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("127.0.0.1")
    cert, key = directory / "cert.pem", directory / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    with (
        used_data_path() as data,
        running_server(data, "--tls-cert", str(cert), "--tls-key", str(key)) as server,
    ):
        yield server


@pytest.fixture(params=[pytest.param("plain", marks=in_campaign), "TLS"])
def url(request: pytest.FixtureRequest) -> str:
    """Where a server is."""
    server: ServerProcess = request.getfixturevalue("server" if request.param == "plain" else "encrypted")
    return server.url


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_aiohttp(url: str, trusting: ssl.SSLContext) -> None:
    who = {"username": "ann", "password": PASSWORD}

    async def talk() -> None:
        connector = aiohttp.TCPConnector(limit=1, ssl=trusting)
        async with aiohttp.ClientSession(connector=connector) as session:
            for _ in range(TIMES):
                async with session.post(f"{url}/api/login", json=who) as response:
                    token = (await response.json())["token"]
                async with session.ws_connect(f"{url}/talker?token={token}") as socket:
                    assert "authorised as ann" in await socket.receive_str()

    register(url, "ann", verify=trusting)
    asyncio.run(asyncio.wait_for(talk(), 2 * PATIENCE))


def test_httpx_ws(url: str, trusting: ssl.SSLContext) -> None:
    who = {"username": "ben", "password": PASSWORD}

    async def talk() -> None:
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(limits=limits, verify=trusting, trust_env=False) as client:
            for _ in range(TIMES):
                token = (await client.post(f"{url}/api/login", json=who)).json()["token"]
                async with aconnect_ws(f"{url}/talker?token={token}", client) as socket:
                    assert "authorised as ben" in await socket.receive_text()

    register(url, "ben", verify=trusting)
    asyncio.run(asyncio.wait_for(talk(), 2 * PATIENCE))
