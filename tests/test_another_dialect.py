"""One more protocol: a package of its own, named once in the registry (here: at the opening of the server)."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from chat.domain.accounts.tokens import Tokens
from chat.domain.ports import NewPerson, Taken
from chat.domain.refusals import BAD_FRAME
from chat.domain.startup import CannotStart
from chat.engine.events import Authorised, Event, Refused, Said
from chat.frames import text_frame
from chat.protocols.client import Misunderstood
from chat.protocols.lines.commands import Authenticate, Say
from chat.protocols.lines.handlers import open_lobby
from chat.protocols.protocol import ChatProtocol
from chat.protocols.registry import PROTOCOLS
from chat.protocols.talker.codec import TALKER
from chat.server import open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.storage import MemoryStorage

SECRET = "a secret of the tests that is long enough"


class Telegram(msgspec.Struct):
    """Who wires what; a telegram to `OFFICE` is a token."""

    who: str
    what: str


class TelegramDialect:
    """All in capitals, and every telegram ends with STOP."""

    name = "telegram"
    path = "/telegram"
    shape = frozenset({"who", "what"})
    echoes = False
    needs_token = False
    admits_visitors = False

    def decode(self, frame: str | bytes) -> object:
        try:
            telegram = msgspec.json.decode(frame, type=Telegram)
        except (ValueError, RecursionError):
            return Misunderstood(BAD_FRAME)
        if telegram.who == "OFFICE":
            return Authenticate(telegram.what)
        return Say(telegram.what.removesuffix(" STOP").lower(), telegram.who)

    def encode(self, event: Event) -> bytes:
        match event:
            case Said(message):
                return _telegram(message.sender_name, message.text)
            case Authorised(person):
                return _telegram("office", f"you are {person.name}")
            case Refused(refusal):
                return _telegram("office", refusal.text)
        return b""


def _telegram(who: str, what: str) -> bytes:
    return text_frame(msgspec.json.encode(Telegram(who.upper(), f"{what.upper()} STOP")))


TELEGRAM = TelegramDialect()
ALL = (*PROTOCOLS, ChatProtocol(TELEGRAM, open_lobby))


class Six:
    """A server that speaks one dialect more, with a listener of it, and tokens of two people."""

    def __init__(self, addresses: tuple[str, ...], tokens: dict[str, str]) -> None:
        self.talkers, self.telegrams = (address.replace("http", "ws", 1) for address in addresses)
        self.tokens = tokens


@asynccontextmanager
async def open_six() -> AsyncGenerator[Six]:
    storage, tokens = MemoryStorage(), {}
    for name in ("ada", "ben"):
        person = await storage.users.add(NewPerson(name=name, password_hash=b"x"))
        assert not isinstance(person, Taken)
        tokens[name] = Tokens(SECRET, 3600).issue(person)
    config = Config(
        listen=(Listen("127.0.0.1", 0), Listen("127.0.0.1", 0, "telegram")),
        data=Path("unused"),
        bcrypt_cost=4,
    )
    with trio.fail_after(20):
        async with open_chat(config, storage, SECRET, protocols=ALL) as server:
            yield Six(server.addresses, tokens)


async def tell(
    socket: WebSocketConnection, first: str, second: str, keys: tuple[str, str] = ("who", "what")
) -> None:
    await socket.send_message(json.dumps(dict(zip(keys, (first, second), strict=True))))


async def hear(socket: WebSocketConnection) -> tuple[str, ...]:
    """The values of the next frame."""
    return tuple(json.loads(await socket.get_message()).values())


LINE = ("name", "message")


async def test_another_dialect_talks_with_a_talker() -> None:
    async with (
        open_six() as six,
        open_websocket_url(f"{six.talkers}/talker?token={six.tokens['ada']}") as talker,
        open_websocket_url(f"{six.talkers}/telegram") as telegraph,
    ):
        assert await hear(talker) == ("server", "authorised as ada")
        await tell(telegraph, "OFFICE", six.tokens["ben"])
        assert await hear(telegraph) == ("OFFICE", "YOU ARE BEN STOP")
        await tell(telegraph, "BEN", "ARRIVING SOON STOP")
        assert await hear(talker) == ("ben", "arriving soon")
        await tell(talker, "ada", "see you", LINE)
        assert await hear(telegraph) == ("ADA", "SEE YOU STOP")
        await tell(telegraph, "ADA", "NOT ME STOP")
        assert await hear(telegraph) == ("OFFICE", "THAT IS NOT YOUR NAME STOP")
        await tell(talker, "ada", "history 2", LINE)
        assert [await hear(talker) for _ in range(2)] == [("ben", "arriving soon"), ("ada", "see you")]


async def test_its_first_frame_is_known_at_the_root_and_its_listener_speaks_it() -> None:
    async with (
        open_six() as six,
        open_websocket_url(f"{six.talkers}/") as chosen,
        open_websocket_url(f"{six.telegrams}/") as silent,
        open_websocket_url(f"{six.telegrams}/?token={six.tokens['ada']}") as ada,
        open_websocket_url(f"{six.telegrams}/") as talker,
    ):
        assert await hear(ada) == ("OFFICE", "YOU ARE ADA STOP")
        await tell(chosen, "OFFICE", "no token")
        assert await hear(chosen) == ("OFFICE", "THE TOKEN IS NOT VALID STOP")
        await tell(talker, "ben", f"auth {six.tokens['ben']}", LINE)
        assert await hear(talker) == ("server", "authorised as ben")
        await tell(ada, "ADA", "HELLO STOP")
        assert await hear(chosen) == await hear(silent) == ("ADA", "HELLO STOP")
        assert await hear(talker) == ("ada", "hello")


async def test_a_listener_of_a_dialect_that_nobody_speaks_is_refused() -> None:
    config = Config(listen=(Listen("127.0.0.1", 0, "telegram"),), data=Path("unused"))
    with pytest.raises(CannotStart, match="no dialect is called 'telegram': there are talker,"):
        async with open_chat(config, MemoryStorage(), SECRET):
            pass


def test_no_other_dialect_is_changed_by_it() -> None:
    assert ALL[:-1] == PROTOCOLS
    assert TALKER.decode('{"who": "ADA", "what": "HI STOP"}') == Misunderstood(BAD_FRAME)
