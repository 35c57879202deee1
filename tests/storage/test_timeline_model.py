"""A client that applies each change to a message if its `pos` is greater ends with exactly the room, however it got it.

Random changes, and clients that sync in pieces, up to any id of the log, and load messages as they are now in between.
"""

import itertools
import os
from collections.abc import Generator
from typing import Any

import msgspec
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.domain.entities import Draft, MessageKind, Person, Room
from chat.domain.messages.changes import Deleted, Deletion, Edit, Edited, Reacted, Reaction, Removal, Removed
from chat.domain.messages.reading import ReadMark
from chat.domain.messages.sync_types import (
    ChangeRange,
    MessageNow,
    Position,
    PositionState,
    Replayed,
    RoomSnapshot,
    milliseconds,
)
from chat.domain.ports import NewPerson, Storage
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_postgres_storage
from tests.reference.storage import MemoryStorage
from tests.support.databases import execute
from tests.support.replays import replay, resume_checks, snapshots
from tests.support.server import ServerProcess

PEOPLE = 3
EVER = 2**63 - 1
_numbers = itertools.count(1)

who, client = st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 2)
which = st.integers(0, 2)  # from the newest text backwards: few, so that much becomes of each
emoji = st.sampled_from("👍❤")
say = st.tuples(st.just("say"), who, st.integers(0, 30))
edit = st.tuples(st.just("edit"), who, which, st.integers(0, 30))
react = st.tuples(st.just("react"), who, which, emoji, st.booleans())
delete = st.tuples(st.just("delete"), who, which)
leave_or_join = st.tuples(st.just("leave or join"), st.just(PEOPLE - 1))
sync = st.tuples(  # changes that are behind the cut, bytes and pieces
    st.just("sync"), client, st.integers(0, 6), st.integers(0, 80), st.integers(1, 4)
)
hear = st.tuples(st.just("hear"), client, st.integers(1, 4))
look = st.tuples(st.just("look"), client, st.integers(0, 3))
read = st.tuples(st.just("read"), client, st.integers(0, 12), st.booleans())
steps = st.lists(
    st.one_of(say, say, edit, react, react, react, delete, leave_or_join, sync, sync, hear, look, look, read),
    min_size=20,
    max_size=60,
)


class Known(msgspec.Struct):
    """A message as a client has it."""

    sender_id: int
    kind: MessageKind
    pos: int
    text: str
    is_deleted: bool = False
    reactions: set[tuple[str, int]] = msgspec.field(default_factory=set)


class Client:
    """What somebody knows of one room: messages by seq, and how far they are in its log."""

    def __init__(self, person_id: int, room_id: int) -> None:
        self.person_id = person_id
        self.position = Position(room_id, 0, 0)
        self.queue: list[Replayed] = []  # told, and not heard yet
        self.messages: dict[int, Known] = {}
        self.shown: dict[int, int] = {}  # of each message, the newest change that was shown
        self.read = 0

    def got(self) -> Position:
        """Return the position behind what is still to be heard."""
        if not self.queue:
            return self.position
        last = self.queue[-1]
        return Position(last.room_id, last.pos, milliseconds(last.created_at))

    def hear(self, change: Replayed) -> None:
        assert change.pos == self.position.pos + 1, "a change is missing or told twice"
        self.position = Position(change.room_id, change.pos, milliseconds(change.created_at))
        match change:
            case MessageNow():
                self.load(change, change.pos)
            case Edited() | Deleted() | Reacted():
                self._change(change)
            case Removed():
                pass

    def load(self, message: MessageNow, pos: int) -> None:
        """Take a message as it is now, if it is newer."""
        if message.seq in self.messages and self.messages[message.seq].pos >= pos:
            return
        reactions = {(each.emoji, person) for each in message.reactions for person in each.people}
        is_deleted = message.deleted_at is not None
        self.messages[message.seq] = Known(
            message.sender_id, message.kind, pos, message.text, is_deleted, reactions
        )

    def _change(self, change: Edited | Deleted | Reacted) -> None:
        known = self.messages.get(change.seq)
        if known is None or known.pos >= change.pos:
            return
        known.pos = change.pos
        match change:
            case _ if known.is_deleted:
                pass
            case Edited():
                known.text = change.text
            case Deleted():
                known.text, known.is_deleted, known.reactions = "", True, set()
            case Reacted():
                own = {(change.emoji, change.actor_id)}
                known.reactions = known.reactions | own if change.is_on else known.reactions - own

    def unread(self) -> int:
        return sum(
            seq > self.read
            and known.kind is MessageKind.TEXT
            and known.sender_id != self.person_id
            and not known.is_deleted
            for seq, known in self.messages.items()
        )


