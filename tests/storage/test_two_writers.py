"""Two servers write to one database: no deadlock, and ids, `seq` and `pos` without a gap and in one order.

Which servers start beside each other is a rule of its own (`test_servers_at_once.py`).
"""

import os
import random
from collections import defaultdict

import trio

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Room
from chat.domain.messages.changes import (
    AccessChange,
    Change,
    Edit,
    Edited,
    Reacted,
    Reaction,
    Removal,
    Removed,
    RoleChanged,
    RoomChange,
    RoomChanged,
    RoomDeleted,
    RoomDeletion,
    Write,
)
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved, Unchanged
from chat.domain.ports import NewPerson, Taken
from chat.domain.refusals import ALREADY_IN
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.messages import PostgresMessages
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from chat.storage.postgres.writer import WriterLock, open_writer

STATEMENTS = 5000 if os.environ.get("FULL_TESTS") else 400
WRITERS = 2
SHARED_ROOMS = 8
PLENTY = 1 << 24
MEMBERS = 5


class Server:
    """One of the servers: what it writes in which order, and what became of it."""

    def __init__(self, number: int, messages: PostgresMessages, rooms: list[int], person_id: int) -> None:
        self.messages = messages
        self.saved: list[Change] = []
        self.again: list[Repeated | KeyUsed] = []
        self.refused = 0  # joinings of whoever is a member
        self._rooms = rooms
        self._person_id = person_id
        self._chance = random.Random(number)

    async def write(self, statements: int) -> None:
        for nth in range(statements):
            changing = self._chance.random() < 0.3  # else it is one statement, as most are
            writes = [self._write(nth, changing) for _ in range(self._chance.choice((1, 2, 5, 20)))]
            for outcome in await self.messages.save(writes):
                self._note(outcome)

    def _write(self, nth: int, changing: bool) -> Write:
        room, text = self._chance.choice(self._rooms), f"{nth}"
        if changing and self._chance.random() < 0.5:
            seq = self._chance.randrange(nth + 2)  # mostly there; both servers change the same
            if self._chance.random() < 0.1:
                return Removal(room, self._person_id, self._person_id, 2.0)
            if self._chance.random() < 0.1:
                return RoomChange(room_id=room, actor_id=self._person_id, created_at=2.0, topic=text)
            if self._chance.random() < 0.5:
                return Edit(room, seq, self._person_id, text, 2.0)
            return Reaction(room, seq, self._person_id, "👍", self._chance.random() < 0.6, 2.0)
        # Both servers use the same keys, of the same person, at about the same time.
        key = f"{nth // 4}" if self._chance.random() < 0.2 else None
        kind = MessageKind.JOIN if self._chance.random() < 0.05 else MessageKind.TEXT
        return Draft(room, self._person_id, "ada", text, 1.0, kind, key)

    def _note(self, outcome: Saved) -> None:
        match outcome:
            case Message() | Edited() | Reacted() | Removed() | RoomChanged():
                self.saved.append(outcome)
            case Repeated() | KeyUsed():
                self.again.append(outcome)
            case Unchanged() | None:  # no room is gone, but not every message and membership is there
                pass
            case _ if outcome == ALREADY_IN:
                self.refused += 1
            case _:
                raise AssertionError(f"nobody asked for {outcome}")


