"""One connection, from its hello to its end: one task reads, one writes, one asks whether the server is there."""

from collections.abc import Callable

import trio
from msgspec.structs import replace
from trio_websocket import WebSocketConnection

from chat.client.address import Address
from chat.client.credentials import Credentials
from chat.client.endings import TOKEN_EXPIRED, Backoff
from chat.client.errors import Lost, Refused
from chat.client.events import Bye, PresenceTold
from chat.client.frames import Answer, decode, encode
from chat.client.inbox import Inbox
from chat.client.outbox import Outbox
from chat.client.requests import (
    Counts,
    Edit,
    ErrorReply,
    Hello,
    HelloOk,
    History,
    Ping,
    Read,
    Reply,
    Request,
    Send,
    Status,
    Sync,
    Watch,
    Watched,
)
from chat.client.rooms import Rooms
from chat.client.values import Limits

_HELLO, SYNC, PING = 10.0, 60.0, 5.0
"""Seconds for an answer; a silent server is left."""

_BEAT = 25.0
"""Seconds between two pings: a server that is gone is noticed within half a minute."""

_BETWEEN_SYNCS = 0.2
"""Seconds between two looks at what is missing: a server with a hole in its log is not asked without pause."""

_ROOMS_OF_A_PAGE = 20
"""Rooms whose next changes are asked for at once: others come sooner, and each gets a part that is worth asking."""


