"""Sends a native socket its rooms: each change once, in order, from the client's positions on.

The protocol's contract prescribes the method: buffer live changes, subscribe, note the newest published id (the cut),
read everything before the cut, send it, then flush the buffered changes, all of which are after the cut.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import trio

from chat.domain.entities import People, Person, RoomKind, RoomTopic, SupportOf
from chat.domain.messages.audience import topic_of
from chat.domain.messages.sync_types import Position, ResumeCheck, RoomsAt, RoomSnapshot
from chat.domain.ports.timelines import Timelines
from chat.engine.catch_up import CatchUp
from chat.engine.hub import Hub
from chat.engine.session import Session
from chat.protocols.native.sync.sender import SyncSender
from chat.protocols.native.sync.snapshots import (
    can_go_on,
    is_closed_to,
    is_of_another,
    is_of_one_among,
    people_of,
    steps_of_sync,
    unlogged_updates,
)
from chat.protocols.native.sync.turns import FEW_ROOMS, Places, Turn
from chat.protocols.native.wire.codec import NATIVE, frame_of
from chat.protocols.native.wire.frames import MOST_CHANGES, GoneEvent

_NO_ROOMS = frozenset[int]()  # shared by all clients that are not behind


class SyncResult(NamedTuple):
    """How much a sync has sent: rooms, and bytes; and how many open conversations it has left out."""

    rooms: int = 0
    size: int = 0
    left_out: int = 0


class SyncRound:
    """The rooms that a client loses, and the people that are deleted, while a sync runs."""

    __slots__ = ("deleted", "gone")

    def __init__(self) -> None:
        self.gone: dict[int, GoneEvent] = {}
        self.deleted: set[int] = set()


class RoomSync:
    """Sends rooms to one socket and subscribes it to them, one sync at a time.

    Every method may raise StorageDown. A failure or cancelling ends all subscriptions until the next sync; the changes
    that were sent before are valid.
    """

    __slots__ = (
        "_catch_up",
        "_far",
        "_hub",
        "_is_over",
        "_lock",
        "_most_conversations",
        "_places",
        "_round",
        "_session",
        "_spoken_in",
        "_timelines",
        "own_is_closed",
        "people",
    )

    def __init__(
        self,
        session: Session,
        catch_up: CatchUp,
        timelines: Timelines,
        hub: Hub,
        places: Places,
        spoken_in: Callable[[int], set[int]] = lambda _person_id: set(),
    ) -> None:
        self.people: dict[int, People] = {}
        """The people of the subscribed direct rooms and support conversations, by room."""
        self.own_is_closed = False
        """Whether the person's own conversation is closed, as far as the client knows."""
        self._session = session
        self._catch_up = catch_up
        self._timelines = timelines
        self._hub = hub
        self._lock: trio.Lock | None = None  # only during a sync, to save memory of idle clients
        self._is_over = False
        self._most_conversations: int | None = None  # None: the client wants all of them
        self._places = places  # limits the concurrent syncs of all sockets
        self._round: SyncRound | None = None  # during a sync
        self._far = _NO_ROOMS  # rooms that the client reads page by page; not subscribed until the last page
        self._spoken_in = spoken_in  # returns the rooms whose read mark is later than the stored one

    def is_subscribed(self, room_id: int) -> bool:
        """Whether the client receives the room's changes. Sync."""
        return room_id in self._session.subscriptions or room_id in self.people

    def knows(self, room_id: int) -> bool:
        """Whether the client has the room: it is subscribed, or reads it page by page. Sync."""
        return room_id in self._far or self.is_subscribed(room_id)

    def gone(self, event: GoneEvent) -> None:
        """Send that the person has lost a room, after all other events of it. Sync."""
        self.people.pop(event.room, None)
        if event.room in self._far:
            self._far = self._far - {event.room} or _NO_ROOMS  # the client requests no further page of it
        if self._round is None:
            self._session.send_frames(frame_of(event))
        else:
            self._round.gone[event.room] = event

    def conversations(self) -> dict[int, int]:
        """Return the support conversations that the client is subscribed to, with their person's ids. Sync."""
        return {
            room_id: people.person.id
            for room_id, people in self.people.items()
            if isinstance(people, SupportOf)
        }

    def end(self) -> None:
        """Send no more rooms: the socket is gone. Sync."""
        self._is_over = True

    def leave_conversations(self) -> None:
        """Unsubscribe from other people's support conversations, and send that they are gone. Sync."""
        for room_id, people in list(self.people.items()):
            if isinstance(people, SupportOf) and people.person.id != self._person.id:
                self._session.subscriptions.unsubscribe(RoomTopic(room_id))
                self.gone(GoneEvent(room=room_id, reason="removed"))

    def leave_conversation_of(self, person_id: int) -> None:
        """Unsubscribe from the support conversation of a deleted person, and send that it is gone. Sync."""
        if self._round is not None:
            self._round.deleted.add(person_id)
        for room_id, people in list(self.people.items()):
            if isinstance(people, SupportOf) and people.person.id == person_id:
                self._leave_deleted(room_id)

    def _leave_deleted(self, room_id: int) -> None:
        self._session.subscriptions.unsubscribe(RoomTopic(room_id))
        self.gone(GoneEvent(room=room_id, reason="deleted"))

    def close_conversation(self, room_id: int) -> None:
        """Unsubscribe from another person's closed support conversation, and send that it is gone. Sync."""
        topic = RoomTopic(room_id)
        if topic in self._session.subscriptions:
            self._session.subscriptions.unsubscribe(topic)
        elif self._most_conversations is None:
            return
        self.gone(GoneEvent(room=room_id, reason="closed"))  # the client counts those that it does not have

    async def sync(
        self,
        known: Mapping[int, Position],
        *,
        rest: bool,
        by_pages: bool = False,
        most: int = MOST_CHANGES,
        conversations: int | None = None,
    ) -> SyncResult:
        """Send all changes since these positions, with `rest` every room that the client does not know, then go live.

        Known rooms that the person has lost are sent as gone. At most `most` changes are sent. With `by_pages` a room
        with more changes is not subscribed: the client requests the next page when it has processed this one, so that
        nothing is buffered for it here. Of an operator's `rest` only the first `conversations` are sent.
        """
        if rest:
            self._most_conversations = conversations
        turn = Turn(self._places)
        async with self._exclusive(), turn.taken():
            every = await self._catch_up.rooms_of(self._person.id)
            rooms = {
                room_id: kind
                for room_id, kind in every.items()
                if room_id in known or (rest and not self.knows(room_id))
            }
            await self._leave(known.keys() - rooms.keys())
            first = await self._first(rooms, known)
            result = await self._sync(first, known, turn, by_pages=by_pages, most=most)
            return result._replace(left_out=len(rooms) - len(first))

    async def enter(self, rooms: Mapping[int, RoomKind] | None = None) -> None:
        """Send rooms that are new to the client, and subscribe to them; None: all rooms of the person."""
        turn = Turn(self._places)  # not taken: new rooms are sent at once
        async with self._exclusive():
            if rooms is None:
                rooms = await self._catch_up.rooms_of(self._person.id)
                rooms = await self._first(rooms, {})
            new = {each: kind for each, kind in rooms.items() if not self.knows(each)}
            try:
                await self._sync(new, {}, turn)
            finally:
                self._session.send_queue.offer(b"")  # no sync_ok follows

    async def _first(self, rooms: Mapping[int, RoomKind], known: Collection[int]) -> Mapping[int, RoomKind]:
        """Leave out the conversations beyond the first ones, if the client has asked for that."""
        conversations = {
            each for each, kind in rooms.items() if kind is RoomKind.SUPPORT and each not in known
        }
        if self._most_conversations is None or not conversations:
            return rooms
        first = await self._timelines.first_conversations(self._person.id, self._most_conversations)
        return {each: kind for each, kind in rooms.items() if each not in conversations or each in first}

    async def _leave(self, room_ids: Collection[int]) -> None:
        """Send that these known rooms are gone: the person has lost them, or an operator's conversation is closed."""
        found = list[RoomSnapshot]()
        if room_ids and self._person.is_operator:
            found = await self._catch_up.snapshots(self._person.id, self._hub.newest_id, room_ids)
        closed = {room.id for room in found}
        self._far -= frozenset(room_ids)
        for room_id in room_ids:
            # Changes before its end may not be published here yet, so unsubscribe; the kind of the room is unknown.
            for topic in (room_id, RoomTopic(room_id)):
                self._session.subscriptions.unsubscribe(topic)
            self.gone(GoneEvent(room=room_id, reason="closed" if room_id in closed else "removed"))

    @property
    def _person(self) -> Person:
        assert self._session.person is not None  # nothing is sent before hello
        return self._session.person

    @asynccontextmanager
    async def _exclusive(self) -> AsyncGenerator[None]:
        """Run one sync at a time; after a failure drop all subscriptions."""
        lock = self._lock = self._lock or trio.Lock()
        try:
            async with lock:
                try:
                    yield
                except BaseException:
                    # Buffered changes can't be sent: earlier ones are missing.
                    self._session.subscriptions.drop()
                    self.people.clear()
                    self._far = _NO_ROOMS
                    raise
        finally:
            if not lock.locked():  # else a waiting task has it now
                self._lock = None

    async def _resume_checks_of_members(
        self,
        rooms: Mapping[int, RoomKind],
        known: Mapping[int, Position],
        cut: int,
        most: int,
        *,
        by_pages: bool,
    ) -> dict[int, ResumeCheck]:
        """Return the checks of positions in rooms that need no snapshot; for most resuming clients these are all rooms.

        Such a room is the lobby or a room of members, and can be sent by its changes alone.
        """
        positions = [
            known[room_id]
            for room_id, kind in rooms.items()
            if room_id in known and room_id not in self._far and kind in (RoomKind.LOBBY, RoomKind.ROOM)
        ]
        if not positions:
            return {}
        found = await self._catch_up.resume_checks(positions, cut)
        own = await self._catch_up.rooms_of(self._person.id)  # read again after subscribing
        resume_checks = {
            room_id: each
            for room_id, each in found.items()
            if room_id in own and can_go_on(each, by_pages=by_pages)
        }
        missing = sum(each.up_to - known[room_id].pos for room_id, each in resume_checks.items())
        # If there are too many changes, some rooms are sent as snapshots, so all snapshots are needed.
        return {} if missing > most and not by_pages else resume_checks

    async def _sync(
        self,
        rooms: Mapping[int, RoomKind],
        known: Mapping[int, Position],
        turn: Turn,
        *,
        by_pages: bool = False,
        most: int = MOST_CHANGES,
    ) -> SyncResult:
        if not rooms or self._is_over:
            return SyncResult()
        subscriptions, self._round = self._session.subscriptions, SyncRound()
        subscriptions.buffer()
        begun = {
            room_id: topic
            for room_id, kind in rooms.items()
            if (topic := topic_of(room_id, kind)) not in subscriptions
        }
        for topic in begun.values():
            subscriptions.subscribe(topic, NATIVE)
        # No await between this and subscribing: the changes sent below end where the subscriptions begin.
        cut = self._hub.newest_id
        spoken = self._spoken_in(self._person.id) if self._far else set[int]()
        try:
            resume_checks = await self._resume_checks_of_members(rooms, known, cut, most, by_pages=by_pages)
            others = rooms.keys() - resume_checks.keys()
            found = list[RoomSnapshot]()
            if len(others) > FEW_ROOMS:
                await turn.read_many()
                (found,) = await self._timelines.snapshots([RoomsAt(self._person.id, cut, tuple(others))])
            elif others:
                found = await self._catch_up.snapshots(self._person.id, cut, others)
            # During the read the person may have ceased to be an operator: then the conversations are left out.
            person = self._person
            snapshots = [room for room in found if person.is_operator or not is_of_another(person, room)]
            sent = {room.id for room in snapshots} | resume_checks.keys()
            # A closed conversation is sent, and then that it is gone. If it is reopened meanwhile, it is sent again.
            closed = {room.id for room in snapshots if is_closed_to(person, room)}
            for room in snapshots:
                if is_of_one_among(self._round.deleted, room):
                    self._leave_deleted(room.id)
                if room.support is not None and not is_of_another(person, room):
                    self.own_is_closed |= room.support.is_closed
            live = [room for room in snapshots if room.id not in closed | self._round.gone.keys()]
            self.people |= {room.id: people for room in live if (people := people_of(room, person))}
            positions = [known[room.id] for room in snapshots if room.id in known]
            if positions:
                resume_checks |= await self._catch_up.resume_checks(positions, cut)
            steps, far = steps_of_sync(
                {room.id: room for room in snapshots}, known, resume_checks, most, by_pages=by_pages
            )
            sender = SyncSender(self._session.send_queue, self._catch_up, person.id, turn)
            await sender.send_steps(steps, {room_id: known[room_id] for room_id in far})
            caught_up = (self._far & rooms.keys()) - far - closed - self._round.gone.keys()
            if caught_up:
                spoken |= self._spoken_in(self._person.id)
                now_live = [room for room in snapshots if room.id in caught_up]
                await sender.send(unlogged_updates(now_live, person, spoken))
        finally:
            gone, self._round = self._round.gone, None
        # No await from here on: unsubscribed rooms are dropped before the buffered changes are flushed.
        # Of a room that is gone the client requests no further page: if it comes again, it is new.
        self._far = ((self._far - rooms.keys()) | far) - closed - gone.keys() or _NO_ROOMS
        for room_id in far:
            self.people.pop(room_id, None)
        subscriptions.forget([topic_of(room_id, rooms[room_id]) for room_id in far])
        for room_id in closed:
            subscriptions.unsubscribe(topic_of(room_id, rooms[room_id]))
        lost = begun.keys() - sent  # lost since the ids were read, perhaps before subscribing
        subscriptions.forget([begun[room_id] for room_id in lost])
        subscriptions.flush()
        gone |= {room_id: GoneEvent(room=room_id, reason="closed") for room_id in closed}
        for room_id in (known.keys() & rooms.keys()) - sent:
            gone.setdefault(room_id, GoneEvent(room=room_id, reason="removed"))
        for event in gone.values():
            self._session.send_frames(frame_of(event))
        return SyncResult(len(sent), sender.sent)
