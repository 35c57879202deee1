"""Clients of a model server, as a test has them."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import trio

from chat.client.chat import Chat
from chat.client.credentials import Credentials
from chat.client.events import Connected, Disconnected, Event
from chat.client.opening import run_connector
from chat.client.reconnecting import Connector
from chat.client.structs import Position
from chat.client.wire import LoggedChange, NewMessage, RoomGone, RoomSnapshot
from tests.client.model_server import ModelServer, in_memory

Reach = Callable[..., AbstractAsyncContextManager[Chat]]


@asynccontextmanager
async def reached(server: ModelServer) -> AsyncGenerator[Reach]:
    """Serve in memory; yield what opens a client of somebody by name."""

    async with in_memory(server) as address:

        @asynccontextmanager
        async def reach(
            name: str = "ada",
            positions: Mapping[int, Position] | None = None,
            *,
            keep: int = 500,
            places: int = 1000,
            credentials: Credentials | None = None,
        ) -> AsyncGenerator[Chat]:
            credentials = credentials or Credentials(token=f"token of {name}")
            async with run_connector(Connector(address, credentials, positions or {}, keep, places)) as chat:
                yield chat

        with trio.fail_after(3600):
            yield reach


async def next_event(chat: Chat, kind: type[Event] | None = None) -> Event:
    """Take the next event of a kind; what comes before it is passed over."""
    async for event in chat.events():
        if kind is None or isinstance(event, kind):
            return event
    raise AssertionError("events never end")


async def texts(chat: Chat, count: int) -> list[str]:
    """Take events until so many texts were said."""
    said: list[str] = []
    while len(said) < count:
        event = await next_event(chat, NewMessage)
        assert isinstance(event, NewMessage)
        if event.kind == "text":
            said.append(event.text)
    return said


class EventChecker:
    """Takes all events of a client, and checks that none comes twice, out of order, or not at all."""

    def __init__(self, positions: Mapping[int, Position] | None = None) -> None:
        self.at = {room: position.pos for room, position in (positions or {}).items()}
        self.events = 0
        self.resets: list[str] = []
        self.ups = 0
        self.is_up = False

    async def take(self, chat: Chat) -> None:
        """Take events until cancelled."""
        async for event in chat.events():
            self.check(event)

    def check(self, event: Event) -> None:
        self.events += 1
        match event:
            case NewMessage() | LoggedChange():
                assert event.pos == self.at[event.room] + 1, f"{event} after {self.at[event.room]}"
                self.at[event.room] = event.pos
            case RoomSnapshot(id=room) if event.reset is not None or room not in self.at:
                self.at[room] = event.pos
                self.resets += [event.reset] if event.reset else []
            case RoomGone(room=room):
                del self.at[room]
            case Connected():
                self.ups += 1
                self.is_up = True
            case Disconnected():
                self.is_up = False
