"""A dialect that echoes: with it the whole server is the echo server for Autobahn|Testsuite.

Everything but the codec is the server's own: listener, endpoint, trio-websocket, session, send queue.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio

from chat.domain.refusals import Code, Refusal
from chat.engine.dialect import Command
from chat.engine.events import Event, Refused
from chat.frames import text_frame
from chat.protocols.client import Client, Misunderstood, misunderstood
from chat.protocols.protocol import ChatProtocol
from chat.server import open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.storage import MemoryStorage

_FIN = 0x80
_TEXT, _BINARY = 1, 2


class EchoClient(Client):
    """Says nothing by itself."""

    async def greet(self, *_: object) -> None:
        await trio.lowlevel.checkpoint()

    async def handle(self, command: Command, nursery: trio.Nursery) -> None:
        if isinstance(command, Misunderstood):
            await misunderstood(self, command, nursery)
        else:
            await self.greet()


class EchoDialect:
    """Answers each message with itself, as text or binary as it came."""

    name = "echo"
    path = "/echo"
    shape = frozenset({"nothing has this shape"})
    echoes = False
    needs_token = False
    admits_visitors = False

    def decode(self, frame: str | bytes) -> object:
        text: Any = frame  # a refusal carries any text; here it carries bytes too
        return Misunderstood(Refusal(Code.MALFORMED, text))

    def encode(self, event: Event) -> bytes:
        match event:
            case Refused(Refusal(text=str() as said)):
                return text_frame(said.encode())
            case Refused(refusal):
                binary = text_frame(bytes(refusal.text))  # type: ignore[arg-type]
                return bytes((_FIN | _BINARY,)) + binary[1:]
        return b""


ECHO = ChatProtocol(EchoDialect(), lambda _services: EchoClient)


@asynccontextmanager
async def open_echo(**settings: Any) -> AsyncGenerator[str]:
    """Serve on a free port of loopback for as long as the block lasts; yields the URL of the echo."""
    config = Config(listen=(Listen("127.0.0.1", 0, "echo"),), data=Path("unused"), **settings)
    async with open_chat(config, MemoryStorage(), "x" * 32, protocols=(ECHO,)) as server:
        yield server.addresses[0].replace("http", "ws", 1) + EchoDialect.path
