"""Moderation of rooms and messages by commands on the server."""

import pytest
from structlog.testing import capture_logs

from chat.domain.entities import LOBBY_ID, Draft, Person, Room
from chat.domain.ports import NewPerson
from chat.domain.refusals import NO_ROOM
from chat.domain.rooms.moderation import NO_MESSAGE, Moderation
from tests.reference.storage import MemoryStorage

HUGE = 2**63
"""No id; PostgreSQL has no such number."""


@pytest.fixture
def storage() -> MemoryStorage:
    return MemoryStorage()


@pytest.fixture
def moderation(storage: MemoryStorage) -> Moderation:
    return Moderation(storage.rooms, storage.messages)


async def add_ada(storage: MemoryStorage) -> Person:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert isinstance(ada, Person)
    return ada


async def test_the_last_messages_of_a_room_are_listed_in_order_without_the_deleted(
    storage: MemoryStorage, moderation: Moderation
) -> None:
    ada = await add_ada(storage)
    await storage.messages.save([Draft(LOBBY_ID, ada.id, "ada", f"{n}", float(n)) for n in range(1, 6)])
    assert await moderation.delete_message(4) is None

    async def listed(last: int, up_to: int | None = None) -> list[str]:
        messages = await moderation.messages(LOBBY_ID, last, up_to)
        assert isinstance(messages, list)
        return [message.text for message in messages]

    assert await listed(3) == ["2", "3", "5"]
    assert await listed(9) == ["1", "2", "3", "5"]
    assert await listed(9, 3) == ["1", "2", "3"]
    assert await listed(9, HUGE) == ["1", "2", "3", "5"]


async def test_a_missing_message_is_refused(storage: MemoryStorage, moderation: Moderation) -> None:
    for room_id in (0, -1, 99, HUGE):
        assert await moderation.messages(room_id, 9) is NO_ROOM
        assert await moderation.delete_room(room_id) is NO_ROOM
        assert await moderation.delete_message(room_id) is NO_MESSAGE
    assert await moderation.delete_room(LOBBY_ID) is NO_ROOM, "the lobby stays"


async def test_a_deletion_is_logged(storage: MemoryStorage, moderation: Moderation) -> None:
    ada = await add_ada(storage)
    room = await storage.rooms.create("garden", ada.id, is_private=True)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(LOBBY_ID, ada.id, "ada", "a secret", 1.0)])
    with capture_logs() as logs:
        assert [each.name for each in await moderation.rooms()] == ["garden"]
        assert await moderation.delete_room(room.id) is None
        assert await moderation.delete_message(1) is None
    assert await moderation.rooms() == []
    assert [(log["event"], log.get("room"), log.get("message")) for log in logs] == [
        ("room deleted", room.id, None),
        ("message deleted", None, 1),
    ]