class World:
    """A room, what it has become, and clients of it."""

    def __init__(self, storage: Storage, people: list[int], room_id: int) -> None:
        self.storage = storage
        self.people = people
        self.room_id = room_id
        self.clients = [Client(person_id, room_id) for person_id in people[:-1]]
        self.expected: dict[int, Known] = {}
        self._at = 1_700_000_000.0
        self._pos = 0

    async def step(self, what: str, actor: int, *details: Any) -> None:
        if what in ("sync", "hear", "look", "read"):
            client = self.clients[actor]
            match what, details:
                case "sync", (back, most_bytes, pieces):
                    await self.sync(client, back, most_bytes, pieces)
                case "hear", (count,):
                    for change in client.queue[:count]:
                        client.hear(change)
                    del client.queue[:count]
                case "look", (back,):
                    await self.look(client, back)
                case "read", (seq, is_back):
                    seq = min(seq, len(self.expected))
                    client.read = seq if is_back else max(client.read, seq)
                    mark = {(self.room_id, client.person_id): ReadMark(seq, is_back)}
                    await self.storage.timelines.mark_read(mark)
            self.assert_newest(client)
        else:
            await self.change(what, self.people[actor], *details)

    def assert_newest(self, client: Client) -> None:
        """No message becomes an older one, and what is as of its latest change is as it is."""
        for seq, known in client.messages.items():
            assert known.pos >= client.shown.get(seq, 0), "a message went back"
            client.shown[seq] = known.pos
            assert known.pos < self.expected[seq].pos or known == self.expected[seq]

    async def change(self, what: str, actor_id: int, *details: Any) -> None:
        self._at = round(self._at + 0.0015, 6)
        room_id, at = self.room_id, self._at
        if what == "say":
            await self._say(actor_id, "x" * details[0], MessageKind.TEXT)
            return
        if what == "leave or join":
            (gone,) = await self.storage.messages.save([Removal(room_id, actor_id, actor_id, at)])
            if gone is None:
                await self._say(actor_id, "", MessageKind.JOIN)
            else:
                self._pos += 1
            return
        texts = [seq for seq, known in self.expected.items() if known.kind is MessageKind.TEXT]
        if not texts:
            return
        seq = texts[-1 - details[0] % len(texts)]
        known = self.expected[seq]
        write: Edit | Deletion | Reaction
        match what, details:
            case "edit", (_, length):
                write = Edit(room_id, seq, actor_id, "y" * length, at)
            case "delete", _:
                write = Deletion(room_id, seq, actor_id, at)
            case "react", (_, which_emoji, is_on):
                write = Reaction(room_id, seq, actor_id, which_emoji, is_on, at)
        (made,) = await self.storage.messages.save([write])
        match made:
            case Edited():
                known.text = made.text
            case Deleted():
                known.text, known.is_deleted, known.reactions = "", True, set()
            case Reacted():
                own = {(made.emoji, made.actor_id)}
                known.reactions = known.reactions | own if made.is_on else known.reactions - own
            case _:
                return
        self._pos += 1
        assert made.pos == self._pos
        known.pos = made.pos

    async def _say(self, actor_id: int, text: str, kind: MessageKind) -> None:
        await self.storage.messages.save([Draft(self.room_id, actor_id, "?", text, self._at, kind)])
        self._pos += 1
        self.expected[len(self.expected) + 1] = Known(actor_id, kind, self._pos, text)

    async def sync(self, client: Client, back: int, most_bytes: int, pieces: int) -> None:
        """Tell a client what it missed up to so many changes back, in so many pieces at most; it hears it later."""
        cut = max(0, await self.storage.messages.newest_id() - back)
        (check,) = await resume_checks(self.storage, [client.got()], cut)
        assert check.state is PositionState.GOOD
        assert client.got().pos <= check.up_to <= self._pos
        for _ in range(pieces):
            missed = ChangeRange(self.room_id, client.got().pos, check.up_to)
            got = await replay(self.storage, client.person_id, [missed], most_bytes)
            assert bool(got) == (missed.after < missed.up_to), "each piece goes on, until there is none"
            client.queue += got

    async def look(self, client: Client, back: int) -> None:
        """Load the room's newest message as it is now, as a page of history would, or the newest of some time ago."""
        room = await self.snapshot(client, max(0, await self.storage.messages.newest_id() - back))
        assert room.pos <= self._pos
        if room.last is not None:
            client.load(room.last, room.last.changed_pos)

    async def snapshot(self, client: Client, up_to_id: int) -> RoomSnapshot:
        (room,) = await snapshots(self.storage, client.person_id, up_to_id, [self.room_id])
        return room

    async def assert_equal(self) -> None:
        """Let each client catch up; each has the room, and so does a new client."""
        anew = Client(self.people[0], self.room_id)
        anew.read = self.clients[0].read
        for client in (*self.clients, anew):
            await self.sync(client, 0, 1 << 20, 1)
            for change in client.queue:
                client.hear(change)
            assert client.messages == self.expected
            room = await self.snapshot(client, EVER)
            assert (client.position.pos, client.position.at) == (room.pos, room.at)
            assert (len(client.messages), client.read, client.unread()) == (room.seq, room.read, room.unread)


