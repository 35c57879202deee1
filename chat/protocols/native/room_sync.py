"""What a native socket is told of rooms: each change once, in order, from where the client was.

The method is the contract's: hold what comes live, listen, note the newest published id (the cut), read what was
before the cut in one go, tell it, then let go of what was held, all of which is after the cut.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import trio

from chat.domain.audience import topic_of
from chat.domain.entities import People, Person, RoomKind, RoomTopic, SupportOf
from chat.domain.ports.timelines import Timelines
from chat.domain.sync_types import Position, ResumeCheck, RoomsAt, RoomSnapshot
from chat.engine.catch_up import CatchUp
from chat.engine.hub import Hub
from chat.engine.session import Session
from chat.protocols.native.codec import NATIVE, frame_of
from chat.protocols.native.frames import MOST_CHANGES, GoneEvent
from chat.protocols.native.replaying import Replaying
from chat.protocols.native.snapshots import (
    beside_the_log,
    can_go_on,
    is_closed_to,
    is_of_another,
    is_of_one_among,
    people_of,
    steps_of_sync,
)
from chat.protocols.native.turns import FEW_ROOMS, Places, Turn

_NO_ROOMS = frozenset[int]()  # one for all clients that are not behind


class Told(NamedTuple):
    """How much a sync told: rooms, and bytes."""

    rooms: int = 0
    size: int = 0


class SyncRound:
    """What ends while rooms are told: rooms, and people, whose conversations end with them."""

    __slots__ = ("deleted", "gone")

    def __init__(self) -> None:
        self.gone: dict[int, GoneEvent] = {}
        self.deleted: set[int] = set()


class RoomSync:
    """Tells one socket of rooms, once at a time.

    Every method may raise StorageDown; then the client hears no room any more, until the next sync. What it was told
    before that counts, and so it does where this is cancelled.
    """

    __slots__ = (
        "_catch_up",
        "_far",
        "_hub",
        "_is_over",
        "_lock",
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
        """Of the rooms that the client hears and that are for certain people, those people."""
        self.own_is_closed = False
        """The person's own conversation, as far as the client knows."""
        self._session = session
        self._catch_up = catch_up
        self._timelines = timelines
        self._hub = hub
        self._lock: trio.Lock | None = None  # while rooms are told: an idle client has none
        self._is_over = False
        self._places = places  # of those who read at once, all sockets together
        self._round: SyncRound | None = None  # while rooms are told
        self._far = (
            _NO_ROOMS  # of which the client asks for more, page by page; it does not hear them until then
        )
        self._spoken_in = spoken_in  # in which rooms somebody has read further than is noted

    def hears(self, room_id: int) -> bool:
        """Whether the client is told what happens in the room. Sync."""
        return room_id in self._session.subscriptions or room_id in self.people

    def has_told(self, room_id: int) -> bool:
        """Whether the client knows the room: it hears it, or is about to ask for more of it. Sync."""
        return room_id in self._far or self.hears(room_id)

    def gone(self, event: GoneEvent) -> None:
        """Tell that a room is gone, behind all that is told of it. Sync."""
        self.people.pop(event.room, None)
        if self._round is None:
            self._session.send_frames(frame_of(event))
        else:
            self._round.gone[event.room] = event

    def conversations(self) -> dict[int, int]:
        """Return the support conversations that the client hears, each with its person's id. Sync."""
        return {
            room_id: people.person.id
            for room_id, people in self.people.items()
            if isinstance(people, SupportOf)
        }

    def end(self) -> None:
        """Hear no room from here on. Sync."""
        self._is_over = True

    def leave_conversations(self) -> None:
        """Hear no more support conversations but the person's own, and tell that they are gone. Sync."""
        for room_id, people in list(self.people.items()):
            if isinstance(people, SupportOf) and people.person.id != self._person.id:
                self._session.subscriptions.unsubscribe(RoomTopic(room_id))
                self.gone(GoneEvent(room=room_id, reason="removed"))

    def leave_conversation_of(self, person_id: int) -> None:
        """Hear the support conversation of somebody who was deleted no more, and tell that it is gone. Sync."""
        if self._round is not None:
            self._round.deleted.add(person_id)
        for room_id, people in list(self.people.items()):
            if isinstance(people, SupportOf) and people.person.id == person_id:
                self._leave_deleted(room_id)

    def _leave_deleted(self, room_id: int) -> None:
        self._session.subscriptions.unsubscribe(RoomTopic(room_id))
        self.gone(GoneEvent(room=room_id, reason="deleted"))

    def close_conversation(self, room_id: int) -> None:
        """Hear a support conversation of another no more, as it is closed, and tell that it is gone. Sync."""
        topic = RoomTopic(room_id)
        if topic in self._session.subscriptions:
            self._session.subscriptions.unsubscribe(topic)
            self.gone(GoneEvent(room=room_id, reason="closed"))

    async def sync(
        self,
        known: Mapping[int, Position],
        *,
        rest: bool,
        by_pages: bool = False,
        most: int = MOST_CHANGES,
    ) -> Told:
        """Tell all since these positions, and with `rest` every room that this socket was not told of yet; then live.

        Rooms that are known and not the person's are told as gone. At most `most` changes are told. With `by_pages` a
        room with more is not heard: the client asks for the next page when it has processed this one, so that nothing
        waits for it here.
        """
        turn = Turn(self._places)
        async with self._exclusive(), turn.taken():
            every = await self._catch_up.rooms_of(self._person.id)
            rooms = {
                room_id: kind
                for room_id, kind in every.items()
                if room_id in known or (rest and not self.has_told(room_id))
            }
            await self._leave(known.keys() - rooms.keys())
            return await self._tell(rooms, known, turn, by_pages=by_pages, most=most)

    async def enter(self, rooms: Mapping[int, RoomKind] | None = None) -> None:
        """Tell rooms that are new to the client, and hear them; None: all that are the person's."""
        turn = Turn(self._places)  # not taken: what is new is told at once
        async with self._exclusive():
            if rooms is None:
                rooms = await self._catch_up.rooms_of(self._person.id)
            new = {each: kind for each, kind in rooms.items() if not self.has_told(each)}
            try:
                await self._tell(new, {}, turn)
            finally:
                self._session.send_queue.offer(b"")  # no sync_ok follows

    async def _leave(self, room_ids: Collection[int]) -> None:
        """Tell that these, which are known and not the person's, are gone: to an operator, closed conversations too."""
        found = list[RoomSnapshot]()
        if room_ids and self._person.is_operator:
            found = await self._catch_up.snapshots(self._person.id, self._hub.newest_id, room_ids)
        closed = {room.id for room in found}
        self._far -= frozenset(room_ids)
        for room_id in room_ids:
            # What the log says before its end may not be published here yet. Nobody says of which kind the room is.
            for topic in (room_id, RoomTopic(room_id)):
                self._session.subscriptions.unsubscribe(topic)
            self.gone(GoneEvent(room=room_id, reason="closed" if room_id in closed else "removed"))

    @property
    def _person(self) -> Person:
        assert self._session.person is not None  # nothing is told before hello
        return self._session.person

    @asynccontextmanager
    async def _exclusive(self) -> AsyncGenerator[None]:
        """Tell one thing at a time, and all of it: else no room is heard any more."""
        lock = self._lock = self._lock or trio.Lock()
        try:
            async with lock:
                try:
                    yield
                except BaseException:
                    # What is buffered can't be told: something is missing before it.
                    self._session.subscriptions.drop()
                    self.people.clear()
                    self._far = _NO_ROOMS
                    raise
        finally:
            if not lock.locked():  # whoever waited has it now
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
        """Return where the client stands in rooms that need not be looked at as a whole: most of who comes back.

        They are the person's, for no certain people, and told by their changes alone.
        """
        positions = [
            known[room_id]
            for room_id, kind in rooms.items()
            if room_id in known and room_id not in self._far and kind in (RoomKind.LOBBY, RoomKind.ROOM)
        ]
        if not positions:
            return {}
        found = await self._catch_up.resume_checks(positions, cut)
        own = await self._catch_up.rooms_of(self._person.id)  # now that they are listened to
        resume_checks = {
            room_id: each
            for room_id, each in found.items()
            if room_id in own and can_go_on(each, by_pages=by_pages)
        }
        missing = sum(each.up_to - known[room_id].pos for room_id, each in resume_checks.items())
        # Where not all of it may be told, some are told as they are.
        return {} if missing > most and not by_pages else resume_checks

    async def _tell(
        self,
        rooms: Mapping[int, RoomKind],
        known: Mapping[int, Position],
        turn: Turn,
        *,
        by_pages: bool = False,
        most: int = MOST_CHANGES,
    ) -> Told:
        if not rooms or self._is_over:
            return Told()
        subscriptions, self._round = self._session.subscriptions, SyncRound()
        subscriptions.buffer()
        begun = {
            room_id: topic
            for room_id, kind in rooms.items()
            if (topic := topic_of(room_id, kind)) not in subscriptions
        }
        for topic in begun.values():
            subscriptions.subscribe(topic, NATIVE)
        # No await between here and listening: what is told below ends where listening begins.
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
            # Who is no operator any more since that was read leaves the conversations, of which nobody knew yet here.
            person = self._person
            snapshots = [room for room in found if person.is_operator or not is_of_another(person, room)]
            told = {room.id for room in snapshots} | resume_checks.keys()
            # What is closed is told and then gone; whoever speaks in it meanwhile lets it be told once more after that.
            closed = {room.id for room in snapshots if is_closed_to(person, room)}
            for room in snapshots:
                if is_of_one_among(self._round.deleted, room):
                    self._leave_deleted(room.id)
                if room.support is not None and not is_of_another(person, room):
                    self.own_is_closed |= room.support.is_closed
            heard = [room for room in snapshots if room.id not in closed | self._round.gone.keys()]
            self.people |= {room.id: people for room in heard if (people := people_of(room, person))}
            positions = [known[room.id] for room in snapshots if room.id in known]
            if positions:
                resume_checks |= await self._catch_up.resume_checks(positions, cut)
            steps, far = steps_of_sync(
                {room.id: room for room in snapshots}, known, resume_checks, most, by_pages=by_pages
            )
            replaying = Replaying(self._session.send_queue, self._catch_up, person.id, turn)
            await replaying.tell(steps, far)
            caught_up = (self._far & rooms.keys()) - far - closed - self._round.gone.keys()
            if caught_up:
                spoken |= self._spoken_in(self._person.id)
                told_now = [room for room in snapshots if room.id in caught_up]
                await replaying.send(beside_the_log(told_now, person, spoken))
        finally:
            gone, self._round = self._round.gone, None
        # No await from here on: what is not heard any more is forgotten, before what was held is let go of.
        self._far = (self._far - rooms.keys()) | far or _NO_ROOMS
        for room_id in far:
            self.people.pop(room_id, None)
        subscriptions.forget([topic_of(room_id, rooms[room_id]) for room_id in far])
        for room_id in closed:
            subscriptions.unsubscribe(topic_of(room_id, rooms[room_id]))
        lost = begun.keys() - told  # since their ids were read, perhaps before they were listened to
        subscriptions.forget([begun[room_id] for room_id in lost])
        subscriptions.flush()
        gone |= {room_id: GoneEvent(room=room_id, reason="closed") for room_id in closed}
        for room_id in (known.keys() & rooms.keys()) - told:
            gone.setdefault(room_id, GoneEvent(room=room_id, reason="removed"))
        for event in gone.values():
            self._session.send_frames(frame_of(event))
        return Told(len(told), replaying.sent)