class Line:
    """One connection of a client, which keeps its rooms, inbox and outbox up to date.

    Attributes:
        bye: the seconds after which the server wants the client back, once it has said so.
        is_up: whether the rooms are up to date, so that the program's requests are written.
    """

    def __init__(
        self, socket: WebSocketConnection, rooms: Rooms, inbox: Inbox, outbox: Outbox, backoff: Backoff
    ) -> None:
        self.bye: float | None = None
        self.is_up = False
        self._socket = socket
        self._rooms, self._inbox, self._outbox = rooms, inbox, outbox
        self._backoff = backoff
        self._limits = Limits()
        self._stale = trio.Event()  # something is missing; set by the reader and by catch_up
        self._is_behind = False
        self._on_told: Callable[[], None] | None = None  # until it is called
        self._counts_from = 0.0  # earlier the server does not count what is unread
        self._held_until = 0.0
        self._dropped = trio.Event()

    async def serve(
        self,
        token: str,
        address: Address,
        credentials: Credentials,
        *,
        on_up: Callable[[], None],
        on_told: Callable[[], None],
    ) -> None:
        """Say hello, sync, and be told and ask until the connection ends, which raises.

        Args:
            token: the access token to begin with.
            address: where a new one comes from.
            credentials: gives the new one before the old one ends.
            on_up: called once the rooms are up to date, but for those of which much is still to be told.
            on_told: called once the program has been told, or is about to be, all that happened before.

        Raises, in exception groups:
            Lost, trio_websocket.ConnectionClosed: the connection is over.
            SignedOut, ChatEnded: and so is the session.

        Cancelling: what was not answered stays in the outbox, and what was told in the inbox.
        """
        self._outbox.begin_connection()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._read, nursery)
            nursery.start_soon(self._write)
            nursery.start_soon(self._drop)
            hello = await self._ask(Hello(token=token), _HELLO)
            assert isinstance(hello, HelloOk)
            self._rooms.me, self._rooms.name = hello.me.id, hello.me.name
            self._limits = hello.limits
            self._outbox.in_flight = hello.limits.in_flight
            await self._sync(is_new=True)
            await self._watch()
            await self._set_status()
            self._outbox.open(is_open=True)
            self.is_up = True
            on_up()
            self._on_told = on_told
            await self._all_is_told()
            nursery.start_soon(self._beat)
            nursery.start_soon(self._renew, address, credentials)
            await self._stay_up_to_date(nursery)

    def drop(self) -> None:
        """End the connection, because the server does not answer. Sync."""
        self._dropped.set()

    def catch_up(self) -> None:
        """The program was told less than was thought: sync all rooms again. Sync."""
        self._is_behind = True
        self._stale.set()

    def take_more(self) -> None:
        """The program has taken so much that more of what is told late may be asked for. Sync."""
        if self._rooms.has_more:
            self._stale.set()

    async def _read(self, nursery: trio.Nursery) -> None:
        while True:
            match decode(await self._socket.get_message()):
                case None:
                    pass
                case Answer(number, reply):
                    self._answer(number, reply, nursery)
                case Bye(after_ms=after):
                    self.bye = after / 1000
                case frame:
                    if (news := self._rooms.apply(frame)) is not None:
                        self._inbox.put(news)
            if self._rooms.gaps or self._rooms.uncounted:
                self._stale.set()

    def _answer(self, number: int, reply: Reply, nursery: trio.Nursery) -> None:
        ticket = self._outbox.answer(number, reply)
        match ticket.request, reply:
            case Read() as read, Counts(unread=unread, mentions=mentions):
                self._rooms.answered(read, unread, mentions)
            case _, History(messages=messages):
                self._rooms.load(messages)
            case _, ErrorReply(retry_ms=retry_ms) if ticket.outcome is None:
                wait = self._backoff.next() if retry_ms is None else retry_ms / 1000
                # Nothing of the program is written meanwhile: what was refused stays before what comes after it.
                self._held_until = max(self._held_until, trio.current_time() + wait)
                self._outbox.open(is_open=False)
                nursery.start_soon(self._open_again)

    async def _open_again(self) -> None:
        await trio.sleep_until(self._held_until)
        if trio.current_time() >= self._held_until:  # no other was refused meanwhile
            self._outbox.open(is_open=True)

    async def _write(self) -> None:
        while True:
            if (written := self._outbox.next()) is None:
                await self._outbox.wait()
            else:
                number, request = written
                frame = encode(request, number)
                if len(frame) > self._limits.frame_bytes:
                    self._outbox.answer(number, _too_big(request, self._limits))
                else:
                    await self._socket.send_message(frame.decode())

    async def _drop(self) -> None:
        await self._dropped.wait()
        raise Lost("no answer to a ping")

    async def _beat(self) -> None:
        while True:
            await trio.sleep(_BEAT)
            await self._ask(Ping(), PING)

    async def _renew(self, address: Address, credentials: Credentials) -> None:
        while True:
            await trio.sleep_until(credentials.renew_at)
            try:
                await credentials.renew(address)
            except Lost as lost:  # the old token is good for a while
                await trio.sleep(self._backoff.next() if lost.after is None else lost.after)
            else:
                await self._ask(Hello(token=await credentials.access(address)), _HELLO)

    async def _sync(self, *, is_new: bool) -> None:
        self._is_behind = False
        for sync in self._rooms.syncs(self._limits.positions, is_new=is_new):
            await self._ask(self._limited(sync), SYNC)
            self._rooms.synced(sync)
        self._rooms.doubt_marks()
        if self._rooms.uncounted or self._rooms.has_more:
            self._stale.set()

    def _limited(self, sync: Sync) -> Sync:
        """A request for no more changes than the program has places for."""
        room = self._inbox.room
        return sync if room is None else replace(sync, limit=min(room, sync.limit))

    async def _next_page(self) -> None:
        """Tell the program more of what it is told late, if it has places for that."""
        if not (self._inbox.wants_more and self._rooms.has_more):
            return
        for news in self._rooms.tell_rooms(self._inbox.room):
            self._inbox.put(news)
        if self._rooms.far and self._inbox.wants_more:
            page = self._rooms.next_page(min(self._limits.positions, _ROOMS_OF_A_PAGE))
            reply = await self._ask(self._limited(page), SYNC, may_be_refused=True)
            if isinstance(reply, Refused):
                if not reply.is_for_now:
                    raise Lost(f"sync: {reply}")
                self._rooms.ask_again(page)
                await trio.sleep(self._backoff.next() if reply.retry_ms is None else reply.retry_ms / 1000)
            elif self._rooms.synced(page):
                await trio.sleep(_BETWEEN_SYNCS)  # nothing of it is told any more
        if self._inbox.wants_more and self._rooms.has_more:
            self._stale.set()

    async def _watch(self) -> None:
        if self._rooms.watched:
            watch = Watch(people=self._rooms.watched)
            reply = await self._ask(watch, SYNC, may_be_refused=True)
            if isinstance(reply, Watched):
                self._inbox.put(PresenceTold(people=reply.people))

    async def _set_status(self) -> None:
        if self._rooms.status != "online":  # a new connection is that by itself
            await self._ask(Status(state=self._rooms.status), SYNC, may_be_refused=True)

    async def _stay_up_to_date(self, nursery: trio.Nursery) -> None:
        while True:
            await self._stale.wait()
            self._stale = trio.Event()
            if self._is_behind:
                await self._sync(is_new=False)
            is_asking = bool(self._rooms.gaps or self._rooms.uncounted)
            if self._rooms.gaps:
                sync = self._rooms.sync_of_gaps(self._limits.positions)
                await self._ask(self._limited(sync), SYNC)
                self._rooms.synced(sync)
            await self._next_page()
            await self._all_is_told()
            for number in tuple(self._rooms.uncounted):
                await self._count(number, nursery)
            if is_asking:
                await trio.sleep(_BETWEEN_SYNCS)

    async def _all_is_told(self) -> None:
        """Say that the line is up, once nothing more of what happened before is to be asked for."""
        if self._rooms.has_more or self._is_behind:
            return
        if self._inbox.is_catching_up:
            await self._watch()  # no sync tells who is there
            self._inbox.caught_up()
        if self._on_told is not None:
            self._on_told()
            self._on_told = None

    async def _count(self, number: int, nursery: trio.Nursery) -> None:
        """Have the server count what is unread in a room, now or a little later; its answer is noted as it is read."""
        room = self._rooms.get(number)  # one may be in it no longer, since the room before it was asked for
        if room is None or trio.current_time() < self._counts_from:
            return
        # Reading no further than one has read changes nothing, and the answer counts.
        reply = await self._ask(Read(room=number, seq=room.info.read), SYNC, may_be_refused=True)
        match reply:
            case Refused() as refused if refused.is_for_now:
                wait = self._backoff.next() if refused.retry_ms is None else refused.retry_ms / 1000
                self._counts_from = trio.current_time() + wait
                nursery.start_soon(self._count_again)
            case Refused():
                self._rooms.uncounted.discard(number)

    async def _count_again(self) -> None:
        await trio.sleep_until(self._counts_from)
        self._stale.set()

    async def _ask(
        self, request: Request, seconds: float, *, may_be_refused: bool = False
    ) -> Reply | Refused | None:
        """Ask something of the connection itself; without an answer it is over."""
        ticket = self._outbox.add(request, is_own=True)
        with trio.move_on_after(seconds):
            await ticket.done.wait()
        match ticket.outcome:
            case None:
                raise Lost(f"no answer to {request.type}")
            case Refused() as refused if may_be_refused:
                return refused
            case Refused() as refused:
                code = TOKEN_EXPIRED if refused.code in ("unauthenticated", "expired") else None
                after = None if refused.retry_ms is None else refused.retry_ms / 1000
                raise Lost(f"{request.type}: {refused}", code, after)
            case Exception() as error:
                raise error
            case reply:
                return reply


def _too_big(request: Request, limits: Limits) -> ErrorReply:
    """The refusal of what fits in no frame, which the server would not even answer. Sync and pure."""
    if isinstance(request, Send | Edit) and len(request.text) > limits.text:
        text = f"a text has at most {limits.text} characters"
        return ErrorReply(code="invalid", text=text, field="text")
    return ErrorReply(code="too_big", text=f"a request has at most {limits.frame_bytes} bytes")