Steps = list[tuple[Any, ...]]


async def play(storage: Storage, steps: Steps) -> None:
    number = next(_numbers)
    people = []
    for nth in range(PEOPLE):
        person = await storage.users.add(
            NewPerson(name=f"person{number}-{nth}", password_hash=b"x", is_moderator=True)
        )
        assert isinstance(person, Person)
        people.append(person.id)
    room = await storage.rooms.create(f"room {number}", people[0], is_private=False)
    assert isinstance(room, Room)
    world = World(storage, people, room.id)
    await world.change("leave or join", people[1])
    world.clients[1].read = 1
    for step in steps:
        await world.step(*step)
    await world.assert_equal()


rooms = st.lists(steps, min_size=2, max_size=4)


@pytest.fixture(scope="module")
def model_database(server: ServerProcess) -> Generator[DatabaseAddress]:
    """A database for all examples: each has rooms and people of its own."""
    name = f"model_{os.urandom(6).hex()}"
    trio.run(execute, server.address, f"CREATE DATABASE {name}")
    yield {**server.address, "database": name}
    trio.run(execute, server.address, f"DROP DATABASE {name} WITH (FORCE)")


@settings(max_examples=60)
@given(rooms)
def test_every_client_of_a_memory_storage_ends_with_exactly_the_room(rooms: list[Steps]) -> None:
    async def run() -> None:
        with trio.fail_after(60):
            for steps in rooms:
                await play(MemoryStorage(), steps)

    trio.run(run)


@settings(max_examples=8)
@given(rooms)
def test_every_client_of_a_database_ends_with_exactly_the_room(
    model_database: DatabaseAddress, rooms: list[Steps]
) -> None:
    async def run() -> None:
        with trio.fail_after(60):
            async with open_postgres_storage(
                model_database, pool_size=1, query_timeout=10, commit_timeout=10
            ) as storage:
                for steps in rooms:
                    await play(storage, steps)

    trio.run(run)
