"""Frames under short writes, through the whole server: each client's own library decodes every byte it is sent.

Lines for everybody, pongs, the server's pings, clients that reset in mid-write, and in the end a stop, all at once.
"""

import json
import os
import random
import ssl
import stat
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trustme
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

from chat.domain.accounts.tokens import Tokens
from chat.domain.ports import NewPerson, Taken
from chat.gateway.http1 import refusal
from chat.gateway.websocket import client_stream
from chat.server import open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.storage import MemoryStorage
from tests.support.campaign import in_campaign
from tests.support.gateway import nothing_logged

SECRET = "a secret of the tests that is long enough"
LINES = 150
READERS = 8


class Client:
    """A WebSocket client on wsproto, with small buffers; it pings now and then, and notes what it hears."""

    def __init__(
        self, address: str, tls: ssl.SSLContext | None, path: str, randomness: random.Random
    ) -> None:
        self._where = address, tls
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._path = path
        self._random = randomness
        self._text = ""
        self.lines: list[str] = []
        self.pongs = 0
        self.pings_sent = 0
        self.closed_with: int | None = None
        self.entered = trio.Event()
        self._sending = trio.Lock()  # who speaks pings too, and a full socket makes either wait

    async def take_part(self) -> None:
        """Connect, and read until the server closes."""
        async with connected(*self._where) as self._stream:
            await self._read()

    async def _read(self) -> None:
        await self.send(Request(host="127.0.0.1", target=self._path))
        while True:
            data = await self._stream.receive_some(self._random.choice([1, 7, 100, 4000, 65_536]))
            if not data:
                return
            assert self.closed_with is None, f"after the close frame came {bytes(data)!r}"
            self._protocol.receive_data(bytes(data))
            for event in self._protocol.events():
                await self._note(event)
            if not self._random.randrange(20) and self.entered.is_set() and self.closed_with is None:
                self.pings_sent += 1
                await self.send(Ping(payload=b"%d" % self.pings_sent))

    async def _note(self, event: object) -> None:
        match event:
            case AcceptConnection():
                self.entered.set()
            case TextMessage():
                self._text += event.data
                if event.message_finished:
                    self.lines.append(json.loads(self._text)["message"])
                    self._text = ""
            case Ping():
                await self.send(event.response())
            case Pong():
                self.pongs += 1
                assert bytes(event.payload) == b"%d" % self.pongs
            case CloseConnection():
                self.closed_with = event.code
                await self.send(event.response())
            case RejectConnection() | BytesMessage():
                raise AssertionError(event)

    async def send(self, event: object) -> None:
        try:
            async with self._sending:
                await self._stream.send_all(self._protocol.send(event))  # type: ignore[arg-type]
        except trio.BrokenResourceError:
            assert self.closed_with is not None


@pytest.fixture
def choked(monkeypatch: pytest.MonkeyPatch) -> random.Random:
    """Sockets that are written to directly take any part of what they are given, or nothing for now."""
    write, randomness = os.write, random.Random(4711)

    def choked(descriptor: int, data: bytes) -> int:
        if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            return write(descriptor, data)
        most = randomness.choice([0, 1, 2, 3, 10, 100, len(data), len(data)])
        if not most:
            raise BlockingIOError
        return write(descriptor, data[:most])

    monkeypatch.setattr(os, "write", choked)
    return randomness


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> float:
    """A server that gives slow readers all the time they need when it stops, in seconds."""
    monkeypatch.setattr(client_stream, "FLUSH", 50.0)
    monkeypatch.setattr(refusal, "LINGER", 50.0)
    return 50.0


@asynccontextmanager
async def connected(
    address: str, tls: ssl.SSLContext | None
) -> AsyncGenerator[trio.SocketStream | trio.SSLStream[trio.SocketStream]]:
    """A connection whose own buffer is small, so that the server's fills."""
    sock = trio.socket.socket()
    sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
    await sock.connect(("127.0.0.1", int(address.rpartition(":")[2])))
    stream = trio.SocketStream(sock)
    async with stream:
        if tls is None:
            yield stream
        else:
            yield trio.SSLStream(stream, tls, server_hostname="127.0.0.1", https_compatible=True)


async def speak(address: str, tls: ssl.SSLContext | None, token: str, lines: list[str]) -> None:
    async with trio.open_nursery() as nursery:
        ada = Client(address, tls, f"/talker?token={token}", random.Random(1))
        nursery.start_soon(ada.take_part)
        await ada.entered.wait()
        for line in lines:
            frame = json.dumps({"name": "ada", "message": line})
            await ada.send(TextMessage(data=frame))
            await trio.sleep(0.001)
        nursery.cancel_scope.cancel()


async def reset_again_and_again(address: str, tls: ssl.SSLContext | None) -> None:
    """Be sent lines, and go away with a reset while they are written."""
    opening = WSConnection(ConnectionType.CLIENT).send(Request(host="127.0.0.1", target="/talker"))
    while True:
        async with connected(address, tls) as stream:
            await stream.send_all(opening)
            await stream.receive_some(200)
            await trio.sleep(0.02)
            inner = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
            inner.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            inner.socket.close()


@pytest.mark.parametrize("tls", [pytest.param(False, marks=in_campaign), True], ids=["plain", "TLS"])
async def test_under_short_writes_no_frame_is_torn_and_none_comes_after_the_close(
    tls: bool, choked: random.Random, patient: float, tmp_path: Path
) -> None:
    storage = MemoryStorage()
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert not isinstance(ada, Taken)
    settings, trusting = certificate(tmp_path) if tls else ({}, None)
    config = Config(
        listen=(Listen("127.0.0.1", 0),),
        data=Path("unused"),
        ping_interval=0.05,
        pong_timeout=30.0,
        grace=patient,
        message_rate=0.0,  # as fast as it goes
        message_bytes=0,
        **settings,
    )
    lines = [f"{number} " + "x" * choked.choice([0, 5, 500, 3900]) for number in range(LINES)]
    lines = [line.strip() for line in lines]
    with trio.fail_after(60), nothing_logged():
        async with trio.open_nursery() as readers, open_chat(config, storage, SECRET) as server:
            address = server.addresses[0]
            clients = []
            for number in range(READERS):
                path = "/messenger" if number % 2 else "/talker"
                clients.append(Client(address, trusting, path, random.Random(number)))
                readers.start_soon(clients[-1].take_part)
                await clients[-1].entered.wait()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(reset_again_and_again, address, trusting)
                await speak(address, trusting, Tokens(SECRET, 60).issue(ada), lines)
                nursery.cancel_scope.cancel()
        for client in clients:
            assert client.lines == lines
            assert client.closed_with == 1001
        assert sum(client.pongs for client in clients) > 0


def certificate(directory: Path) -> tuple[dict[str, Path], ssl.SSLContext]:
    """Settings for a server with a certificate, and what trusts it."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    cert, key = directory / "cert.pem", directory / "key.pem"
    cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return {"tls_cert": cert, "tls_key": key}, trusting
