"""Changes of a newer release that this one does not know keep their place in the log and are published."""

from collections.abc import Awaitable, Callable

import pytest

from chat.domain.entities import LOBBY_ID, Draft, Message, Pair, Peer, People, SupportOf
from chat.domain.messages.changes import Change, UnknownChange
from chat.domain.messages.sync_types import (
    ChangeRange,
    MessageNow,
    Position,
    PositionState,
    ResumeCheck,
    milliseconds,
)
from chat.domain.ports import NewPerson, Storage
from chat.features.search.index import INDEX, Search
from chat.features.search.query import Query, parse_query
from chat.storage.postgres.database import DatabaseAddress
from tests.reference.storage import MemoryStorage
from tests.support.databases import execute
from tests.support.replays import replay, resume_checks, snapshots

NOW = 1_700_000_000.123456
EVER = 2**63 - 1
PLENTY = 1 << 20

Written = Callable[[int], Awaitable[None]]
"""Has a change of a kind that nobody here knows in a room."""

_NEWER = """
ALTER TABLE changes DROP CONSTRAINT IF EXISTS changes_kind_check, DROP CONSTRAINT IF EXISTS changes_seq_check;
WITH log AS (UPDATE lanes SET last_id = last_id + 1 WHERE id = 1 RETURNING last_id),
     room AS (UPDATE rooms SET last_pos = last_pos + 1 WHERE id = {room} RETURNING id, last_pos)
INSERT INTO changes (id, room_id, pos, seq, kind, actor_id, created_at, data)
SELECT last_id, room.id, last_pos, {seq}, '{kind}', 1, to_timestamp({at}), {data} FROM log, room"""

_UNKNOWN = {
    "of a room": {"seq": "NULL", "kind": "framed", "data": "NULL"},
    "of a message": {"seq": "1", "kind": "framed", "data": "NULL"},
    "of a feature": {"seq": "NULL", "kind": "changed", "data": """'{"kind": "framed", "colour": "red"}'"""},
}


@pytest.fixture(params=_UNKNOWN)
def newer(request: pytest.FixtureRequest, place: DatabaseAddress | None, storage: Storage) -> Written:
    async def write(room_id: int) -> None:
        if isinstance(storage, MemoryStorage):
            room = await storage.rooms.by_id(room_id)
            assert room is not None
            storage.messages.keep(UnknownChange(*storage.messages.next(room), NOW))
        else:
            assert place is not None
            await execute(place, _NEWER.format(room=room_id, at=NOW, **_UNKNOWN[request.param]))

    return write


async def add(storage: Storage, *names: str) -> None:
    for name in names:
        await storage.users.add(NewPerson(name=name, password_hash=b"x"))


async def say(storage: Storage, text: str, room_id: int = LOBBY_ID, people: People = None) -> None:
    (saved,) = await storage.messages.save([Draft(room_id, 1, "ada", text, NOW, people=people)])
    assert isinstance(saved, Message)


def marks(changes: list[Change]) -> list[str | int]:
    return [change.text if isinstance(change, Message) else change.id for change in changes]


async def test_an_unknown_change_keeps_its_place_in_the_log(storage: Storage, newer: Written) -> None:
    await add(storage, "ada")
    await say(storage, "one")
    await newer(LOBBY_ID)
    await newer(LOBBY_ID)
    await say(storage, "two")
    log = await storage.messages.read_log(0, 99, PLENTY)
    assert marks(log) == ["one", 2, 3, "two"]
    assert log[1] == UnknownChange(2, LOBBY_ID, 2, NOW)
    assert marks(await storage.messages.read_log(1, 1, PLENTY)) == [2]
    assert [message.text for message in await storage.messages.timeline(LOBBY_ID, 9, PLENTY)] == [
        "one",
        "two",
    ]


async def test_it_is_for_the_people_of_its_room(storage: Storage, newer: Written) -> None:
    await add(storage, "ada", "ben")
    pair, desk = await storage.rooms.direct_room(1, 2), await storage.rooms.support_room(1)
    assert pair is not None
    assert desk is not None
    await say(storage, "to ben", pair.id, Pair(1, 2))
    await say(storage, "help", desk.id, SupportOf(Peer(1, "ada")))
    for room in (pair, desk):
        await newer(room.id)
    read = await storage.messages.read_log(2, 9, PLENTY)
    assert [change.people for change in read] == [Pair(1, 2), SupportOf(Peer(1, "ada"))]


async def test_a_replay_includes_unknown_changes(storage: Storage, newer: Written) -> None:
    await add(storage, "ada")
    await say(storage, "one")
    await newer(LOBBY_ID)
    (room,) = await snapshots(storage, 1, EVER, [LOBBY_ID])
    at = milliseconds(NOW)
    assert (room.pos, room.at, room.seq) == (2, at, 1)
    await say(storage, "two")
    positions = [Position(LOBBY_ID, 2, at), Position(LOBBY_ID, 1, at)]
    assert (
        await resume_checks(storage, positions, EVER)
        == [ResumeCheck(LOBBY_ID, PositionState.GOOD, 3, 1, 3)] * 2
    )
    first, second = await replay(storage, 1, [ChangeRange(LOBBY_ID, 1, 3)], PLENTY)
    assert first == UnknownChange(2, LOBBY_ID, 2, NOW)
    assert isinstance(second, MessageNow)
    assert (second.text, second.pos) == ("two", 3)


async def test_messages_around_unknown_changes_are_found(storage: Storage, newer: Written) -> None:
    await add(storage, "ada")
    for text in ("needle one", "needle two"):
        await say(storage, text)
        await newer(LOBBY_ID)
    while (await storage.feature_ports[INDEX].index(PLENTY)).last_id < 4:
        pass
    query = parse_query("needle")
    assert isinstance(query, Query)
    found = await storage.feature_ports[INDEX].find(
        Search(person_id=1, query=query, limit=9, most_bytes=PLENTY)
    )
    assert [message.text for message in found] == ["needle two", "needle one"]
