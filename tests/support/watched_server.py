"""The whole server with its memory storage, and an admin who watches it over HTTP."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Taken
from chat.server import open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.storage import MemoryStorage

SECRET = "a secret of the tests that is long enough"


class Watched:
    """A server, and an admin who watches it."""

    def __init__(self, url: str, storage: MemoryStorage, client: httpx.AsyncClient) -> None:
        self.url = url
        self.storage = storage
        self._http = client

    async def token(self, name: str, *, admin: bool = False) -> str:
        added = await self.storage.users.add(NewPerson(name=name, password_hash=b"x", is_admin=admin))
        assert not isinstance(added, Taken)
        return self.token_of(added)

    def token_of(self, person: Person) -> str:
        return Tokens(SECRET, 60).issue(person)

    async def ask(self, path: str, token: str | None, method: str = "GET", **headers: str) -> httpx.Response:
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self._http.request(method, self.url + path, headers=headers)

    @asynccontextmanager
    async def client(self, path: str = "/talker", token: str = "") -> AsyncGenerator[WebSocketConnection]:
        query = f"?token={token}" if token else ""
        host = self.url.removeprefix("http://")
        # A stream of our own: trio-websocket's client leaves it open when the server closes first.
        async with (
            await trio.open_tcp_stream("127.0.0.1", int(host.rpartition(":")[2])) as stream,
            trio.open_nursery() as nursery,
            await wrap_client_stream(nursery, stream, host, path + query) as ws,
        ):
            yield ws


@asynccontextmanager
async def open_watched(local: Path | None = None, **settings: Any) -> AsyncGenerator[Watched]:
    """The server for as long as the block lasts, a minute at most; `local` is where its control socket is."""
    config = Config(listen=(Listen("127.0.0.1", 0),), data=Path("unused"), bcrypt_cost=4, **settings)
    storage = MemoryStorage()
    with trio.fail_after(60):
        async with (
            open_chat(config, storage, SECRET, local=local) as server,
            httpx.AsyncClient(trust_env=False, timeout=10) as client,
        ):
            yield Watched(server.addresses[0], storage, client)


async def next_fields(ws: WebSocketConnection) -> dict[str, str]:
    """The next frame, which is JSON."""
    answer: dict[str, str] = json.loads(await ws.get_message())
    return answer
