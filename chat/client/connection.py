"""One connection from hello to its end: tasks read, write, ping, renew the token and keep the rooms in sync."""

import time
from collections.abc import Callable

import trio
from msgspec.structs import replace
from trio_websocket import WebSocketConnection

from chat.client.address import Address
from chat.client.credentials import Credentials
from chat.client.endings import TOKEN_EXPIRED, Backoff
from chat.client.errors import ConnectionFailed, Refused
from chat.client.frames import NumberedReply, decode, encode
from chat.client.inbox import Inbox
from chat.client.outbox import Outbox
from chat.client.rooms import Rooms
from chat.client.structs import Limits, Request
from chat.client.wire import (
    Bye,
    Edit,
    ErrorReply,
    Hello,
    HelloOk,
    History,
    MarkRead,
    Ping,
    PresenceChanged,
    Reply,
    RoomSnapshot,
    Send,
    Status,
    Sync,
    UnreadCounts,
    Watch,
    Watched,
)
from chat.signals import Signal

HELLO_TIMEOUT, SYNC_TIMEOUT, PING_TIMEOUT = 10.0, 60.0, 5.0
"""Seconds for an answer; without one the connection ends."""

_PING_INTERVAL = 25.0
"""Seconds between two pings, so that a dead server is noticed within half a minute."""

_SYNC_PAUSE = 0.2
"""Seconds between two syncs of gaps: a server with a gap in its own log is not asked without pause."""

_DAY = 86_400.0

_ROOMS_PER_PAGE = 20
"""Rooms in one page request: few enough that each gets a good part of the page."""


_CLIENT = "trio-chat"
"""The name of a program among the person's sessions."""


