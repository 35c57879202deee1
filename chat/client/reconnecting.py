"""Keeps a client connected: one connection after another, until nothing but the program can help."""

import logging
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import h11
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, HandshakeError
from wsproto.utilities import ProtocolError

from chat.client.address import Address
from chat.client.credentials import Credentials
from chat.client.endings import SESSION_ENDED, TOKEN_EXPIRED, TOO_BIG, Backoff, Ending, described, is_final
from chat.client.errors import ChatEnded, Lost, Refused, SignedOut
from chat.client.events import Connected, Disconnected
from chat.client.http_api import HttpApi
from chat.client.inbox import Inbox
from chat.client.line import Line
from chat.client.outbox import Outbox
from chat.client.rooms import Rooms
from chat.client.socket import open_socket
from chat.client.values import Position

_log = logging.getLogger("chat.client")

_SOCKET = "/api/v1/socket"

_FOR_NOW = (408, 425, 429)
"""Statuses below 500 with which a server, or a proxy before it, refuses a handshake for now."""


class Connector:
    """A client's rooms and queues, which outlive its connections.

    Args:
        positions: where the program was at the start.
        keep: messages held of each room.
        places: events that may wait for the program.
        on_failure: is called with why each connection fails before the first that is of use.
    """

    def __init__(
        self,
        address: Address,
        credentials: Credentials,
        positions: Mapping[int, Position],
        keep: int,
        places: int,
        on_failure: Callable[[str], object] | None = None,
    ) -> None:
        self.rooms = Rooms(positions, keep)
        self.inbox = Inbox(positions, places, self._catch_up, self._take_more)
        self.outbox = Outbox()
        self.up = trio.Event()
        """Set once the rooms are up to date for the first time."""
        self.line: Line | None = None
        """The connection, while there is one."""
        self.http = HttpApi(address, credentials, self._came_into, lambda: self.rooms.me)
        self._address, self._credentials = address, credentials
        self._on_failure = on_failure
        self._backoff = Backoff(random.random)
        self._hurried = trio.Event()

    async def run(self) -> None:
        """Be connected until cancelled.

        Raises:
            SignedOut, Refused, ChatEnded: no further try can succeed.

        Cancelling: the connection is dropped; what it had told stays told.
        """
        while True:
            ending, was_up = await self._connect()
            if ending.code == TOO_BIG:
                self.outbox.refuse_largest()  # a proxy takes less than the server says
            if ending.code in (TOKEN_EXPIRED, SESSION_ENDED):
                self._credentials.refused(is_over=ending.code == SESSION_ENDED)
            wait = self._backoff.after(ending, was_up=was_up)
            _log.info("connection lost: %s; again in %.1f s", ending.why, wait)
            if was_up:
                self.inbox.put(Disconnected(ending.why, wait))
            elif self._on_failure is not None and not self.up.is_set():
                self._on_failure(ending.why)
            self._hurried = trio.Event()
            with trio.move_on_after(wait):
                await self._hurried.wait()

    def hurry(self) -> None:
        """Do not wait with the next connection, as somebody is there to see it. Sync."""
        self._hurried.set()

    async def _connect(self) -> tuple[Ending, bool]:
        """Be connected once; return how that ended, and whether the rooms were up to date meanwhile."""
        endings: list[Ending] = []
        fatal: list[Exception] = []
        line: Line | None = None
        try:
            token = await self._credentials.access(
                self._address
            )  # before the socket: hello has ten seconds there
            async with open_socket(self._address, _SOCKET) as socket:
                self.line = line = Line(socket, self.rooms, self.inbox, self.outbox, self._backoff)
                await line.serve(
                    token, self._address, self._credentials, on_up=self.up.set, on_told=self._on_told
                )
        except* (SignedOut, Refused, ChatEnded) as group:
            fatal += _leaves(group)
        except* _LOST as group:
            endings += map(_ending, _leaves(group))
        finally:
            self.line = None
        if fatal:
            raise fatal[0]
        # Several tasks hear of an end; the one with a code says why it was.
        ending = max(endings, key=lambda each: each.code is not None)
        if ending.is_final and not self.up.is_set():
            raise ChatEnded(ending.why)
        if line is not None and line.bye is not None:
            ending = ending._replace(after=line.bye)
        return ending, line is not None and line.is_up

    def _on_told(self) -> None:
        self.inbox.put(Connected())

    def _came_into(self, room: int) -> None:
        # The server tells of rooms that others have one join; of one's own making it answers, and no socket.
        if room not in self.rooms and self.line is not None:
            self.line.catch_up()

    def _catch_up(self) -> None:
        self.rooms.begin_again_at(self.inbox.positions)
        if self.line is not None:
            self.line.catch_up()

    def _take_more(self) -> None:
        if self.line is not None:
            self.line.take_more()


_LOST = (
    Lost,
    ConnectionClosed,
    HandshakeError,
    ProtocolError,  # of WebSocket, also where the server pings after we closed
    h11.ProtocolError,
    OSError,
    trio.BrokenResourceError,
    trio.ClosedResourceError,
    trio.TooSlowError,
)
"""What ends a connection, and not the client."""


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[Any]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each


def _ending(error: Exception) -> Ending:
    """How a connection ended that raised this. A refused handshake has its HTTP status for a code.

    Where it is final there is no chat server, but a page, or a proxy that wants https.
    """
    match error:
        case Lost(code=code, after=after):
            return Ending(str(error), code, after, is_final(error))
        case ConnectionClosed(reason=reason) if reason is not None:
            return Ending(f"closed with {reason.code} {reason.reason or ''}".rstrip(), reason.code)
        case ConnectionRejected(status_code=status):
            ends = status < 500 and status not in _FOR_NOW
            why = f"there is no chat server there: HTTP status {status}"
            return Ending(why, status if ends else None, is_final=ends)
        case trio.TooSlowError():
            return Ending("no answer in time")
    return Ending(described(error), is_final=is_final(error))
