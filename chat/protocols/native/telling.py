"""What a native socket is told of rooms: each change once, in order, from where the client was.

The method is the contract's: hold what comes live, listen, note the newest published id (the cut), read what was
before the cut in one go, tell it, then let go of what was held, all of which is after the cut.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import groupby

import msgspec
import trio

from chat.domain.audience import topic_of
from chat.domain.entities import OwnRoom, People, Person, RoomKind, SupportOf
from chat.domain.failures import StorageDown
from chat.domain.timeline import Position, RoomSnapshot, Span, Standing
from chat.domain.timelines import Timelines
from chat.engine.hub import Hub
from chat.engine.session import Session
from chat.protocols.native.codec import NATIVE, frame_of, replayed_event
from chat.protocols.native.frames import GoneEvent, RoomEvent
from chat.protocols.native.snapshots import (
    is_closed_to,
    is_of_another,
    is_of_one_among,
    people_of,
    steps_of_sync,
)

_PIECE = 65_536
"""Bytes that are handed to the send queue at once."""

_REPLAYED = 262_144
"""Bytes of text that one query replays."""

AT_ONCE = 4
"""Syncs that read at once, on a server; other connections to the database are left for everybody else."""

_IN_LINE = 60.0
"""Seconds that a sync waits for its turn: thousands come back at once, but where the database is silent none ends."""


class _Round:
    """What ends while rooms are told: rooms, and people, whose conversations end with them."""

    __slots__ = ("deleted", "gone")

    def __init__(self) -> None:
        self.gone: dict[int, GoneEvent] = {}
        self.deleted: set[int] = set()


class Telling:
    """Tells one socket of rooms, once at a time.

    Every method may raise StorageDown; then the client hears no room any more, until the next sync. What it was told
    before that counts, and so it does where this is cancelled.
    """

    __slots__ = (
        "_has_place",
        "_hub",
        "_is_over",
        "_lock",
        "_places",
        "_round",
        "_session",
        "_timelines",
        "own_is_closed",
        "people",
    )

    def __init__(
        self, session: Session, timelines: Timelines, hub: Hub, places: trio.CapacityLimiter
    ) -> None:
        self.people: dict[int, People] = {}
        """Of the rooms that the client hears and that are for certain people, those people."""
        self.own_is_closed = False
        """The person's own conversation, as far as the client knows."""
        self._session = session
        self._timelines = timelines
        self._hub = hub
        self._lock: trio.Lock | None = None  # while rooms are told: an idle client has none
        self._is_over = False
        self._places = places  # for AT_ONCE syncs, all sockets together
        self._has_place = False
        self._round: _Round | None = None  # while rooms are told

    def hears(self, room_id: int) -> bool:
        """Whether the client is told what happens in the room. Sync."""
        return room_id in self._session.subscriptions or room_id in self.people

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
                self._session.subscriptions.unsubscribe(OwnRoom(room_id))
                self.gone(GoneEvent(room=room_id, reason="removed"))

    def leave_conversation_of(self, person_id: int) -> None:
        """Hear the support conversation of somebody who was deleted no more, and tell that it is gone. Sync."""
        if self._round is not None:
            self._round.deleted.add(person_id)
        for room_id, people in list(self.people.items()):
            if isinstance(people, SupportOf) and people.person.id == person_id:
                self._leave_deleted(room_id)

    def _leave_deleted(self, room_id: int) -> None:
        self._session.subscriptions.unsubscribe(OwnRoom(room_id))
        self.gone(GoneEvent(room=room_id, reason="deleted"))

    def close_conversation(self, room_id: int) -> None:
        """Hear a support conversation of another no more, as it is closed, and tell that it is gone. Sync."""
        topic = OwnRoom(room_id)
        if topic in self._session.subscriptions:
            self._session.subscriptions.unsubscribe(topic)
            self.gone(GoneEvent(room=room_id, reason="closed"))

    async def sync(self, known: Mapping[int, Position], *, rest: bool) -> int:
        """Tell all since these positions, and with `rest` every room that this socket does not hear yet; then live.

        Rooms that are known and not the person's are told as gone. Returns how many rooms were told.
        """
        async with self._whole(), self._place():
            rooms = await self._timelines.rooms_of(self._person.id)
            rooms = {
                room_id: kind
                for room_id, kind in rooms.items()
                if room_id in known or (rest and not self.hears(room_id))
            }
            await self._leave(known.keys() - rooms.keys())
            return await self._tell(rooms, known)

    async def enter(self, rooms: Mapping[int, RoomKind] | None = None) -> None:
        """Tell rooms that are new to the client, and hear them; None: all that are the person's."""
        async with self._whole():
            if rooms is None:
                rooms = await self._timelines.rooms_of(self._person.id)
            await self._tell({each: kind for each, kind in rooms.items() if not self.hears(each)}, {})

    async def _leave(self, room_ids: Collection[int]) -> None:
        """Tell that these, which are known and not the person's, are gone: to an operator, closed conversations too."""
        found = list[RoomSnapshot]()
        if room_ids and self._person.is_operator:
            found = await self._timelines.snapshots(self._person.id, self._hub.newest_id, room_ids)
        closed = {room.id for room in found}
        for room_id in room_ids:
            self._session.subscriptions.unsubscribe(OwnRoom(room_id))
            self.gone(GoneEvent(room=room_id, reason="closed" if room_id in closed else "removed"))

    @property
    def _person(self) -> Person:
        assert self._session.person is not None  # nothing is told before hello
        return self._session.person

    @asynccontextmanager
    async def _whole(self) -> AsyncGenerator[None]:
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
                    raise
        finally:
            if not lock.locked():  # whoever waited has it now
                self._lock = None

    @asynccontextmanager
    async def _place(self) -> AsyncGenerator[None]:
        """Wait in line, outside the database: there a query that waits for too long fails. Raises StorageDown."""
        with trio.move_on_after(_IN_LINE):
            await self._places.acquire_on_behalf_of(self)
            self._has_place = True
        if not self._has_place:
            raise StorageDown("too many clients come back at once")
        try:
            yield
        finally:
            self._give_place_up()

    def _give_place_up(self) -> None:
        if self._has_place:
            self._has_place = False
            self._places.release_on_behalf_of(self)

    async def _tell(self, rooms: Mapping[int, RoomKind], known: Mapping[int, Position]) -> int:
        if not rooms or self._is_over:
            return 0
        subscriptions, self._round = self._session.subscriptions, _Round()
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
        try:
            found = await self._timelines.snapshots(self._person.id, cut, rooms)
            # Who is no operator any more since that was read leaves the conversations, of which nobody knew yet here.
            person = self._person
            snapshots = [room for room in found if person.is_operator or not is_of_another(person, room)]
            told = {room.id for room in snapshots}
            # What is closed is told and then gone; whoever speaks in it meanwhile lets it be told once more after that.
            closed = {room.id for room in snapshots if is_closed_to(person, room)}
            for room in snapshots:
                if is_of_one_among(self._round.deleted, room):
                    self._leave_deleted(room.id)
                if room.support is not None and not is_of_another(person, room):
                    self.own_is_closed |= room.support.is_closed
            heard = [room for room in snapshots if room.id not in closed | self._round.gone.keys()]
            self.people |= {room.id: people for room in heard if (people := people_of(room, person))}
            positions = [position for position in known.values() if position.room_id in told]
            standings = await self._timelines.standings(positions, cut) if positions else []
            await self._tell_in_order(snapshots, known, {each.room_id: each for each in standings})
        finally:
            gone, self._round = self._round.gone, None
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
        return len(told)

    async def _tell_in_order(
        self,
        snapshots: Sequence[RoomSnapshot],
        known: Mapping[int, Position],
        standings: Mapping[int, Standing],
    ) -> None:
        """Tell each room's changes, or the room as it is, those with the newest message first."""
        for kind, run in groupby(steps_of_sync(snapshots, known, standings), key=type):
            if kind is Span:
                await self._replay([step for step in run if isinstance(step, Span)])
            else:
                await self._send(step for step in run if isinstance(step, RoomEvent))

    async def _replay(self, spans: Sequence[Span]) -> None:
        while spans:
            replayed = await self._timelines.replay(self._person.id, spans, _REPLAYED)
            if not replayed:
                return  # the rooms are gone
            await self._send(map(replayed_event, replayed))
            last = replayed[-1]
            place = next(nth for nth, span in enumerate(spans) if span.room_id == last.room_id)
            rest = Span(last.room_id, last.pos, spans[place].up_to)
            spans = [*([rest] if rest.after < rest.up_to else ()), *spans[place + 1 :]]

    async def _send(self, events: Iterable[msgspec.Struct]) -> None:
        """Send piece by piece, each once the client has read enough of those before.

        Who does not read at once goes on without a place: nobody waits for them.
        """
        piece, size = list[bytes](), 0
        for event in events:
            piece.append(frame_of(event))
            size += len(piece[-1])
            if size >= _PIECE:
                await self._send_piece(piece)
                piece, size = [], 0
        if piece:
            await self._send_piece(piece)

    async def _send_piece(self, frames: Sequence[bytes]) -> None:
        if self._session.send_queue.queued:
            self._give_place_up()
        await self._session.send_queue.send(b"".join(frames))
