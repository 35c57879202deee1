"""Two servers write to one database: no deadlock, and ids, `seq` and `pos` without a gap and in one order.

That only one server starts is a rule of its own (`test_postgres_failures.py`), which is lifted here.
"""

import os
import random
from collections import defaultdict

import trio

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Room
from chat.domain.outcomes import KeyUsed, Repeated, Saved
from chat.domain.ports import NewPerson, Taken
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.messages import PostgresMessages
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from chat.storage.postgres.writer import open_writer

STATEMENTS = 5000 if os.environ.get("FULL_TESTS") else 400
WRITERS = 2
SHARED_ROOMS = 8
PLENTY = 1 << 24
MEMBERS = 5


class Server:
    """One of the servers: what it says in which order, and what became of it."""

    def __init__(self, number: int, messages: PostgresMessages, rooms: list[int], person_id: int) -> None:
        self.messages = messages
        self.saved: list[Message] = []
        self.again: list[Repeated | KeyUsed] = []
        self._rooms = rooms
        self._person_id = person_id
        self._chance = random.Random(number)

    async def write(self, statements: int) -> None:
        for nth in range(statements):
            drafts = [self._draft(nth) for _ in range(self._chance.choice((1, 2, 5, 20)))]
            for outcome in await self.messages.save(drafts):
                self._note(outcome)

    def _draft(self, nth: int) -> Draft:
        room, text = self._chance.choice(self._rooms), f"{nth}"
        # Both servers use the same keys, of the same person, at about the same time.
        key = f"{nth // 4}" if self._chance.random() < 0.2 else None
        kind = MessageKind.JOIN if self._chance.random() < 0.02 else MessageKind.TEXT
        return Draft(room, self._person_id, "ada", text, 1.0, kind, key)

    def _note(self, outcome: Saved) -> None:
        match outcome:
            case Message():
                self.saved.append(outcome)
            case Repeated() | KeyUsed():
                self.again.append(outcome)
            case None:
                raise AssertionError("no room is gone")


async def test_two_servers_write_without_a_deadlock_and_without_a_gap(database: DatabaseAddress) -> None:
    with trio.fail_after(300):
        async with (
            open_postgres_storage(database, pool_size=4, query_timeout=60, commit_timeout=60) as storage,
            open_writer(database, timeout_each=60, alone=False) as writer,
            open_writer(database, timeout_each=60, alone=False) as reader,
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
            told: list[Message] = []
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_follow, log, told)
                nursery.start_soon(_disturb, storage, ids, rooms)
                async with trio.open_nursery() as writing:
                    for server in servers:
                        writing.start_soon(server.write, STATEMENTS // WRITERS)
                nursery.cancel_scope.cancel()
            told += await log.read_log(len(told), 10**6, PLENTY)

    everything = sorted((m for server in servers for m in server.saved), key=lambda message: message.id)
    assert [message.id for message in everything] == list(range(1, len(everything) + 1))
    counted: defaultdict[int, int] = defaultdict(int)
    for message in everything:
        counted[message.room_id] += 1
        assert (message.seq, message.pos) == (counted[message.room_id], counted[message.room_id])
    for server in servers:
        assert server.saved == sorted(server.saved, key=lambda message: message.id), "not as it was sent"
        assert server.again, "no key was used twice"
    first_with = {(m.id, m.room_id): m for m in everything}
    for server in servers:
        for outcome in server.again:
            known = first_with[outcome.message.id, outcome.message.room_id]
            assert (outcome.message.seq, outcome.message.text) == (known.seq, known.text)
    assert [(m.id, m.seq, m.pos, m.text) for m in told] == [(m.id, m.seq, m.pos, m.text) for m in everything]


async def _room(storage: PostgresStorage, name: str, creator: int) -> int:
    room = await storage.rooms.create(name, creator, is_private=False)
    assert isinstance(room, Room)
    return room.id


async def _follow(messages: PostgresMessages, told: list[Message]) -> None:
    """Read the log as it grows: nothing appears behind what was read."""
    while True:
        read = await messages.read_log(len(told), 1000, PLENTY)
        assert [message.id for message in read] == list(range(len(told) + 1, len(told) + 1 + len(read)))
        told += read
        await trio.sleep(0.005)


async def _disturb(storage: PostgresStorage, people: list[int], rooms: list[int]) -> None:
    """Take the locks of rooms and memberships in other orders, as deliveries and changed rooms do."""
    chance = random.Random(7)
    while True:
        for person_id in people:
            await storage.rooms.mark_delivered(
                {(room, person_id): chance.randrange(100) for room in chance.sample(rooms, len(rooms))}
            )
        gone = await _room(storage, "a room for a moment", people[0])
        await storage.rooms.delete(gone)
        await storage.rooms.remove_deleted(10)
        await trio.sleep(0.005)
