"""The rooms that new people start in, in memory and on PostgreSQL."""

from chat.domain.entities import LOBBY_ID, Person, Room, Visit
from chat.domain.messages.changes import RoomChange, RoomDeletion
from chat.domain.ports import NewPerson, Storage
from chat.domain.refusals import NO_ROOM
from chat.due.port import DUE
from chat.features.starting_rooms.port import KIND, MOST, NOT_PUBLIC, STARTING_ROOMS, TOO_MANY

NOW = 1_700_000_000.0


async def add(storage: Storage, name: str, visit: Visit | None = None) -> int:
    person = await storage.users.add(
        NewPerson(name=name, password_hash=b"x" if visit is None else b"", visit=visit)
    )
    assert isinstance(person, Person)
    return person.id


async def make_room(storage: Storage, owner: int, name: str, *, is_private: bool = False) -> int:
    room = await storage.rooms.create(name, owner, is_private=is_private)
    assert isinstance(room, Room)
    return room.id


async def due(storage: Storage) -> list[str]:
    """Return whose due items there are, and end them."""
    claimed = await storage.feature_ports[DUE].claim([KIND], 9, 60.0)
    for item in claimed:
        await storage.feature_ports[DUE].done(item)
    return [item.key for item in claimed]


async def test_who_is_added_is_due_while_there_are_such_rooms(storage: Storage) -> None:
    starting = storage.feature_ports[STARTING_ROOMS]
    ada = await add(storage, "ada")
    room, other = await make_room(storage, ada, "garden"), await make_room(storage, ada, "cellar")
    await add(storage, "ben")
    assert (await starting.all(), await due(storage)) == ([], [])
    assert await starting.switch(other, ada, is_on=True) == [other]
    assert await starting.switch(room, ada, is_on=True) == [room, other]
    assert await starting.switch(room, ada, is_on=True) == [room, other]
    cem = await add(storage, "cem")
    await add(storage, "visitor", Visit())
    assert await due(storage) == [str(cem)]
    assert await starting.switch(room, ada, is_on=False) == [other]
    acts = [(each.what, each.room_id) for each in await storage.audit.acts(None, 9)]
    assert acts[:3] == [
        ("starting_room_removed", room),
        ("starting_room_added", room),
        ("starting_room_added", other),
    ]


async def test_only_some_public_rooms_are_such(storage: Storage) -> None:
    starting = storage.feature_ports[STARTING_ROOMS]
    ada = await add(storage, "ada")
    private = await make_room(storage, ada, "private", is_private=True)
    assert await starting.switch(private, ada, is_on=True) is NOT_PUBLIC
    for room in (LOBBY_ID, 99):
        assert await starting.switch(room, ada, is_on=True) is NO_ROOM
    rooms = [await make_room(storage, ada, f"room {nth}") for nth in range(MOST + 1)]
    for room in rooms[:MOST]:
        await starting.switch(room, ada, is_on=True)
    assert await starting.switch(rooms[MOST], ada, is_on=True) is TOO_MANY
    assert await starting.all() == rooms[:MOST]


async def test_a_room_that_is_private_or_deleted_is_none_any_more(storage: Storage) -> None:
    starting = storage.feature_ports[STARTING_ROOMS]
    ada = await add(storage, "ada")
    rooms = [await make_room(storage, ada, name) for name in ("one", "two", "three")]
    for room in rooms:
        await starting.switch(room, ada, is_on=True)
    one, two, three = rooms
    await storage.messages.save([RoomChange(room_id=one, actor_id=ada, created_at=NOW, is_private=True)])
    await storage.messages.save([RoomDeletion(two, ada, NOW)])
    await storage.messages.save([RoomChange(room_id=three, actor_id=ada, created_at=NOW, name="four")])
    assert await starting.all() == [three]
    await storage.messages.save([RoomChange(room_id=one, actor_id=ada, created_at=NOW, is_private=False)])
    assert await starting.all() == [three]
