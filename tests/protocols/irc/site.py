"""A whole server on a memory storage with listeners of IRC, and clients over real sockets."""

import ssl
from base64 import b64encode
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from chat.domain.accounts.tokens import Tokens
from chat.domain.entities import LOBBY_ID, Draft, Message, Person, Room
from chat.engine.cluster.servers import ClusterConfig
from chat.engine.services import EngineServices
from chat.features.positions import FEATURE as POSITIONS
from chat.server import Server, open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.storage import MemoryStorage

SECRET = "a secret of the tests that is long enough"
PASSWORD = "secret word"
PATIENCE = 10.0
ALL = (
    "message-tags server-time echo-message batch labeled-response draft/chathistory draft/read-marker"
    " draft/message-redaction draft/multiline account-tag away-notify extended-join"
)
"""Capabilities of a client that knows everything."""


class Irc:
    """A client. Waits end with the test's own deadline."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.answers_pings = True
        self._held = b""

    async def send(self, *lines: str) -> None:
        await self.send_raw("".join(f"{line}\r\n" for line in lines).encode())

    async def send_raw(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def line(self) -> str:
        """The next line; PINGs are answered and skipped. "": the server has closed."""
        while True:
            while b"\r\n" not in self._held:
                data = await self.stream.receive_some(65_536)
                if not data:
                    return ""
                self._held += bytes(data)
            raw, _, self._held = self._held.partition(b"\r\n")
            line = raw.decode()
            if not line.startswith("PING "):
                return line
            if self.answers_pings:
                await self.send(f"PONG {line.removeprefix('PING ')}")

    async def until(self, *words: str) -> str:
        """Read up to the first line that has all these words."""
        while line := await self.line():
            if all(word in line for word in words):
                return line
        raise AssertionError(f"the server closed before {words}")

    async def rest(self) -> list[str]:
        """The lines up to the answer to a PING of ours."""
        await self.send("PING :up to here")
        found = list[str]()
        while (line := await self.line()) and not line.endswith(":up to here"):
            found.append(line)
        return found

    async def asks(self, *lines: str) -> list[str]:
        """Send lines; return what comes for them."""
        await self.send(*lines)
        return await self.rest()

    async def log_in(self, name: str, password: str = PASSWORD, caps: str = "") -> "Irc":
        await self.send("CAP LS 302", "NICK x", "USER u 0 * :u", f"CAP REQ :sasl {caps}".rstrip())
        await self.send("AUTHENTICATE PLAIN", *(f"AUTHENTICATE {each}" for each in plain(name, password)))
        await self.until(" 903 ")
        await self.send("CAP END")
        await self.until(" 422 ")
        return self

    async def end(self) -> list[str]:
        """All lines up to the end of the connection."""
        found = list[str]()
        while line := await self.line():
            found.append(line)
        return found


def plain(name: str, password: str, authority: str = "") -> Sequence[str]:
    """The parts of a message of SASL PLAIN."""
    written = b64encode(f"{authority}\0{name}\0{password}".encode()).decode()
    parts = [written[at : at + 400] for at in range(0, len(written), 400)]
    return [*parts, "+"] if len(parts[-1]) == 400 else parts


class Site:
    """The server, its people, and its clients, which are closed at the end."""

    def __init__(self, server: Server, storage: MemoryStorage, nursery: trio.Nursery) -> None:
        assert server.services is not None
        self.services: EngineServices = server.services
        self.addresses = server.addresses
        self.storage = storage
        self._streams: list[trio.abc.Stream] = []
        self._nursery = nursery

    @property
    def port(self) -> int:
        """The port of plain IRC."""
        return int(next(each for each in self.addresses if each.startswith("irc:")).rpartition(":")[2])

    async def add(self, name: str, **about: Any) -> Person:
        person = await self.services.accounts.add(name, PASSWORD, None, **about)
        assert isinstance(person, Person)
        return person

    def token(self, person: Person, lifetime: float = 3600) -> str:
        return Tokens(SECRET, lifetime).issue(person)

    async def connect(self, tls: ssl.SSLContext | None = None) -> Irc:
        """A connection that has sent nothing yet."""
        port = self.port
        if tls is not None:
            port = int(next(each for each in self.addresses if each.startswith("ircs:")).rpartition(":")[2])
        stream: trio.abc.Stream = await trio.open_tcp_stream("127.0.0.1", port)
        if tls is not None:
            stream = trio.SSLStream(stream, tls, server_hostname="localhost")  # type: ignore[arg-type]
        self._streams.append(stream)
        return Irc(stream)

    async def irc(self, name: str, caps: str = "", password: str = PASSWORD) -> Irc:
        """A client that has logged in, and read what comes then."""
        client = await (await self.connect()).log_in(name, password, caps)
        await client.rest()
        return client

    async def room(self, owner: Person, name: str, *members: Person, is_private: bool = False) -> Room:
        made = await self.services.rooms.create(owner, name, is_private=is_private)
        assert isinstance(made, Room)
        for member in members:
            await self.services.writes.write(self.services.rooms.joining(member, made.id))
        return made

    async def say(self, person: Person, text: str, room_id: int = LOBBY_ID, **about: Any) -> Message:
        """Say something as a client of another protocol does."""
        said = await self.services.writes.write(
            Draft(room_id, person.id, person.name, text, 1_700_000_000.5, **about)
        )
        assert isinstance(said, Message)
        return said

    async def close(self) -> None:
        for stream in self._streams:
            with trio.move_on_after(1):
                await trio.aclose_forcefully(stream)


@asynccontextmanager
async def open_site(
    lasts: float = 2 * PATIENCE,
    *,
    storage: MemoryStorage | None = None,
    cluster_config: ClusterConfig | None = None,
    **settings: Any,
) -> AsyncGenerator[Site]:
    """Serve for as long as the block lasts, which is at most so many seconds.

    Several sites share a `storage`, with a `cluster_config` for each.
    """
    storage = storage or MemoryStorage()
    defaults: dict[str, Any] = {
        "listen": (Listen("127.0.0.1", 0),),
        "irc": Listen("127.0.0.1", 0),
        "data": Path("unused"),
        "bcrypt_cost": 4,
        "grace": 0.5,
        "message_rate": 0,
        "message_bytes": 0,
        "read_rate": 0,
    }
    with trio.fail_after(lasts):
        async with open_chat(
            Config(**(defaults | settings)), storage, SECRET, cluster_config=cluster_config
        ) as server:
            assert server.services is not None
            assert POSITIONS.open is not None
            async with POSITIONS.open(server.services), trio.open_nursery() as nursery:
                site = Site(server, storage, nursery)
                try:
                    yield site
                finally:
                    await site.close()
                    nursery.cancel_scope.cancel()
