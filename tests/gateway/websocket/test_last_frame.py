"""A client that is cut gets the reason, through TLS too and after frames in progress, unless it does not read."""

import json
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
import trustme
from structlog.testing import capture_logs

from chat.domain.accounts.tokens import Tokens
from chat.domain.ports import NewPerson, Taken
from chat.gateway.websocket import client_stream
from chat.protocols.lines.commands import Recall
from chat.protocols.lines.handlers import LobbyClient
from chat.server import open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.storage import MemoryStorage
from tests.support.frames import CLOSE, TEXT, client_frame
from tests.support.gateway import Wire
from tests.support.raw_client import opening

SECRET = "a secret of the tests that is long enough"

UNLIMITED: dict[str, Any] = {"message_rate": 0.0, "message_bytes": 0, "call_rate": 0.0}

AUTHORITY = trustme.CA()


class Client(Wire):
    """A WebSocket client that reads on demand."""

    async def shake_hands(self, token: str) -> None:
        await self.send(opening(f"/talker?token={token}"))
        status, *_ = await self.response()
        assert status == 101

    async def say(self, name: str, text: str) -> None:
        payload = json.dumps({"name": name, "message": text}).encode()
        await self.send(client_frame(TEXT, payload))

    async def close_code(self) -> int:
        """Read whole texts up to the close frame, and return its code."""
        while (found := await self.frame()).opcode != CLOSE:
            assert found.opcode == TEXT
            json.loads(found.payload)
        return int.from_bytes(found.payload[:2])


class Chat:
    """A server with TLS or without, and an admin who watches it."""

    def __init__(self, url: str, storage: MemoryStorage, http: httpx.AsyncClient) -> None:
        self._url = url
        self._storage = storage
        self._http = http
        self._admin = ""

    async def token(self, name: str, *, admin: bool = False) -> str:
        added = await self._storage.users.add(NewPerson(name=name, password_hash=b"x", is_admin=admin))
        assert not isinstance(added, Taken)
        return Tokens(SECRET, 60).issue(added)

    async def ask(self, method: str, path: str) -> Any:
        self._admin = self._admin or await self.token("grace", admin=True)
        headers = {"Authorization": f"Bearer {self._admin}"}
        return (await self._http.request(method, self._url + path, headers=headers)).json()

    @asynccontextmanager
    async def client(self, name: str) -> AsyncGenerator[Client]:
        token = await self.token(name)
        async with await trio.open_tcp_stream("127.0.0.1", int(self._url.rpartition(":")[2])) as tcp:
            stream: trio.abc.Stream = tcp
            if self._url.startswith("https"):
                stream = trio.SSLStream(tcp, trusting(), server_hostname="localhost", https_compatible=True)
            client = Client(stream)
            await client.shake_hands(token)
            await client.frame()  # "authorised as …"
            yield client

    async def fill(self, deaf: str) -> int:
        """Talk until something waits for `deaf`, who does not read; return the number of its connection."""
        async with self.client("talkative") as talkative:
            while True:
                for _ in range(50):
                    await talkative.say("talkative", "x" * 3900)
                for client in (await self.ask("GET", "/admin/tree.json"))["clients"]:
                    if client["name"] == deaf and client["queued_batches"]:
                        return int(client["connection"])


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


@pytest.fixture
def broken_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug, in a server that starts after this."""

    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(LobbyClient.handlers, Recall, fail)


@pytest.fixture(params=["plain", "TLS"])
async def chat(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Chat]:
    settings = dict(UNLIMITED)
    if request.param == "TLS":
        issued = AUTHORITY.issue_cert("127.0.0.1", "localhost")
        settings |= {"tls_cert": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}
        issued.cert_chain_pems[0].write_to_path(settings["tls_cert"])
        issued.private_key_pem.write_to_path(settings["tls_key"])
    config = Config(listen=(Listen("127.0.0.1", 0),), data=Path("unused"), **settings)
    storage = MemoryStorage()
    with capture_logs(), trio.fail_after(60):
        async with (
            open_chat(config, storage, SECRET) as server,
            httpx.AsyncClient(trust_env=False, timeout=20, verify=trusting()) as http,
        ):
            yield Chat(server.addresses[0], storage, http)


async def test_a_client_cut_by_an_administrator_gets_the_reason(chat: Chat) -> None:
    async with chat.client("ada") as ada:
        await chat.ask("POST", "/admin/clients/1/cancel")
        assert await ada.close_code() == 4010


async def test_the_close_frame_follows_the_frames_being_written(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that a slow machine is no client that does not read.
    monkeypatch.setattr(client_stream, "FLUSH", 30.0)
    async with chat.client("ada") as ada, trio.open_nursery() as nursery:
        number = await chat.fill("ada")
        nursery.start_soon(chat.ask, "POST", f"/admin/clients/{number}/cancel")
        while (await chat.ask("GET", f"/admin/why/{number}"))["summary"]["sentence"] == "It has not ended.":
            pass
        assert await ada.close_code() == 4010


async def test_a_client_that_does_not_read_is_not_awaited_for_long(chat: Chat) -> None:
    async with chat.client("ada"):
        number = await chat.fill("ada")
        unwound = await chat.ask("POST", f"/admin/clients/{number}/cancel")
        assert all(task["seconds"] is not None for task in unwound["tasks"]), "it is still there"


@pytest.mark.usefixtures("broken_history")
async def test_a_client_ended_by_a_bug_gets_the_reason(chat: Chat) -> None:
    async with chat.client("ada") as ada:
        await ada.say("ada", "history 5")
        assert await ada.close_code() == 1011
