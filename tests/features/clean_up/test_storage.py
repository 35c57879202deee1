"""Which recent messages a moderator finds; each test runs in memory and on PostgreSQL."""

import time
from collections.abc import AsyncGenerator

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Pair, Person, Room
from chat.domain.messages.changes import Addition, Deletion, RoleChange
from chat.domain.ports import NewPerson, Storage
from chat.domain.rooms.membership import RoomRole
from chat.features.clean_up import queries
from chat.features.clean_up.use_cases import RECENT_MESSAGES, Found, RecentMessages
from chat.storage.postgres.storage import PostgresStorage

ADA, EVE, MOD = 1, 2, 3
HOUR = 3_600.0


@pytest.fixture(autouse=True)
async def _in_time() -> AsyncGenerator[None]:
    with trio.fail_after(60):
        yield


@pytest.fixture
async def recent(storage: Storage) -> RecentMessages:
    """The port, with ada, eve, and mod, who moderates the server."""
    for name in ("ada", "eve", "mod"):
        new = NewPerson(name=name, password_hash=b"x", is_moderator=name == "mod")
        assert isinstance(await storage.users.add(new), Person)
    return storage.feature_ports[RECENT_MESSAGES]


async def make_room(storage: Storage, name: str, owner: int, *members: int, private: bool = False) -> int:
    room = await storage.rooms.create(name, owner, is_private=private)
    assert isinstance(room, Room)
    for each in members:
        await storage.messages.save([Addition(Draft(room.id, each, "", "", 1.0, MessageKind.JOIN), owner)])
    return room.id


async def say(storage: Storage, room: int, *hours_ago: float, by: int = EVE) -> list[tuple[int, int]]:
    """Say something for each of these ages, oldest first, and return where."""
    drafts = [Draft(room, by, "x", "words", time.time() - each * HOUR) for each in hours_ago]
    said = await storage.messages.save(drafts)
    return [(each.room_id, each.seq) for each in said if isinstance(each, Message)]


async def find(recent: RecentMessages, by: int, hours: float = 1, most: int = 9) -> Found:
    return await recent.find(by, EVE, time.time() - hours * HOUR, None, most)


async def test_moderators_find_what_was_said_in_the_last_hours(
    storage: Storage, recent: RecentMessages
) -> None:
    old, first, second, gone = await say(storage, LOBBY_ID, 3, 0.5, 0.1, 0.1)
    await say(storage, LOBBY_ID, 0.1, by=ADA)
    await storage.messages.save([Deletion(*gone, EVE, time.time())])
    assert await find(recent, MOD) == Found([second, first], None)
    assert await find(recent, MOD, hours=24) == Found([second, first, old], None)
    assert await find(recent, ADA) == Found([], None)


async def test_only_in_rooms_that_they_moderate(storage: Storage, recent: RecentMessages) -> None:
    public = await make_room(storage, "public", ADA, EVE, MOD)
    elsewhere = await make_room(storage, "elsewhere", ADA, EVE)
    private = await make_room(storage, "private", ADA, EVE, MOD, private=True)
    own = await make_room(storage, "own", EVE, ADA, MOD, private=True)
    direct = await storage.rooms.direct_room(ADA, EVE)
    assert direct is not None
    said = {room: (await say(storage, room, 0.1))[0] for room in (public, elsewhere, private, own)}
    await storage.messages.save([Draft(direct.id, EVE, "eve", "words", time.time(), people=Pair(ADA, EVE))])
    assert (await find(recent, MOD)).messages == [said[public]]
    assert (await find(recent, ADA)).messages == [said[private], said[elsewhere], said[public]]
    role = RoleChange(own, ADA, RoomRole.MODERATOR, EVE, time.time())
    await storage.messages.save([role])
    assert (await find(recent, ADA)).messages[0] == said[own]


async def test_it_goes_on_where_it_ended(
    storage: Storage, recent: RecentMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await say(storage, LOBBY_ID, *[0.1] * 5)
    await say(storage, LOBBY_ID, *[0.1] * 9, by=ADA)
    for window, windows, most in ((5_000, 20, 2), (2, 20, 2), (3, 1, 2), (1, 2, 9)):
        monkeypatch.setattr(queries, "_WINDOW", window)
        monkeypatch.setattr(queries, "_WINDOWS", windows)
        before: int | None = None
        found: list[tuple[int, int]] = []
        while True:
            page = await recent.find(MOD, EVE, time.time() - HOUR, before, most)
            assert len(page.messages) <= most
            found += page.messages
            if page.next_id is None:
                break
            assert before is None or page.next_id < before
            before = page.next_id
        assert found == said[::-1]


async def test_an_import_between_hides_nothing(
    storage: Storage, recent: RecentMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_WINDOW", 1)
    (before,) = await say(storage, LOBBY_ID, 0.5)
    await say(storage, LOBBY_ID, 9_000, 8_000)
    if isinstance(storage, PostgresStorage):
        await storage.database.write(lambda c: c.execute("INSERT INTO imported_ids VALUES (2, 4)"))
    (after,) = await say(storage, LOBBY_ID, 0.1)
    assert await find(recent, MOD) == Found([after, before], None)
