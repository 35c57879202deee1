"""The client's interface: rooms, events and requests."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import TypeVar

import trio

from chat.client.connection import PING_TIMEOUT
from chat.client.errors import refuse_unencodable
from chat.client.events import Event
from chat.client.features import FeatureCalls
from chat.client.frames import encode
from chat.client.http_api import HttpApi
from chat.client.inbox import Inbox
from chat.client.message_keys import new_key
from chat.client.outbox import PendingRequest
from chat.client.reconnecting import Connector
from chat.client.room import Room
from chat.client.running import Run, directly
from chat.client.structs import Position, Request
from chat.client.wire import (
    ChangeCommitted,
    Delete,
    Edit,
    EmptyReply,
    File,
    History,
    Hits,
    MarkRead,
    Ping,
    Pong,
    React,
    ReadHistory,
    Reply,
    ReportActivity,
    Send,
    Sent,
    Status,
    UnreadCounts,
    Watch,
    Watched,
)

_R = TypeVar("_R", bound=Reply)
_V = TypeVar("_V")


class Chat(FeatureCalls):
    """A client that stays connected: it reconnects by itself until the block of `open_chat` ends.

    A method called without a connection waits for one. A request whose answer is lost is repeated, in the order of the
    calls. Put a deadline around a call to wait less. Every method raises Refused if the server refuses for good.
    """

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._run: Run = directly
        self._http = connector.http
        self._events: AsyncIterator[Event] = connector.inbox

    def run_by(self, run: Run, events: Callable[[Inbox], AsyncIterator[Event]]) -> "Chat":
        """Return this client for a program on another loop. Sync.

        Args:
            run: runs in Trio all that waits.
            events: returns what iterates over the events of an inbox.
        """
        chat = Chat(self._connector)
        chat._run, chat._http, chat._events = run, self._http.run_by(run), events(self._connector.inbox)
        return chat

    @property
    def rooms(self) -> Mapping[int, Room]:
        """The person's rooms as they are now, by id."""
        return self._connector.rooms

    @property
    def http(self) -> HttpApi:
        """Calls over HTTP: joining rooms, members, invites and blocks."""
        return self._http

    @property
    def person_id(self) -> int:
        """The id of the person who is logged in."""
        return self._connector.rooms.person_id

    @property
    def name(self) -> str:
        """The name of that person, as of the latest connection."""
        return self._connector.rooms.name

    @property
    def positions(self) -> dict[int, Position]:
        """The position in each room after the last event taken: pass it to a later `open_chat` to continue there."""
        return dict(self._connector.inbox.positions)

    @property
    def key_days(self) -> int:
        """For how many days the server knows the keys of messages, as of the latest connection; 0: for ever.

        The same key sends a message again after that time.
        """
        connection = self._connector.connection
        return 0 if connection is None else connection.limits.key_days

    def events(self) -> AsyncIterator[Event]:
        """Iterate over the events: every change of every room, once and in the order of the room.

        A slow program misses nothing: the server sends again what its buffer could not hold.

        Raises:
            trio.BusyResourceError: another task is waiting for the next event. Iterate in one task.

        Cancelling: the next iteration gets the event.
        """
        return self._events

    async def send(
        self,
        room: int,
        text: str = "",
        *,
        reply: int | None = None,
        files: Iterable[File | int] = (),
        key: str | None = None,
    ) -> Sent:
        """Send a message; return when it is committed.

        Args:
            room: the id of the room.
            text: 4,000 characters at most; it may be empty if there are files.
            reply: the `seq` of the message that this one answers.
            files: files uploaded for this message, or their ids; ten at most.
            key: 1 to 64 characters of `A-Za-z0-9_-`. Sending again with the same key sends the message only once,
                also from another process. By default a new key.

        Cancelling: the message may or may not be sent. To make sure, send it again with the same key.
        """
        key = key or new_key()
        ids = tuple(each if isinstance(each, int) else each.id for each in files)
        return await self._request(Send(room=room, key=key, text=text, reply=reply, files=ids), Sent)

    async def upload(
        self, room: int, data: bytes, name: str, *, media_type: str = "application/octet-stream"
    ) -> File:
        """Upload a file, to be sent with one message within a day.

        Args:
            room: the id of the room of that message.
            data: the content of the file.
            name: the name of the file. The server removes characters that can't be shown.
            media_type: as `text/plain`. The server recognises images by their content.

        Raises:
            Refused: the file is too big, or the person may not upload.
            ConnectionFailed: there is no answer. Upload the file again.

        Cancelling: the file may be uploaded; without a message the server deletes it after a day.
        """
        return await self.http.upload(room, data, name, media_type)

    async def download(self, file: File | int) -> bytes:
        """Return the content of a file. Raises Refused and ConnectionFailed. Cancelling: nothing happens."""
        return await self.http.download(file if isinstance(file, int) else file.id)

    async def set_picture(self, data: bytes, *, media_type: str = "image/png") -> str:
        """Give oneself a picture; return its SHA-256, which `Person.picture` is.

        Args:
            data: a square PNG, JPEG or WebP of at most 512 pixels a side and 65,536 bytes, without metadata.
            media_type: as `image/webp`. The server recognises pictures by their content.

        Raises:
            Refused: it is no such picture, or the server takes none.
            ConnectionFailed: there is no answer. Set it again.

        Cancelling: it may be set.
        """
        return await self.http.set_picture(data, media_type)

    async def remove_picture(self) -> None:
        """Remove one's own picture. Raises Refused and ConnectionFailed. Cancelling: it may be removed."""
        await self.http.remove_picture()

    async def picture(self, picture: str) -> bytes:
        """Return the content of a picture by its SHA-256, as `Person.picture` and `RoomInfo.picture` have it.

        Raises Refused and ConnectionFailed. Cancelling: nothing happens.
        """
        return await self.http.picture(picture)

    async def edit(self, room: int, seq: int, text: str) -> int:
        """Change the text of an own message; return the `pos` of the change. Cancelling: it may be done or not."""
        return (await self._request(Edit(room=room, seq=seq, text=text), ChangeCommitted)).pos

    async def delete(self, room: int, seq: int) -> int:
        """Delete a message; return the `pos` of the change. Cancelling: it may be done or not."""
        return (await self._request(Delete(room=room, seq=seq), ChangeCommitted)).pos

    async def add_reaction(self, room: int, seq: int, emoji: str) -> int:
        """React to a message with an emoji; return the `pos` of the change. Cancelling: it may be done or not."""
        return (await self._request(React(room=room, seq=seq, emoji=emoji), ChangeCommitted)).pos

    async def remove_reaction(self, room: int, seq: int, emoji: str) -> int:
        """Remove an own reaction; return the `pos` of the change. Cancelling: it may be done or not."""
        return (await self._request(React(room=room, seq=seq, emoji=emoji, on=False), ChangeCommitted)).pos

    async def mark_read(self, room: int, seq: int) -> int:
        """Mark the messages up to and including `seq` as read; return how many are unread after them.

        The read mark only moves forward. Cancelling: it may be done or not.
        """
        return (await self._request(MarkRead(room=room, seq=seq), UnreadCounts)).unread

    async def mark_unread(self, room: int, seq: int) -> int:
        """Mark message `seq` and all after it as unread; return how many are unread.

        Cancelling: it may be done or not.
        """
        return (await self._request(MarkRead(room=room, seq=seq - 1, back=True), UnreadCounts)).unread

    async def history(
        self,
        room: int,
        *,
        before: int | None = None,
        after: int | None = None,
        around: int | None = None,
        limit: int = 50,
    ) -> History:
        """Return messages of a room, oldest first: the newest ones, or those before, after or around a `seq`.

        Args:
            room: the id of the room.
            before, after, around: a `seq`; give one of them at most.
            limit: how many messages at most, 1 to 100.

        Cancelling: nothing happens.
        """
        return await self._request(
            ReadHistory(room=room, before=before, after=after, around=around, limit=limit), History
        )

    def reconnect_now(self) -> None:
        """While disconnected, try to connect at once instead of after the current wait. Sync."""
        self._connector.reconnect_now()

    async def search(
        self,
        query: str,
        *,
        room: int | None = None,
        sender: int | None = None,
        since: int | None = None,
        until: int | None = None,
        has: Iterable[str] = (),
        best_first: bool = False,
        after: int | None = None,
        limit: int = 50,
    ) -> Hits:
        """Search the messages of the person's rooms; return the newest matches first. New messages appear in a second.

        Args:
            query: words or their beginnings; `"…"` is a phrase, `-word` excludes a word. It may be empty with `has`.
            room: search only in the room with this id.
            sender: search only messages of the person with this id.
            since, until: search only messages from this time on, and before this time; Unix milliseconds.
            has: search only messages with each of these: "link", "file", or a kind of files, "image", "video", "audio",
                "document" or "other".
            best_first: return one page, the best matches among the newest first.
            after: `Hits.next` of the page before.
            limit: how many matches at most, 1 to 100.

        Cancelling: nothing happens.
        """
        filters = {"room": room, "from": sender, "since": since, "before": until, "after": after}
        fields: dict[str, str | int] = {
            "q": query,
            "limit": limit,
            **({"has": kinds} if (kinds := ",".join(has)) else {}),
            **({"order": "best"} if best_first else {}),
        }
        fields |= {name: value for name, value in filters.items() if value is not None}
        return await self.http.search(fields)

    async def watch(self, people: Iterable[int]) -> dict[int, str]:
        """Watch the presence and the profiles of these people, in place of those watched before.

        Changes come as PresenceChanged and ProfileChanged, on this connection and all later ones.

        Args:
            people: their ids, 500 at most.

        Returns:
            The presence of each by id: `online`, `away` or `offline`.

        Cancelling: the people are watched at the latest from the next connection on.
        """
        self._connector.rooms.watched = watched = tuple(people)
        reply = await self._request(Watch(people=watched), Watched)
        return {each.id: each.state for each in reply.people}

    async def set_status(self, state: str) -> None:
        """Report this client as `online` or `away`, on this connection and all later ones.

        Others see a person as away if all of that person's clients report it. Cancelling: the status is set at the
        latest with the next connection.
        """
        self._connector.rooms.status = state
        await self._request(Status(state=state), EmptyReply)

    async def start_typing(self, room: int) -> None:
        """Show the others in a room that the person is typing. Repeat it every three seconds while it lasts.

        It does nothing while disconnected. Cancelling: it may be shown or not.
        """
        await self._run(self._report_activity, room, "typing")

    async def stop_typing(self, room: int) -> None:
        """Show the others in a room that the person stopped typing; cancelling as `start_typing`."""
        await self._run(self._report_activity, room, "none")

    async def ping(self) -> int:
        """Return the server's time in Unix milliseconds. A connection that does not answer in 5 s is replaced.

        Call it when the computer wakes up. Cancelling: nothing happens.
        """
        return await self._run(self._ping)

    async def _ping(self) -> int:
        connection = self._connector.connection
        with trio.move_on_after(PING_TIMEOUT):
            return (await self._settled(self._queue(Ping()), Pong)).at
        if connection is not None:
            connection.drop()
        return (await self._settled(self._queue(Ping()), Pong)).at

    async def _call(self, method: str, path: str, kind: type[_V]) -> _V:
        return await self.http.call_until_answered(method, path, kind)

    async def _report_activity(self, room: int, what: str) -> None:
        await trio.lowlevel.checkpoint()
        connection = self._connector.connection
        if connection is not None and connection.is_ready:
            with trio.move_on_after(PING_TIMEOUT):
                await self._settled(self._queue(ReportActivity(room=room, what=what)), EmptyReply)

    async def _request(self, request: Request, kind: type[_R]) -> _R:
        # Queued here, before anything waits: requests are sent in the order of the calls.
        return await self._run(self._settled, self._queue(request), kind)

    def _queue(self, request: Request) -> PendingRequest:
        with refuse_unencodable():
            # Here, where the caller gets the error; in the writer it would end the connection.
            encode(request, 0)
        return self._connector.outbox.add(request)

    async def _settled(self, pending: PendingRequest, kind: type[_R]) -> _R:
        try:
            await pending.done.wait()
        finally:
            self._connector.outbox.withdraw(pending)
        if isinstance(pending.outcome, Exception):
            raise pending.outcome
        assert isinstance(pending.outcome, kind)
        return pending.outcome