async def test_two_servers_write_without_a_deadlock_and_without_a_gap(database: DatabaseAddress) -> None:
    with trio.fail_after(300):
        async with (
            open_postgres_storage(database, pool_size=4, query_timeout=60, commit_timeout=60) as storage,
            open_writer(database, timeout_each=60, lock=WriterLock.NONE) as writer,
            open_writer(database, timeout_each=60, lock=WriterLock.NONE) as reader,
            open_writer(database, timeout_each=60, lock=WriterLock.NONE) as command,
        ):
            log = PostgresMessages(storage._database, reader)
            people = [
                await storage.users.add(NewPerson(name=f"p{n}", password_hash=b"x")) for n in range(MEMBERS)
            ]
            ids = [person.id for person in people if person is not None and not isinstance(person, Taken)]
            rooms = [await _room(storage, f"room {n}", ids[0]) for n in range(SHARED_ROOMS + WRITERS)]
            shared, own = [LOBBY_ID, *rooms[:SHARED_ROOMS]], rooms[SHARED_ROOMS:]
            servers = [
                Server(0, storage.messages, [*shared, own[0]], ids[0]),
                Server(1, PostgresMessages(storage._database, writer), [*shared, own[1]], ids[0]),
            ]
            got: list[Change] = []
            ended: list[Change] = []
            beside = PostgresMessages(storage._database, command)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_follow, log, got)
                nursery.start_soon(_disturb, storage, beside, ids, rooms, ended)
                async with trio.open_nursery() as writing:
                    for server in servers:
                        writing.start_soon(server.write, STATEMENTS // WRITERS)
                nursery.cancel_scope.cancel()
            got += await log.read_log(len(got), 10**6, PLENTY)

    everything = [*ended, *(each for server in servers for each in server.saved)]
    everything.sort(key=lambda change: change.id)
    assert ended
    assert [change.id for change in everything] == list(range(1, len(everything) + 1))
    messages: defaultdict[int, int] = defaultdict(int)
    changes: defaultdict[int, int] = defaultdict(int)
    for change in everything:
        changes[change.room_id] += 1
        assert change.pos == changes[change.room_id]
        if isinstance(change, Message):
            messages[change.room_id] += 1
            assert change.seq == messages[change.room_id]
    for server in servers:
        assert server.saved == sorted(server.saved, key=lambda change: change.id), "not as it was sent"
        assert server.again, "no key was used twice"
        assert server.refused, "nobody joined twice"
        assert {Message, Edited, Reacted, Removed, RoomChanged} <= set(map(type, server.saved)), (
            "something was never written"
        )
    first_with = {change.id: change for change in everything}
    for server in servers:
        for outcome in server.again:
            known = first_with[outcome.message.id]
            assert isinstance(known, Message)
            assert (outcome.message.room_id, outcome.message.seq) == (known.room_id, known.seq)
    assert list(map(_place, got)) == list(map(_place, everything))
    _assert_memberships_begin_and_end_in_turn(everything, created=rooms)


def _place(change: Change) -> tuple[type, int, int, int, int]:
    seq = 0 if isinstance(change, AccessChange | RoleChanged | RoomChanged) else change.seq
    return type(change), change.id, change.room_id, seq, change.pos


def _assert_memberships_begin_and_end_in_turn(log: list[Change], created: list[int]) -> None:
    """One person writes on both servers: they join only where they are out, and are removed only where they are in."""
    inside = set(created)
    for change in log:
        if isinstance(change, Message) and change.kind is MessageKind.JOIN:
            assert change.room_id not in inside, f"{change} is of a member"
            inside.add(change.room_id)
        elif isinstance(change, Removed):
            assert change.room_id in inside, f"{change} is of no member"
            inside.remove(change.room_id)


async def _room(storage: PostgresStorage, name: str, creator: int) -> int:
    room = await storage.rooms.create(name, creator, is_private=False)
    assert isinstance(room, Room)
    return room.id


async def _follow(messages: PostgresMessages, got: list[Change]) -> None:
    """Read the log as it grows: nothing appears behind what was read."""
    while True:
        read = await messages.read_log(len(got), 1000, PLENTY)
        assert [change.id for change in read] == list(range(len(got) + 1, len(got) + 1 + len(read)))
        got += read
        await trio.sleep(0.005)


async def _disturb(
    storage: PostgresStorage,
    messages: PostgresMessages,
    people: list[int],
    rooms: list[int],
    ended: list[Change],
) -> None:
    """Take the locks of rooms and memberships in other orders, as deliveries do, and end rooms, as commands do."""
    chance = random.Random(7)
    while True:
        for person_id in people:
            await storage.rooms.mark_delivered(
                {(room, person_id): chance.randrange(100) for room in chance.sample(rooms, len(rooms))}
            )
        gone = await _room(storage, "a room for a moment", people[0])
        (outcome,) = await messages.save([RoomDeletion(gone, None, 2.0)])
        assert isinstance(outcome, RoomDeleted)
        ended.append(outcome)
        await storage.rooms.remove_deleted(10)
        await trio.sleep(0.005)