class Connection:
    """One connection, which keeps the client's rooms, inbox and outbox up to date.

    Attributes:
        retry_after: the seconds after which the server asked to reconnect, if it did.
        is_ready: whether the rooms are up to date, so that requests of the program are sent.
        limits: those of the server.
    """

    def __init__(
        self, socket: WebSocketConnection, rooms: Rooms, inbox: Inbox, outbox: Outbox, backoff: Backoff
    ) -> None:
        self.retry_after: float | None = None
        self.is_ready = False
        self._socket = socket
        self._rooms, self._inbox, self._outbox = rooms, inbox, outbox
        self._backoff = backoff
        self.limits = Limits()
        self._stale = Signal()
        self._is_stale = False  # whether something has to be requested
        self._needs_full_sync = False
        self._on_caught_up: Callable[[], None] | None = None  # None once it was called
        self._count_not_before = 0.0  # the server refuses unread counts until then
        self._closed_until = 0.0  # the outbox, after a temporary refusal
        self._dropped = trio.Event()
        self._serving = trio.CancelScope()

    async def serve(
        self,
        token: str,
        address: Address,
        credentials: Credentials,
        *,
        on_ready: Callable[[], None],
        on_caught_up: Callable[[], None],
    ) -> None:
        """Say hello, sync, then serve both sides until the connection ends, which raises, or until leave().

        Args:
            token: the access token to begin with.
            address: where to get the next one.
            credentials: provide the next one before this one expires.
            on_ready: called once the rooms are up to date, except those whose changes come in pages.
            on_caught_up: called once all earlier changes are in the inbox.

        Raises, in exception groups:
            ConnectionFailed, trio_websocket.ConnectionClosed: the connection has ended.
            LoggedOut, Refused, CannotConnect: no other connection can succeed.

        Cancelling: unanswered requests stay in the outbox, and events in the inbox.
        """
        self._outbox.begin_connection()
        try:
            with self._serving:
                await self._serve(token, address, credentials, on_ready, on_caught_up)
        finally:
            self._outbox.note_unanswered(time.time())

    async def _serve(
        self,
        token: str,
        address: Address,
        credentials: Credentials,
        on_ready: Callable[[], None],
        on_caught_up: Callable[[], None],
    ) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._read, nursery)
            nursery.start_soon(self._write)
            nursery.start_soon(self._end_when_dropped)
            hello = await self._request(_hello(token), HELLO_TIMEOUT)
            assert isinstance(hello, HelloOk)
            self._rooms.person_id, self._rooms.name = hello.me.id, hello.me.name
            self._rooms.note_restore(hello.restored)
            self.limits = hello.limits
            self._outbox.max_in_flight = hello.limits.in_flight
            if hello.limits.key_days:
                self._outbox.refuse_forgotten(time.time() - hello.limits.key_days * _DAY)
            await self._sync_all(is_new=True)
            if (restored := self._rooms.take_restored()) is not None:
                self._inbox.put(restored)
            await self._watch()
            await self._set_status()
            self._outbox.set_open(is_open=True)
            self.is_ready = True
            on_ready()
            self._on_caught_up = on_caught_up
            await self._report_caught_up()  # at once, mostly
            nursery.start_soon(self._ping_forever)
            nursery.start_soon(self._renew_token, address, credentials)
            await self._stay_in_sync(nursery)

    def drop(self) -> None:
        """End the connection, because the server does not answer. Sync."""
        self._dropped.set()

    def leave(self) -> None:
        """Have serve() return, so that the socket is closed as it should be. Sync."""
        self._serving.cancel(reason="the program leaves")

    def sync_again(self) -> None:
        """Sync all rooms again: events were dropped, or the person came into a room. Sync."""
        self._needs_full_sync = True
        self._mark_stale()

    def load_more(self) -> None:
        """Request the next page, if there is one: the program has taken most of the last. Sync."""
        if self._rooms.has_backlog:
            self._mark_stale()

    def _mark_stale(self) -> None:
        self._is_stale = True
        self._stale.notify()

    async def _read(self, nursery: trio.Nursery) -> None:
        while True:
            match decode(await self._socket.get_message()):
                case None:
                    pass
                case NumberedReply(number, reply):
                    self._settle(number, reply, nursery)
                case Bye(after_ms=after):
                    self.retry_after = after / 1000
                case frame:
                    if (
                        not self.is_ready
                        and isinstance(frame, RoomSnapshot)
                        and frame.reset == "other_history"
                    ):
                        self._outbox.refuse_lost(frame.id, frame.after or 0)
                    if (event := self._rooms.apply(frame)) is not None:
                        self._inbox.put(event)
            if self._rooms.gaps or self._rooms.uncounted:
                self._mark_stale()

    def _settle(self, number: int, reply: Reply, nursery: trio.Nursery) -> None:
        pending = self._outbox.settle(number, reply)
        match pending.request, reply:
            case MarkRead() as request, UnreadCounts(unread=unread, mentions=mentions):
                self._rooms.apply_read_reply(request, unread, mentions)
            case _, History(messages=messages):
                self._rooms.load_history(messages)
            case _, ErrorReply(retry_ms=retry_ms) if pending.outcome is None:
                wait = self._backoff.next() if retry_ms is None else retry_ms / 1000
                # The program's requests wait meanwhile: the refused one must go first.
                self._closed_until = max(self._closed_until, trio.current_time() + wait)
                self._outbox.set_open(is_open=False)
                nursery.start_soon(self._reopen_outbox)

    async def _reopen_outbox(self) -> None:
        await trio.sleep_until(self._closed_until)
        if trio.current_time() >= self._closed_until:  # no further refusal meanwhile
            self._outbox.set_open(is_open=True)

    async def _write(self) -> None:
        while True:
            if (taken := self._outbox.next()) is None:
                await self._outbox.wait()
            else:
                number, request = taken
                frame = encode(request, number)
                if len(frame) > self.limits.frame_bytes:
                    self._outbox.settle(number, _too_big(request, self.limits))
                else:
                    await self._socket.send_message(frame.decode())

    async def _end_when_dropped(self) -> None:
        await self._dropped.wait()
        raise ConnectionFailed("no answer to a ping")

    async def _ping_forever(self) -> None:
        while True:
            await trio.sleep(_PING_INTERVAL)
            await self._request(Ping(), PING_TIMEOUT)

    async def _renew_token(self, address: Address, credentials: Credentials) -> None:
        while True:
            await trio.sleep_until(credentials.renew_at)
            try:
                await credentials.renew(address)
            except ConnectionFailed as failed:  # the old token is still valid for a while
                await trio.sleep(self._backoff.next() if failed.retry_after is None else failed.retry_after)
            else:
                await self._request(_hello(await credentials.access(address)), HELLO_TIMEOUT)

    async def _sync_all(self, *, is_new: bool) -> None:
        self._needs_full_sync = False
        for sync in self._rooms.sync_requests(self.limits.positions, is_new=is_new):
            await self._request(self._limited(sync), SYNC_TIMEOUT)
            self._rooms.finish_sync(sync)
        self._rooms.verify_read_marks()
        if self._rooms.uncounted or self._rooms.has_backlog:
            self._mark_stale()

    def _limited(self, sync: Sync) -> Sync:
        """Limit a sync to the changes that the inbox has room for."""
        size = self._inbox.page_size
        return sync if size is None else replace(sync, limit=min(size, sync.limit))

    async def _load_page(self) -> None:
        """Put more of the backlog into the inbox, if it has room."""
        if not (self._inbox.wants_page and self._rooms.has_backlog):
            return
        for event in self._rooms.report_rooms(self._inbox.page_size):
            self._inbox.put(event)
        if self._rooms.far_behind and self._inbox.wants_page:
            page = self._rooms.page_request(min(self.limits.positions, _ROOMS_PER_PAGE))
            reply = await self._request(self._limited(page), SYNC_TIMEOUT, may_be_refused=True)
            if isinstance(reply, Refused):
                if not reply.is_temporary:
                    raise ConnectionFailed(f"sync: {reply}")
                self._rooms.request_page_again(page)
                await trio.sleep(self._backoff.next() if reply.retry_ms is None else reply.retry_ms / 1000)
            elif self._rooms.finish_sync(page):
                await trio.sleep(_SYNC_PAUSE)  # the page moved no position: do not ask without pause
        if self._inbox.wants_page and self._rooms.has_backlog:
            self._mark_stale()

    async def _watch(self) -> None:
        if self._rooms.watched:
            watch = Watch(people=self._rooms.watched)
            reply = await self._request(watch, SYNC_TIMEOUT, may_be_refused=True)
            if isinstance(reply, Watched):
                self._inbox.put(PresenceChanged(people=reply.people))

    async def _set_status(self) -> None:
        if self._rooms.status != "online":  # the status of a new connection
            await self._request(Status(state=self._rooms.status), SYNC_TIMEOUT, may_be_refused=True)

    async def _stay_in_sync(self, nursery: trio.Nursery) -> None:
        while True:
            await self._stale.wait_until(lambda: self._is_stale)
            self._is_stale = False
            if self._needs_full_sync:
                await self._sync_all(is_new=False)
            asks_again = bool(self._rooms.gaps or self._rooms.uncounted)
            if self._rooms.gaps:
                sync = self._rooms.gap_request(self.limits.positions)
                await self._request(self._limited(sync), SYNC_TIMEOUT)
                self._rooms.finish_sync(sync)
            await self._load_page()
            await self._report_caught_up()
            for room in tuple(self._rooms.uncounted):
                await self._count_unread(room, nursery)
            if asks_again:
                await trio.sleep(_SYNC_PAUSE)

    async def _report_caught_up(self) -> None:
        """Report once that all earlier changes are in the inbox, when they are."""
        if self._rooms.has_backlog or self._needs_full_sync:
            return
        if self._inbox.is_catching_up:
            await self._watch()  # a sync has no presence
            self._inbox.finish_catching_up()
        if self._on_caught_up is not None:
            self._on_caught_up()
            self._on_caught_up = None

    async def _count_unread(self, number: int, nursery: trio.Nursery) -> None:
        """Let the server count the unread messages of a room, now or later; reading its reply applies the count."""
        room = self._rooms.get(number)  # the person may have left it while another room was counted
        if room is None or trio.current_time() < self._count_not_before:
            return
        # Marking as read what already is read changes nothing, and the reply has the count.
        request = MarkRead(room=number, seq=room.info.read)
        match await self._request(request, SYNC_TIMEOUT, may_be_refused=True):
            case Refused() as refused if refused.is_temporary:
                wait = self._backoff.next() if refused.retry_ms is None else refused.retry_ms / 1000
                self._count_not_before = trio.current_time() + wait
                nursery.start_soon(self._count_later)
            case Refused():
                self._rooms.uncounted.discard(number)

    async def _count_later(self) -> None:
        await trio.sleep_until(self._count_not_before)
        self._mark_stale()

    async def _request(
        self, request: Request, timeout: float, *, may_be_refused: bool = False
    ) -> Reply | Refused | None:
        """Send a request of the connection itself. Without an answer in time the connection ends."""
        pending = self._outbox.add(request, is_internal=True)
        with trio.move_on_after(timeout):
            await pending.done.wait()
        match pending.outcome:
            case None:
                raise ConnectionFailed(f"no answer to {request.type}")
            case Refused() as refused if may_be_refused:
                return refused
            case Refused() as refused:
                code = TOKEN_EXPIRED if refused.code in ("unauthenticated", "expired") else None
                retry_after = None if refused.retry_ms is None else refused.retry_ms / 1000
                raise ConnectionFailed(f"{request.type}: {refused}", code, retry_after)
            case Exception() as error:
                raise error
            case reply:
                return reply


def _hello(token: str) -> Hello:
    return Hello(token=token, client=_CLIENT)


def _too_big(request: Request, limits: Limits) -> ErrorReply:
    """The refusal of a request that fits in no frame: the server would close instead of answering. Sync and pure."""
    if isinstance(request, Send | Edit) and len(request.text) > limits.text:
        text = f"a text has at most {limits.text} characters"
        return ErrorReply(code="invalid", text=text, field="text")
    return ErrorReply(code="too_big", text=f"a request has at most {limits.frame_bytes} bytes")
