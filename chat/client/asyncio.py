"""The same client for programs on asyncio: Trio runs as a guest of their loop, and the client in it.

    async with open_chat("https://chat.example", token=token) as chat:
        async for event in chat.events():
            ...

`Chat` is the one of `chat.client`, with the same methods and promises. Two things are of asyncio: cancelling is
`task.cancel()`, and where a deadline is wanted, `asyncio.timeout`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from ssl import SSLContext

from chat.client import opening, sessions
from chat.client.address import Address
from chat.client.chat import Chat
from chat.client.credentials import SessionStore
from chat.client.events import Event
from chat.client.guest import Crossing, enter, enter_on_asyncio, open_guest, run_on_asyncio
from chat.client.inbox import Inbox
from chat.client.structs import Position
from chat.client.wire import Session

__all__ = ["log_in", "open_chat", "register"]


@asynccontextmanager
async def open_chat(
    url: str,
    *,
    token: str | None = None,
    login: tuple[str, str] | None = None,
    ask_code: Callable[[], Awaitable[str]] | None = None,
    refresh_token: str | None = None,
    session_store: SessionStore | None = None,
    on_session: Callable[[Session], object] | None = None,
    positions: Mapping[int, Position] | None = None,
    max_cached_messages: int = 500,
    max_buffered_events: int = 1000,
    ssl_context: SSLContext | None = None,
    on_connect_failure: Callable[[str], object] | None = None,
) -> AsyncGenerator[Chat]:
    """Stay connected to a server as long as the block lasts, on asyncio; the arguments are `chat.client.open_chat`'s.

    `ask_code`, and `lock` of a session store, are of asyncio.

    Raises:
        LoggedOut, Refused, CannotConnect, ValueError: as `chat.client.open_chat`. In the block: its task is cancelled,
            then this is raised.
        RuntimeError: Trio runs in this thread already.

    Cancelling: as when the block ends, the connection is closed, within a second.
    """
    loop = asyncio.get_running_loop()
    opened = opening.open_chat(
        url,
        token=token,
        login=login,
        ask_code=None if ask_code is None else lambda: run_on_asyncio(loop, ask_code),
        refresh_token=refresh_token,
        session_store=None if session_store is None else _Store(session_store, loop),
        on_session=on_session,
        positions=positions,
        max_cached_messages=max_cached_messages,
        max_buffered_events=max_buffered_events,
        ssl_context=ssl_context,
        on_connect_failure=on_connect_failure,
    )
    async with open_guest() as start_soon, enter(start_soon, opened) as (chat, crossing):
        yield chat.run_by(crossing.run, lambda inbox: _Events(inbox, crossing))


async def log_in(address: Address, login: str, password: str, *, code: str | None = None) -> Session:
    """Begin a session, on asyncio; arguments, errors and cancelling as `chat.client.log_in`."""

    async def begin() -> Session:
        return await sessions.log_in(address, login, password, code=code)

    async with open_guest() as start_soon:
        return await Crossing(start_soon).run(begin)


async def register(address: Address, name: str, password: str, invite: str | None = None) -> Session:
    """Create an account, on asyncio; arguments, errors and cancelling as `chat.client.register`."""
    async with open_guest() as start_soon:
        return await Crossing(start_soon).run(sessions.register, address, name, password, invite)


class _Events(AsyncIterator[Event]):
    """The events of an inbox. An event is taken here and not in Trio: cancelling loses none on the way."""

    def __init__(self, inbox: Inbox, crossing: Crossing) -> None:
        self._inbox = inbox
        self._crossing = crossing

    async def __anext__(self) -> Event:
        with self._inbox.taking():
            await asyncio.sleep(0)  # others run, however many events wait
            while not self._inbox.has_events:
                await self._crossing.run(self._inbox.wait_for_events)
            return self._inbox.pop()


class _Store:
    """A session store of a program on asyncio, for Trio."""

    def __init__(self, store: SessionStore, loop: asyncio.AbstractEventLoop) -> None:
        self._store = store
        self._loop = loop

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Lock out all other programs; as the store says."""
        return enter_on_asyncio(self._loop, self._store.lock())

    def load(self) -> str | None:
        """Return the newest refresh token. Sync."""
        return self._store.load()

    def save(self, session: Session) -> None:
        """Store a session. Sync."""
        self._store.save(session)
