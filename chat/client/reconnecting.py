"""Keeps a client connected: opens one connection after another until no further one can succeed."""

import logging
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import h11
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, HandshakeError
from wsproto.utilities import ProtocolError

from chat.client.address import Address
from chat.client.connection import Connection
from chat.client.credentials import Credentials
from chat.client.endings import SESSION_ENDED, TOKEN_EXPIRED, TOO_BIG, Backoff, Ending, describe, is_final
from chat.client.errors import CannotConnect, ConnectionFailed, LoggedOut, Refused
from chat.client.events import Connected, Disconnected
from chat.client.http_api import HttpApi
from chat.client.inbox import Inbox
from chat.client.outbox import Outbox
from chat.client.rooms import Rooms
from chat.client.socket import open_socket
from chat.client.structs import Position
from chat.signals import Signal

_log = logging.getLogger("chat.client")

_SOCKET = "/api/v1/socket"

_TEMPORARY_STATUSES = (408, 425, 429)
"""Statuses below 500 with which a server, or a proxy before it, refuses a handshake temporarily."""


class Connector:
    """The rooms and queues of a client, which outlive its connections.

    Attributes:
        rooms, inbox, outbox, http: what `Chat` works with.
        ready: set once the rooms are up to date for the first time.
        connection: the present one; None while disconnected.

    Args:
        address: the server.
        credentials: provide access tokens.
        positions: the program's positions at the start.
        max_cached_messages: how many messages of each room are held.
        max_buffered_events: how many events may wait for the program.
        on_connect_failure: called with the reason of each failed attempt until the first connection.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        positions: Mapping[int, Position],
        max_cached_messages: int = 500,
        max_buffered_events: int = 1000,
        on_connect_failure: Callable[[str], object] | None = None,
    ) -> None:
        self.rooms = Rooms(positions, max_cached_messages)
        self.inbox = Inbox(positions, max_buffered_events, self._sync_again, self._load_more)
        self.outbox = Outbox()
        self.ready = trio.Event()
        self.connection: Connection | None = None
        self.http = HttpApi(address, credentials, self._load_room, lambda: self.rooms.person_id)
        self._address, self._credentials = address, credentials
        self._on_connect_failure = on_connect_failure
        self._backoff = Backoff(random.random)
        self._wait_skipped = Signal()
        self._is_leaving = False

    async def run(self) -> None:
        """Stay connected until cancelled, or until leave().

        Raises:
            LoggedOut, Refused, CannotConnect: no further attempt can succeed.

        Cancelling: the connection is dropped; events stay in the inbox.
        """
        while True:
            ending, was_ready = await self._connect()
            if self._is_leaving:
                return
            if ending.code == TOO_BIG:
                self.outbox.refuse_largest()  # or it would close every later connection
            if ending.code in (TOKEN_EXPIRED, SESSION_ENDED):
                self._credentials.discard(with_session=ending.code == SESSION_ENDED)
            wait = self._backoff.after(ending, was_ready=was_ready)
            _log.info("connection lost: %s; reconnecting in %.1f s", ending.reason, wait)
            if was_ready:
                self.inbox.put(Disconnected(ending.reason, wait))
            elif self._on_connect_failure is not None and not self.ready.is_set():
                self._on_connect_failure(ending.reason)
            with trio.move_on_after(wait):
                await self._wait_skipped.wait()

    def leave(self) -> bool:
        """Close the connection with a close frame; run() returns then. Sync.

        Returns:
            Whether there is one. Where there is none, nothing has to be waited for: cancel run().
        """
        self._is_leaving = True
        if self.connection is not None:
            self.connection.leave()
        return self.connection is not None

    def reconnect_now(self) -> None:
        """End the wait before the next attempt. Sync."""
        self._wait_skipped.notify()

    async def _connect(self) -> tuple[Ending, bool]:
        """Open a connection and serve it; return how it ended, and whether the rooms were up to date meanwhile."""
        endings: list[Ending] = []
        fatal: list[Exception] = []
        connection: Connection | None = None
        try:
            # Before the socket: there hello must follow within ten seconds.
            token = await self._credentials.access(self._address)
            async with open_socket(self._address, _SOCKET) as socket:
                connection = Connection(socket, self.rooms, self.inbox, self.outbox, self._backoff)
                self.connection = connection
                await connection.serve(
                    token,
                    self._address,
                    self._credentials,
                    on_ready=self.ready.set,
                    on_caught_up=lambda: self.inbox.put(Connected()),
                )
        except* (LoggedOut, Refused, CannotConnect) as group:
            fatal += _leaves(group)
        except* _CONNECTION_ERRORS as group:
            endings += map(_ending, _leaves(group))
        finally:
            self.connection = None
        if fatal:
            raise fatal[0]
        if self._is_leaving:
            return Ending("the program leaves"), False
        # Several tasks notice the end; the one with a close code has the reason.
        ending = max(endings, key=lambda each: each.code is not None)
        if ending.is_final and not self.ready.is_set():
            raise CannotConnect(ending.reason)
        if connection is not None and connection.retry_after is not None:
            ending = ending._replace(retry_after=connection.retry_after)
        return ending, connection is not None and connection.is_ready

    def _load_room(self, room: int) -> None:
        # After its own HTTP call the client gets no snapshot of the new room on the socket.
        if room not in self.rooms and self.connection is not None:
            self.connection.sync_again()

    def _sync_again(self) -> None:
        self.rooms.rewind_to(self.inbox.positions)
        if self.connection is not None:
            self.connection.sync_again()

    def _load_more(self) -> None:
        if self.connection is not None:
            self.connection.load_more()


_CONNECTION_ERRORS = (
    ConnectionFailed,
    ConnectionClosed,
    HandshakeError,
    ProtocolError,  # of WebSocket; also if the server pings after the client closed
    h11.ProtocolError,
    OSError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.TooSlowError,
)
"""Exceptions that end a connection, and not the client."""


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[Any]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each


def _ending(error: Exception) -> Ending:
    """How the connection ended that raised this. The code of a refused handshake is its HTTP status.

    A refusal for good means that no chat server is there, but a page, or a proxy that wants https.
    """
    match error:
        case ConnectionFailed(code=code, retry_after=retry_after):
            return Ending(str(error), code, retry_after, is_final(error))
        case ConnectionClosed(reason=close) if close is not None:
            return Ending(f"closed with {close.code} {close.reason or ''}".rstrip(), close.code)
        case ConnectionRejected(status_code=status):
            is_refusal = status < 500 and status not in _TEMPORARY_STATUSES
            reason = f"there is no chat server there: HTTP status {status}"
            return Ending(reason, status if is_refusal else None, is_final=is_refusal)
        case trio.TooSlowError():
            return Ending("no answer in time")
    return Ending(describe(error), is_final=is_final(error))
