"""The client as a program has it: what can be asked of it."""

import secrets
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TypeVar

import trio

from chat.client.errors import refusing_what_cannot_be_sent
from chat.client.events import Event
from chat.client.frames import encode
from chat.client.http_api import HttpApi
from chat.client.line import PING
from chat.client.reconnecting import Connector
from chat.client.requests import (
    Activity,
    Counts,
    Delete,
    Done,
    Edit,
    History,
    Hits,
    Nothing,
    Ping,
    Pong,
    React,
    Read,
    ReadHistory,
    Reply,
    Request,
    Send,
    Sent,
    Status,
    Watch,
    Watched,
)
from chat.client.room import Room
from chat.client.values import File, Position

_R = TypeVar("_R", bound=Reply)


class Chat:
    """A client that is connected, or about to be again.

    What is asked while there is no connection waits for one, and what was not answered is asked again, in order: put a
    deadline around what you do not want to wait for. Each method raises Refused where the server says no for good.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    @property
    def rooms(self) -> Mapping[int, Room]:
        """The rooms as they are now, by id."""
        return self._connector.rooms

    @property
    def http(self) -> HttpApi:
        """What is asked beside the connection: rooms to join, who is in them, and whom one blocks."""
        return self._connector.http

    @property
    def me(self) -> int:
        """Who one is: the id of a person."""
        return self._connector.rooms.me

    @property
    def name(self) -> str:
        """One's name, as it was when the connection was made."""
        return self._connector.rooms.name

    @property
    def positions(self) -> dict[int, Position]:
        """How far `events` has told of each room: give it to the next `open_chat`, which goes on from there."""
        return dict(self._connector.inbox.positions)

    def events(self) -> AsyncIterator[Event]:
        """Tell what happens: of each room every change, once and in order, and RoomTold where history was reset.

        Iterate in one place. Where a program is slow, or does not iterate for long, it is told later.

        Cancelling: the next iteration tells what this one would have.
        """
        return self._connector.inbox

    async def send(
        self,
        room: int,
        text: str = "",
        *,
        reply: int | None = None,
        files: Iterable[File | int] = (),
        key: str | None = None,
    ) -> Sent:
        """Say something in a room; return when it is saved.

        Args:
            room: its id.
            text: what is said, 4000 characters at most; empty only with files.
            files: those that were uploaded for this message, or their ids, ten at most.
            reply: the `seq` of the message that it answers.
            key: 1 to 64 of `A-Za-z0-9_-` that name this message for ever: sent again with the same key, it is said
                once. By default another one each time.

        Cancelling: it may be said or not. With the same key it can be sent again.
        """
        key = key or secrets.token_urlsafe(18)
        ids = tuple(each if isinstance(each, int) else each.id for each in files)
        return await self._ask(Send(room=room, key=key, text=text, reply=reply, files=ids), Sent)

    async def upload(
        self, room: int, data: bytes, name: str, *, kind: str = "application/octet-stream"
    ) -> File:
        """Upload a file, for one message that is sent within a day.

        Args:
            room: the id of the room of that message.
            data: the whole file.
            name: what it is called; the server takes away what can't be shown.
            kind: its type, as `text/plain`; an image is known by its bytes.

        Raises:
            Refused: it is too big, or one may not.
            Lost: there is no answer. Upload it again.

        Cancelling: it may have been uploaded; without a message it goes after a day.
        """
        return await self._connector.http.upload(room, data, name, kind)

    async def download(self, file: File | int) -> bytes:
        """Return a file of a message that one sees. Raises Refused and Lost. Cancelling: nothing happens."""
        return await self._connector.http.download(file if isinstance(file, int) else file.id)

    async def edit(self, room: int, seq: int, text: str) -> int:
        """Give one's message another text; return the `pos` of that change. Cancelling: it may be done or not."""
        return (await self._ask(Edit(room=room, seq=seq, text=text), Done)).pos

    async def delete(self, room: int, seq: int) -> int:
        """Delete a message; return the `pos` of that change. Cancelling: it may be done or not."""
        return (await self._ask(Delete(room=room, seq=seq), Done)).pos

    async def react(self, room: int, seq: int, emoji: str, *, on: bool = True) -> int:
        """React to a message with an emoji, or take that back; return the `pos`. Cancelling: it may be done or not."""
        return (await self._ask(React(room=room, seq=seq, emoji=emoji, on=on), Done)).pos

    async def read(self, room: int, seq: int, *, back: bool = False) -> int:
        """Have read up to `seq`; return how many are unread after it.

        Args:
            room: its id.
            seq: the last message that was read; 0: none.
            back: whether what comes after it is unread again.

        Cancelling: it may be noted or not.
        """
        return (await self._ask(Read(room=room, seq=seq, back=back), Counts)).unread

    async def history(
        self,
        room: int,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> History:
        """Return messages of a room, ascending: the newest, or those before, after or around a `seq`.

        Args:
            room: its id.
            before, after, around: at most one of them.
            limit: how many at most, 1 to 100.

        Cancelling: nothing happens.
        """
        return await self._ask(
            ReadHistory(room=room, before=before, after=after, around=around, limit=limit), History
        )

    def reconnect(self) -> None:
        """Try to connect now, where there is no connection, instead of a little later. Sync."""
        self._connector.hurry()

    async def search(
        self,
        q: str,
        *,
        room: int | None = None,
        sender: int | None = None,
        since: int | None = None,
        before: int | None = None,
        best: bool = False,
        after: int | None = None,
        limit: int = 50,
    ) -> Hits:
        """Return messages that were found in one's rooms, the newest first. What was just said comes within a second.

        Args:
            q: words, each perhaps the beginning of one; `"…"` is a phrase, what has a `-` before it must not be there.
            room, sender: only there, only of that person; by their ids.
            since, before: only from this time on, only before that; in Unix milliseconds.
            best: those of the newest first that fit best, on one page.
            after: the `next` of the page before.
            limit: how many at most, 1 to 100.

        Cancelling: nothing happens.
        """
        asked = {"room": room, "from": sender, "since": since, "before": before, "after": after}
        query: dict[str, str | int] = {"q": q, "limit": limit, **({"order": "best"} if best else {})}
        query |= {name: value for name, value in asked.items() if value is not None}
        return await self._connector.http.search(query)

    async def watch(self, people: Iterable[int]) -> dict[int, str]:
        """Watch these people and no others, on each connection: `events` tells when they come and go.

        Args:
            people: their ids, 500 at most.

        Returns what they are now: `online`, `away` or `offline`. Cancelling: they are watched from the next connection
        on, at the latest.
        """
        self._connector.rooms.watched = watched = tuple(people)
        return {each.id: each.state for each in (await self._ask(Watch(people=watched), Watched)).people}

    async def status(self, state: str) -> None:
        """Be shown as `away` or `online` by this client, now and on each later connection.

        One is shown as away while all of one's clients say so. Cancelling: it counts from the next connection on,
        at the latest.
        """
        self._connector.rooms.status = state
        await self._ask(Status(state=state), Nothing)

    async def typing(self, room: int, *, on: bool = True) -> None:
        """Tell the others in a room that one writes, which is repeated every three seconds, or no longer does.

        Without a connection nobody is told. Cancelling: it may be told or not.
        """
        await trio.lowlevel.checkpoint()
        line = self._connector.line
        if line is not None and line.is_up:
            with trio.move_on_after(PING):
                await self._ask(Activity(room=room, what="typing" if on else "none"), Nothing)

    async def ping(self) -> int:
        """Return the server's time in Unix milliseconds, after a new connection if this one does not answer in 5 s.

        To be called when a computer wakes up. Cancelling: nothing happens.
        """
        line = self._connector.line
        with trio.move_on_after(PING):
            return (await self._ask(Ping(), Pong)).at
        if line is not None:
            line.drop()
        return (await self._ask(Ping(), Pong)).at

    async def _ask(self, request: Request, kind: type[_R]) -> _R:
        with refusing_what_cannot_be_sent():
            encode(request, 0)  # here, so that it is raised to who asks, and ends no connection
        ticket = self._connector.outbox.add(request)
        try:
            await ticket.done.wait()
        finally:
            self._connector.outbox.withdraw(ticket)
        if isinstance(ticket.outcome, Exception):
            raise ticket.outcome
        assert isinstance(ticket.outcome, kind)
        return ticket.outcome
